"""Exercises on a user study: an exact test, an interval of a share, what alike answers are worth.

    p         Σ over k with |k - n/2| >= |wins - n/2| of  C(n, k) / 2^n
    Wilson    (p + z²/2n ± z √(p (1 - p) / n + z²/4n²)) / (1 + z²/n)
    worth     N n / (1 + (n - 1) ρ)         N people, n answers each, ρ how alike those of one are
    needed    (1.96 + 0.84)² p (1 - p) / (p - 1/2)²   independent answers, for a power of 0.8

Citation: Wilson 1927, doi:10.1080/01621459.1927.10502953; Kish, "Survey Sampling", 1965.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil, comb, erfc, floor, sqrt

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray

from deltaedit_kit.labs.course.exercise import Answer, Exercise, Inputs

Ends = tuple[float, float]
Wins = Float[ndarray, "P I"]  # 1 where a person preferred the first method in a pair
Picks = Int[ndarray, "m P"]


def _whole(random: torch.Generator, low: int, high: int) -> int:
    return int(torch.randint(low, high, (), generator=random))


def _share(random: torch.Generator, low: float, high: float) -> float:
    return low + (high - low) * float(torch.rand((), generator=random))


# --- could it be chance?


def binomial_p(wins: int, answers: int) -> float:
    """Two-sided exact p of `wins` out of `answers` where both sides are equally likely."""
    far = abs(wins - answers / 2)
    ways = sum(comb(answers, k) for k in range(answers + 1) if abs(k - answers / 2) >= far)
    return ways / 2**answers


def _ways(counted: Callable[[int, int, int], bool], times: float = 1.0) -> Answer:
    """A sum over the counts k for which `counted(k, wins, answers)`."""
    return lambda wins, n: (
        times * sum(comb(n, k) for k in range(n + 1) if counted(k, wins, n)) / 2**n
    )


def _counts(random: torch.Generator) -> Sequence[Inputs]:
    above, below = _whole(random, 11, 14), _whole(random, 3, 6)
    return [(above, 15), (below, 18), (6, 12)]  # more than half, fewer, exactly half


# --- how sure is a share?


def wilson(wins: int, answers: int, z: float) -> Ends:
    """Wilson's interval of the share wins / answers, z normal deviations wide."""
    share, shrink = wins / answers, 1 + z**2 / answers
    centre = (share + z**2 / (2 * answers)) / shrink
    reach = z * sqrt(share * (1 - share) / answers + z**2 / (4 * answers**2)) / shrink
    return centre - reach, centre + reach


def _wilson(pull: float = 2.0, more: float = 4.0, divided: bool = True) -> Answer:
    """With z² / (pull n) in the centre, z² / (more n²) under the root; 0 leaves a term out."""

    def answer(wins: int, n: int, z: float) -> Ends:
        share, shrink = wins / n, 1 + z**2 / n if divided else 1.0
        centre = (share + (z**2 / (pull * n) if pull else 0.0)) / shrink
        extra = z**2 / (more * n**2) if more else 0.0
        reach = z * sqrt(share * (1 - share) / n + extra) / shrink
        return centre - reach, centre + reach

    return answer


def _wald(wins: int, n: int, z: float) -> Ends:
    reach = z * sqrt(wins / n * (1 - wins / n) / n)
    return wins / n - reach, wins / n + reach


def _around_the_share(wins: int, n: int, z: float) -> Ends:
    low, high = wilson(wins, n, z)
    return wins / n - (high - low) / 2, wins / n + (high - low) / 2


def _shares(random: torch.Generator) -> Sequence[Inputs]:
    return [
        (_whole(random, 8, 15), 20, 1.96),
        (12, 12, 2.576),  # everybody: the plain interval has no width
        (_whole(random, 4, 9), 30, 1.645),
    ]


# --- the answers of one person are alike


def worth(people: int, rounds: int, rho: float) -> float:
    """How many independent answers the `rounds` answers of each of `people` people are worth."""
    return people * rounds / (1 + (rounds - 1) * rho)


def people_needed(share: float, rounds: int, rho: float) -> int:
    """People, `rounds` answers each, that find a true share at level 0.05 with power 0.8."""
    independent = (1.96 + 0.84) ** 2 * share * (1 - share) / (share - 0.5) ** 2
    return ceil(independent * (1 + (rounds - 1) * rho) / rounds)


def _needed(
    z: float = 1.96 + 0.84,
    gap: Callable[[float], float] = lambda share: (share - 0.5) ** 2,
    per_person: Callable[[int, float], float] = lambda n, rho: n / (1 + (n - 1) * rho),
    whole: Callable[[float], int] = ceil,
) -> Answer:
    return lambda share, rounds, rho: whole(
        z**2 * share * (1 - share) / gap(share) / per_person(rounds, rho)
    )


def _plans(random: torch.Generator) -> Sequence[Inputs]:
    return [
        (_share(random, low, low + 0.01), rounds, rho)
        for low, rounds, rho in ((0.55, 20, 0.1), (0.6, 10, 0.3), (0.53, 5, 0.2))
    ]


def interval_over_people(wins: Wins, picks: Picks) -> Ends:
    """The middle 95 % of the shares of studies whose people are picked with replacement."""
    shares = wins.mean(axis=1)
    low, high = np.quantile(shares[picks].mean(axis=1), [0.025, 0.975])
    return low, high


def _middle(
    of: Callable[[Wins, Picks], ndarray], low: float = 0.025, high: float = 0.975
) -> Answer:
    return lambda wins, picks: tuple(np.quantile(of(wins, picks), [low, high]))


def _means(wins: Wins, picks: Picks) -> ndarray:
    return wins.mean(axis=1)[picks].mean(axis=1)


def _studies(random: torch.Generator) -> Sequence[Inputs]:
    cases: list[Inputs] = []
    for people in (6, 8, 11):
        liking = torch.rand(people, 1, generator=random)  # each person has a preference
        wins = (torch.rand(people, people + 3, generator=random) < liking).double().numpy()
        picks = torch.randint(people, (60, people), generator=random).numpy()
        cases.append((wins, picks))
    return cases


EXERCISES = (
    Exercise(
        "07.binomial_p",
        "binomial_p(wins, answers) -> two-sided exact p, if both sides were equally likely",
        binomial_p,
        _counts,
        {
            "one-sided: only counts that are as high or higher": _ways(
                lambda k, wins, n: k >= wins
            ),
            "one-sided: only counts that are as low or lower": _ways(lambda k, wins, n: k <= wins),
            "the probability of exactly this count, without those further from half": _ways(
                lambda k, wins, n: k == wins
            ),
            "the observed count is left out": _ways(
                lambda k, wins, n: abs(k - n / 2) > abs(wins - n / 2)
            ),
            "twice the upper tail, even where the count is below half": _ways(
                lambda k, wins, n: k >= wins, 2.0
            ),
            "twice one tail: more than 1 for exactly half": lambda wins, n: (
                2 * _ways(lambda k, w, n: k >= w)(max(wins, n - wins), n)
            ),
            "a normal distribution instead of the exact one": lambda wins, n: erfc(
                abs(wins - n / 2) / sqrt(n / 4) / sqrt(2)
            ),
            "1 - p": lambda wins, n: 1 - binomial_p(wins, n),
        },
    ),
    Exercise(
        "07.wilson",
        "wilson(wins, answers, z) -> (low, high), Wilson's interval of the share",
        wilson,
        _shares,
        {
            "the plain interval p ± z √(p (1 - p) / n): no width where all agree": _wald,
            "the centre is the share itself, not shifted towards 1/2": _around_the_share,
            "the centre is not shifted towards 1/2: z²/2n is missing": _wilson(pull=0.0),
            "z²/4n² under the root is missing": _wilson(more=0.0),
            "it is not divided by 1 + z²/n": _wilson(divided=False),
            "z²/n instead of z²/2n": _wilson(pull=1.0),
            "z is fixed at 1.96": lambda wins, n, z: wilson(wins, n, 1.96),
            "low and high are exchanged": lambda wins, n, z: wilson(wins, n, z)[::-1],
        },
    ),
    Exercise(
        "07.worth",
        "worth(people, rounds, rho) -> the number of independent answers that they are worth",
        worth,
        lambda random: [
            (_whole(random, 20, 40), rounds, rho) for rounds, rho in ((20, 0.1), (5, 0.4), (9, 0.8))
        ],
        {
            "every answer counts as one: ρ is not used": lambda people, n, rho: people * n,
            "only people count: that is ρ = 1": lambda people, n, rho: float(people),
            "n instead of n - 1": lambda people, n, rho: people * n / (1 + n * rho),
            "multiplied by the bracket instead of divided": lambda people, n, rho: (
                people * n * (1 + (n - 1) * rho)
            ),
            "all answers are taken as alike, not just those of one person": lambda people, n, rho: (
                people * n / (1 + (people * n - 1) * rho)
            ),
            "the number for one person only": lambda people, n, rho: n / (1 + (n - 1) * rho),
            "divided by the bracket's square root, which is for a width": lambda people, n, rho: (
                people * n / sqrt(1 + (n - 1) * rho)
            ),
        },
    ),
    Exercise(
        "07.people_needed",
        "people_needed(share, rounds, rho) -> people, a whole number; level 0.05, power 0.8",
        people_needed,
        _plans,
        {
            "it counts answers, not people: it is not divided by the rounds": _needed(
                per_person=lambda n, rho: 1 / (1 + (n - 1) * rho)
            ),
            "the answers of one person count as independent": _needed(
                per_person=lambda n, rho: float(n)
            ),
            "one answer for each person, whatever the rounds": _needed(
                per_person=lambda n, rho: 1.0
            ),
            "0.84 is missing: half of such studies would miss the difference": _needed(1.96),
            "a one-sided level, 1.64 instead of 1.96": _needed(1.64 + 0.84),
            "the distance from 1/2 is not squared": _needed(gap=lambda share: share - 0.5),
            "the share itself instead of its distance from 1/2": _needed(
                gap=lambda share: share**2
            ),
            "rounded down: one person too few": _needed(whole=floor),
            "n instead of n - 1": _needed(per_person=lambda n, rho: n / (1 + n * rho)),
        },
    ),
    Exercise(
        "07.interval_over_people",
        "interval_over_people(wins [P, I], picks [m, P]) -> (low, high), the middle 95 %",
        interval_over_people,
        _studies,
        {
            "pairs are picked, not people: the wrong axis": _middle(
                lambda wins, picks: wins.mean(axis=0)[picks].mean(axis=1)
            ),
            "the spread of the people, not that of their mean": _middle(
                lambda wins, picks: wins.mean(axis=1)
            ),
            "each person's majority instead of their share": _middle(
                lambda wins, picks: (wins.mean(axis=1) > 0.5)[picks].mean(axis=1)
            ),
            "one answer for each person: only the first pair": _middle(
                lambda wins, picks: wins[:, 0][picks].mean(axis=1)
            ),
            "5 % are cut off on each side: that is a 90 % interval": _middle(_means, 0.05, 0.95),
            "low and high are exchanged": _middle(_means, 0.975, 0.025),
            "from the lowest share to the highest": _middle(_means, 0.0, 1.0),
            "the share of the other method": _middle(lambda wins, picks: 1 - _means(wins, picks)),
        },
    ),
)
