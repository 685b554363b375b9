"""Exercises on a user study: an exact test, an interval of a share, what alike answers are worth.

    p         Σ over k with |k - n/2| >= |wins - n/2| of  C(n, k) / 2^n
    Wilson    (p + z²/2n ± z √(p (1 - p) / n + z²/4n²)) / (1 + z²/n)
    worth     N n / (1 + (n - 1) ρ)         N people, n answers each, ρ how alike those of one are
    needed    (1.96 + 0.84)² p (1 - p) / (p - 1/2)²   independent answers, for a power of 0.8

Citation: Wilson 1927, doi:10.1080/01621459.1927.10502953; Kish, "Survey Sampling", 1965.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray

from deltaedit_kit.labs.course.exercise import Exercise, Inputs

Ends = tuple[float, float]
Wins = Float[ndarray, "P I"]  # 1 where a person preferred the first method in a pair
Picks = Int[ndarray, "m P"]


def _whole(random: torch.Generator, low: int, high: int) -> int:
    return int(torch.randint(low, high, (), generator=random))


# --- could it be chance?


def binomial_p(wins: int, answers: int) -> float:
    """Two-sided exact p of `wins` out of `answers` where both sides are equally likely."""
    far = abs(wins - answers / 2)
    ways = sum(math.comb(answers, k) for k in range(answers + 1) if abs(k - answers / 2) >= far)
    return ways / 2**answers


def _counts(random: torch.Generator) -> Sequence[Inputs]:
    above, below = _whole(random, 11, 14), _whole(random, 3, 6)
    return [(above, 15), (below, 18), (6, 12)]  # more than half, fewer, exactly half


# --- how sure is a share?


def wilson(wins: int, answers: int, z: float) -> Ends:
    """Wilson's interval of the share wins / answers, z normal deviations wide."""
    share, shrink = wins / answers, 1 + z**2 / answers
    centre = (share + z**2 / (2 * answers)) / shrink
    reach = z * math.sqrt(share * (1 - share) / answers + z**2 / (4 * answers**2)) / shrink
    return centre - reach, centre + reach


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
    return math.ceil(independent * (1 + (rounds - 1) * rho) / rounds)


def interval_over_people(wins: Wins, picks: Picks) -> Ends:
    """The middle 95 % of the shares of studies whose people are picked with replacement."""
    shares = wins.mean(axis=1)
    low, high = np.quantile(shares[picks].mean(axis=1), [0.025, 0.975])
    return low, high


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
            "one-sided: only counts that are as high or higher": (
                "abs(k - answers / 2) >= far → k >= wins"
            ),
            "one-sided: only counts that are as low or lower": (
                "abs(k - answers / 2) >= far → k <= wins"
            ),
            "the probability of exactly this count, without those further from half": (
                "abs(k - answers / 2) >= far → k == wins"
            ),
            "the observed count is left out": ">= far → > far",
            "twice the upper tail, even where the count is below half": (
                "abs(k - answers / 2) >= far → k >= wins\nways / → 2 * ways /"
            ),
            "twice one tail: more than 1 for exactly half": (
                "abs(k - answers / 2) >= far → k - answers / 2 >= far\nways / → 2 * ways /"
            ),
            "a normal distribution instead of the exact one": (
                "ways / 2**answers → math.erfc(far / math.sqrt(answers / 2))"
            ),
            "1 - p": "return → return 1 -",
        },
    ),
    Exercise(
        "07.wilson",
        "wilson(wins, answers, z) -> (low, high), Wilson's interval of the share",
        wilson,
        _shares,
        {
            "the plain interval p ± z √(p (1 - p) / n): no width where all agree": (
                "reach = → centre, shrink = share, 1; reach =\n+ z**2 / (4 * answers**2) →"
            ),
            "the centre is the share itself, not shifted towards 1/2": (
                "reach = → centre = share; reach ="
            ),
            "the centre is not shifted towards 1/2: z²/2n is missing": "+ z**2 / (2 * answers) →",
            "z²/4n² under the root is missing": "+ z**2 / (4 * answers**2) →",
            "it is not divided by 1 + z²/n": "/ shrink →",
            "z²/n instead of z²/2n": "(2 * answers) → answers",
            "z is fixed at 1.96": "share, shrink = → z = 1.96; share, shrink =",
            "low and high are exchanged": (
                "centre - reach, centre + reach → centre + reach, centre - reach"
            ),
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
            "every answer counts as one: ρ is not used": "* rho → * 0",
            "only people count: that is ρ = 1": "* rho → * 1",
            "n instead of n - 1": "(rounds - 1) → rounds",
            "multiplied by the bracket instead of divided": "/ (1 + → * (1 +",
            "all answers are taken as alike, not just those of one person": (
                "(rounds - 1) → (people * rounds - 1)"
            ),
            "the number for one person only": "people * →",
            "divided by the bracket's square root, which is for a width": "* rho) → * rho) ** 0.5",
        },
    ),
    Exercise(
        "07.people_needed",
        "people_needed(share, rounds, rho) -> people, a whole number; level 0.05, power 0.8",
        people_needed,
        lambda random: [
            (low + 0.01 * float(torch.rand((), generator=random)), rounds, rho)
            for low, rounds, rho in ((0.55, 20, 0.1), (0.6, 10, 0.3), (0.53, 5, 0.2))
        ],
        {
            "it counts answers, not people: it is not divided by the rounds": "/ rounds →",
            "the answers of one person count as independent": "* rho → * 0",
            "one answer for each person, whatever the rounds": (
                "* (1 + (rounds - 1) * rho) / rounds →"
            ),
            "0.84 is missing: half of such studies would miss the difference": "+ 0.84 →",
            "a one-sided level, 1.64 instead of 1.96": "1.96 → 1.64",
            "the distance from 1/2 is not squared": "(share - 0.5) ** 2 → (share - 0.5)",
            "the share itself instead of its distance from 1/2": "(share - 0.5) → share",
            "rounded down: one person too few": "math.ceil → math.floor",
            "n instead of n - 1": "(rounds - 1) → rounds",
        },
    ),
    Exercise(
        "07.interval_over_people",
        "interval_over_people(wins [P, I], picks [m, P]) -> (low, high), the middle 95 %",
        interval_over_people,
        _studies,
        {
            "pairs are picked, not people: the wrong axis": "wins.mean(axis=1) → wins.mean(axis=0)",
            "the spread of the people, not that of their mean": (
                "shares[picks].mean(axis=1) → shares"
            ),
            "each person's majority instead of their share": (
                "wins.mean(axis=1) → wins.mean(axis=1) > 0.5"
            ),
            "one answer for each person: only the first pair": "wins.mean(axis=1) → wins[:, 0]",
            "5 % are cut off on each side: that is a 90 % interval": "0.025, 0.975 → 0.05, 0.95",
            "low and high are exchanged": "return low, high → return high, low",
            "from the lowest share to the highest": "0.025, 0.975 → 0, 1",
            "the share of the other method": "wins.mean(axis=1) → 1 - wins.mean(axis=1)",
        },
    ),
)
