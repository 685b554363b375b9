"""Exercises on the delta space: cosine, differences, retrieval, the margin, a null, an interval.

    margin = mean_k cos(x_k, y_k) - mean_{k≠l} cos(x_k, y_l)
    p      = (1 + orders whose partners are at least as alike) / (1 + orders)

Chance comes in as an argument (orders, picks), so that one answer is right.

Citation: R@k as in Radford et al., CLIP, arXiv:2103.00020; the 1 in p: Phipson & Smyth 2010,
doi:10.2202/1544-6115.1585; the percentile interval: Efron & Tibshirani 1993, chapter 13.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray

from deltaedit_kit.labs.course.exercise import Answer, Exercise, Inputs

Rows = Float[ndarray, "n E"]
Table = Float[ndarray, "n n"]
Orders = Int[ndarray, "m n"]


def _normal(random: torch.Generator, *shape: int) -> ndarray:
    return torch.randn(shape, generator=random, dtype=torch.float64).numpy()


def _shuffles(random: torch.Generator, m: int, n: int) -> Orders:
    return torch.rand(m, n, generator=random).argsort(dim=1).numpy()


def _others(random: torch.Generator, n: int) -> Int[ndarray, " n"]:
    """Another row for every row: a step along a random cycle."""
    cycle = torch.randperm(n, generator=random).numpy()
    rows = np.empty(n, dtype=int)
    rows[cycle] = np.roll(cycle, 1)
    return rows


# --- cosine and difference


def cosine(x: Rows, y: Rows) -> Float[ndarray, " n"]:
    """cos(x_k, y_k), one number a row."""
    lengths = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
    return (x * y).sum(axis=1) / lengths


def differences(rows: Rows, start: Int[ndarray, " n"]) -> Rows:
    """Row k minus row start[k]."""
    return rows - rows[start]


def _two_clouds(random: torch.Generator) -> Sequence[Inputs]:
    return [(_normal(random, n, 4) + 0.5, _normal(random, n, 4)) for n in (2, 3, 5)]


# --- correspondence


def margin(table: Table) -> float:
    """Mean of the diagonal minus mean of everything else: cosines [n, n] -> a number."""
    n = len(table)
    own = np.trace(table)
    return own / n - (table.sum() - own) / (n * (n - 1))


def recall_at_k(table: Table, k: int) -> float:
    """Share of rows whose own column is among the k highest of the row."""
    own = np.diag(table)[:, None]
    return float(((table > own).sum(axis=1) < k).mean())


def _tables(random: torch.Generator) -> list[Table]:
    """Partners are more alike, others are not 0, and some columns are liked by every row."""
    return [
        _normal(random, n, n) + 1.5 * np.eye(n) + np.linspace(-0.7, 1.3, n) for n in (60, 80, 100)
    ]


# --- what chance does, and how far a number can be trusted


def permutation_p(table: Table, orders: Orders) -> float:
    """p of the mean cosine of partners among those of shuffled partners: [n, n], [m, n]."""
    rows = np.arange(len(table))
    shuffled = table[rows, orders].mean(axis=1)
    return (1 + (shuffled >= np.trace(table) / len(table)).sum()) / (1 + len(orders))


def _p(
    count: Callable[[ndarray, float], float], add: tuple[int, int] = (1, 1), across: bool = True
) -> Answer:
    def answer(table: Table, orders: Orders) -> float:
        rows = np.arange(len(table))
        alike = table[rows, orders] if across else table[orders, orders]
        found = count(alike.mean(axis=1), float(np.trace(table) / len(table)))
        return (add[0] + found) / (add[1] + len(orders))

    return answer


def _tables_and_orders(random: torch.Generator) -> Sequence[Inputs]:
    cases: list[Inputs] = []
    for n, lift in ((60, 0.1), (80, 0.0), (100, -0.1)):
        orders = _shuffles(random, 200, n)
        orders[:3] = np.arange(n)  # chance may hit the true order: it counts, too
        cases.append((_normal(random, n, n) + lift * np.eye(n), orders))
    return cases


def bootstrap_interval(values: Float[ndarray, " n"], picks: Orders) -> tuple[float, float]:
    """The middle 95 % of the means of the values picked with replacement: [n], [m, n]."""
    low, high = np.quantile(values[picks].mean(axis=1), [0.025, 0.975])
    return low, high


def _interval(
    of: Callable[[ndarray, Orders], ndarray], tails: tuple[float, float] = (0.025, 0.975)
) -> Answer:
    return lambda values, picks: tuple(np.quantile(of(values, picks), tails))


def _means(values: ndarray, picks: Orders) -> ndarray:
    return values[picks].mean(axis=1)


def _normal_interval(values: ndarray, picks: Orders) -> tuple[float, float]:
    reach = 1.96 * _means(values, picks).std()
    return values.mean() - reach, values.mean() + reach


def _values_and_picks(random: torch.Generator) -> Sequence[Inputs]:
    return [
        (
            np.exp(_normal(random, n)),  # skewed, so that an interval is not symmetric
            torch.randint(n, (60, n), generator=random).numpy(),
        )
        for n in (5, 8, 12)
    ]


EXERCISES = (
    Exercise(
        "01.cosine",
        "cosine(x [n, E], y [n, E]) -> [n]: the cosine of row k of x with row k of y",
        cosine,
        _two_clouds,
        {
            "it is not divided by the lengths": lambda x, y: (x * y).sum(axis=1),
            "the distance 1 - cosine instead of the cosine": lambda x, y: 1 - cosine(x, y),
            "over the wrong axis: columns instead of rows": lambda x, y: cosine(x.T, y.T),
            "the clouds are centred first": lambda x, y: cosine(x - x.mean(0), y - y.mean(0)),
            "each row is centred first: that gives a correlation": lambda x, y: cosine(
                x - x.mean(1, keepdims=True), y - y.mean(1, keepdims=True)
            ),
            "one length for all rows together": lambda x, y: (
                (x * y).sum(axis=1) / np.linalg.norm(x) / np.linalg.norm(y)
            ),
            "divided by the squared lengths": lambda x, y: (
                (x * y).sum(axis=1) / np.square(x).sum(1) / np.square(y).sum(1)
            ),
        },
    ),
    Exercise(
        "01.differences",
        "differences(rows [n, E], start [n]) -> [n, E]: row k minus row start[k]",
        differences,
        lambda random: [(_normal(random, n, 3), _others(random, n)) for n in (4, 6, 9)],
        {
            "it points from the end to the start": lambda x, start: x[start] - x,
            "it is normalised: keep the length, it carries information": lambda x, start: (
                (x - x[start]) / np.linalg.norm(x - x[start], axis=1, keepdims=True)
            ),
            "it subtracts the mean, not another row": lambda x, start: x - x.mean(axis=0),
            "it subtracts the previous row": lambda x, start: x - np.roll(x, 1, axis=0),
            "the same start for all rows": lambda x, start: x - x[start[0]],
            "it takes the absolute value: a direction has signs": lambda x, start: np.abs(
                x - x[start]
            ),
        },
    ),
    Exercise(
        "01.margin",
        "margin(table [n, n]) -> mean of the diagonal minus mean of all other entries",
        margin,
        lambda random: [(table,) for table in _tables(random)],
        {
            "the diagonal is counted among the mismatched pairs": lambda t: (
                np.trace(t) / len(t) - t.mean()
            ),
            "the mean of partners only: that of mismatched pairs is missing": lambda t: (
                np.trace(t) / len(t)
            ),
            "the sign is wrong: mismatched pairs minus partners": lambda t: -margin(t),
            "the sum of mismatched pairs is divided by n², not by n (n - 1)": lambda t: (
                np.trace(t) / len(t) - (t.sum() - np.trace(t)) / len(t) ** 2
            ),
            "the nearest mismatched pair instead of the mean": lambda t: (
                np.trace(t) / len(t) - (t - 1e9 * np.eye(len(t))).max(axis=1).mean()
            ),
            "summed instead of averaged": lambda t: 2 * np.trace(t) - t.sum(),
            "only the mismatched pairs on one side of the diagonal": lambda t: (
                np.trace(t) / len(t) - t[np.triu_indices(len(t), 1)].mean()
            ),
        },
    ),
    Exercise(
        "01.recall_at_k",
        "recall_at_k(table [n, n], k) -> share of rows whose own column is among the k highest",
        recall_at_k,
        lambda random: list(zip(_tables(random), (2, 5, 9), strict=True)),
        {
            "off by one: it looks among the k + 1 highest": lambda t, k: recall_at_k(t, k + 1),
            "off by one: it looks among the k - 1 highest": lambda t, k: recall_at_k(t, k - 1),
            "it compares within columns, not within rows: texts look for pictures": lambda t, k: (
                recall_at_k(t.T, k)
            ),
            "it looks among the k lowest": lambda t, k: recall_at_k(-t, k),
            "a number of rows instead of a share": lambda t, k: recall_at_k(t, k) * len(t),
            "k is not used: this is R@1": lambda t, k: recall_at_k(t, 1),
            "the share is also divided by k": lambda t, k: recall_at_k(t, k) / k,
        },
    ),
    Exercise(
        "01.permutation_p",
        "permutation_p(table [n, n], orders [m, n]) -> p of the mean cosine of partners",
        permutation_p,
        _tables_and_orders,
        {
            "the 1 is missing: p can be 0, which no number of shuffles can show": _p(
                lambda null, own: (null >= own).sum(), add=(0, 0)
            ),
            "the 1 is added to the numerator only": _p(
                lambda null, own: (null >= own).sum(), add=(1, 0)
            ),
            "a shuffle that is exactly as good is not counted": _p(
                lambda null, own: (null > own + 1e-12).sum()
            ),
            "the other tail: it counts shuffles that are worse": _p(
                lambda null, own: (null < own - 1e-12).sum()
            ),
            "1 - p": lambda t, orders: 1 - permutation_p(t, orders),
            "two-sided: the question is only whether partners are more alike": _p(
                lambda null, own: (np.abs(null) >= abs(own)).sum()
            ),
            "rows and columns are shuffled alike, so partners stay partners": _p(
                lambda null, own: (null >= own - 1e-12).sum(), across=False
            ),
        },
    ),
    Exercise(
        "01.bootstrap",
        "bootstrap_interval(values [n], picks [m, n]) -> (low, high), the middle 95 %",
        bootstrap_interval,
        _values_and_picks,
        {
            "5 % are cut off on each side: that is a 90 % interval": _interval(
                _means, (0.05, 0.95)
            ),
            "the spread of the values, not that of their mean": _interval(lambda v, _: v),
            "low and high are exchanged": _interval(_means, (0.975, 0.025)),
            "from the lowest mean to the highest": _interval(_means, (0.0, 1.0)),
            "the median of each pick instead of the mean": _interval(
                lambda v, picks: np.median(v[picks], axis=1)
            ),
            "mean ± 1.96 deviations: right for a symmetric distribution only": _normal_interval,
            "averaged over the picks instead of within each pick": _interval(
                lambda v, picks: v[picks].mean(axis=0)
            ),
        },
    ),
)
