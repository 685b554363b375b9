"""Exercises on the delta space: cosine, differences, retrieval, the margin, a null, an interval.

    margin = mean_k cos(x_k, y_k) - mean_{k≠l} cos(x_k, y_l)
    p      = (1 + orders whose partners are at least as alike) / (1 + orders)

Chance comes in as an argument (orders, picks), so that one answer is right.

Citation: R@k as in Radford et al., CLIP, arXiv:2103.00020; the 1 in p: Phipson & Smyth 2010,
doi:10.2202/1544-6115.1585; the percentile interval: Efron & Tibshirani 1993, chapter 13.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray

from deltaedit_kit.labs.course.exercise import Exercise, Inputs, normal

Rows = Float[ndarray, "n E"]
Table = Float[ndarray, "n n"]
Orders = Int[ndarray, "m n"]


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


# --- correspondence


def margin(table: Table) -> float:
    """Mean of the diagonal minus mean of everything else: cosines [n, n] -> a number."""
    n, own = len(table), np.trace(table)
    others = (table.sum() - own) / (n * (n - 1))
    return own / n - others


def recall_at_k(table: Table, k: int) -> float:
    """Share of rows whose own column is among the k highest of the row."""
    own = np.diag(table)[:, None]
    return float(((table > own).sum(axis=1) < k).mean())


def _tables(random: torch.Generator) -> list[Table]:
    """Partners are more alike, others are not 0, and some columns are liked by every row."""
    return [
        normal(random, n, n).numpy() + 1.5 * np.eye(n) + np.linspace(-0.7, 1.3, n)
        for n in (60, 80, 100)
    ]


# --- what chance does, and how far a number can be trusted


def permutation_p(table: Table, orders: Orders) -> float:
    """p of the mean cosine of partners among those of shuffled partners: [n, n], [m, n]."""
    own = np.trace(table) / len(table)
    shuffled = table[np.arange(len(table)), orders].mean(axis=1)
    return (1 + (shuffled >= own).sum()) / (1 + len(orders))


def _tables_and_orders(random: torch.Generator) -> Sequence[Inputs]:
    cases: list[Inputs] = []
    for n, lift in ((60, 0.1), (80, 0.0), (100, -0.1)):
        orders = torch.rand(200, n, generator=random).argsort(dim=1).numpy()
        orders[:3] = np.arange(n)  # chance may hit the true order: it counts, too
        cases.append((normal(random, n, n).numpy() + lift * np.eye(n), orders))
    return cases


def bootstrap_interval(values: Float[ndarray, " n"], picks: Orders) -> tuple[float, float]:
    """The middle 95 % of the means of the values picked with replacement: [n], [m, n]."""
    low, high = np.quantile(values[picks].mean(axis=1), [0.025, 0.975])
    return low, high


def _values_and_picks(random: torch.Generator) -> Sequence[Inputs]:
    return [
        (
            np.exp(normal(random, n).numpy()),  # skewed, so that an interval is not symmetric
            torch.randint(n, (60, n), generator=random).numpy(),
        )
        for n in (5, 8, 12)
    ]


EXERCISES = (
    Exercise(
        "01.cosine",
        "cosine(x [n, E], y [n, E]) -> [n]: the cosine of row k of x with row k of y",
        cosine,
        lambda random: [
            (normal(random, n, 4).numpy() + 0.5, normal(random, n, 4).numpy()) for n in (2, 3, 5)
        ],
        {
            "it is not divided by the lengths": "/ lengths →",
            "the distance 1 - cosine instead of the cosine": "return → return 1 -",
            "over the wrong axis: columns instead of rows": "axis=1 → axis=0",
            "the clouds are centred first": (
                "lengths = → x, y = x - x.mean(0), y - y.mean(0); lengths ="
            ),
            "each row is centred first: that gives a correlation": (
                "lengths = → x, y = (x.T - x.mean(1)).T, (y.T - y.mean(1)).T; lengths ="
            ),
            "one length for all rows together": ", axis=1) → )",
            "divided by the squared lengths": "/ lengths → / lengths**2",
        },
    ),
    Exercise(
        "01.differences",
        "differences(rows [n, E], start [n]) -> [n, E]: row k minus row start[k]",
        differences,
        lambda random: [(normal(random, n, 3).numpy(), _others(random, n)) for n in (4, 6, 9)],
        {
            "it points from the end to the start": "rows - rows[start] → rows[start] - rows",
            "it is normalised: keep the length, it carries information": (
                "return rows - rows[start] → d = rows - rows[start]; "
                "return d / np.linalg.norm(d, axis=1, keepdims=True)"
            ),
            "it subtracts the mean, not another row": "rows[start] → rows.mean(axis=0)",
            "it subtracts the previous row": "rows[start] → np.roll(rows, 1, axis=0)",
            "the same start for all rows": "rows[start] → rows[start[0]]",
            "it takes the absolute value: a direction has signs": (
                "rows - rows[start] → np.abs(rows - rows[start])"
            ),
        },
    ),
    Exercise(
        "01.margin",
        "margin(table [n, n]) -> mean of the diagonal minus mean of all other entries",
        margin,
        lambda random: [(table,) for table in _tables(random)],
        {
            "the diagonal is counted among the mismatched pairs": (
                "(table.sum() - own) / (n * (n - 1)) → table.mean()"
            ),
            "the mean of partners only: that of mismatched pairs is missing": "- others →",
            "the sign is wrong: mismatched pairs minus partners": (
                "own / n - others → others - own / n"
            ),
            "the sum of mismatched pairs is divided by n², not by n (n - 1)": (
                "(n * (n - 1)) → n**2"
            ),
            "the nearest mismatched pair instead of the mean": (
                "(table.sum() - own) / (n * (n - 1)) → (table - 1e9 * np.eye(n)).max(axis=1).mean()"
            ),
            "summed instead of averaged": "/ (n * (n - 1)) →\n/ n →",
            "only the mismatched pairs on one side of the diagonal": (
                "(table.sum() - own) / (n * (n - 1)) → table[np.triu_indices(n, 1)].mean()"
            ),
        },
    ),
    Exercise(
        "01.recall_at_k",
        "recall_at_k(table [n, n], k) -> share of rows whose own column is among the k highest",
        recall_at_k,
        lambda random: list(zip(_tables(random), (2, 5, 9), strict=True)),
        {
            "off by one: it looks among the k + 1 highest": "< k → <= k",
            "off by one: it looks among the k - 1 highest": "< k → < k - 1",
            "it compares within columns, not within rows: texts look for pictures": (
                "own = → table = table.T; own ="
            ),
            "it looks among the k lowest": "table > own → table < own",
            "a number of rows instead of a share": ".mean() → .sum()",
            "k is not used: this is R@1": "< k → < 1",
            "the share is also divided by k": ".mean() → .mean() / k",
        },
    ),
    Exercise(
        "01.permutation_p",
        "permutation_p(table [n, n], orders [m, n]) -> p of the mean cosine of partners",
        permutation_p,
        _tables_and_orders,
        {
            "the 1 is missing: p can be 0, which no number of shuffles can show": "1 + →",
            "the 1 is added to the numerator only": "(1 + len(orders)) → len(orders)",
            "a shuffle that is exactly as good is not counted": ">= own → > own + 1e-12",
            "the other tail: it counts shuffles that are worse": ">= own → < own - 1e-12",
            "1 - p": "return → return 1 -",
            "two-sided: the question is only whether partners are more alike": (
                "shuffled >= own → np.abs(shuffled) >= abs(own)"
            ),
            "rows and columns are shuffled alike, so partners stay partners": (
                "np.arange(len(table)), orders → orders, orders\n>= own → >= own - 1e-12"
            ),
        },
    ),
    Exercise(
        "01.bootstrap",
        "bootstrap_interval(values [n], picks [m, n]) -> (low, high), the middle 95 %",
        bootstrap_interval,
        _values_and_picks,
        {
            "5 % are cut off on each side: that is a 90 % interval": "0.025, 0.975 → 0.05, 0.95",
            "the spread of the values, not that of their mean": (
                "values[picks].mean(axis=1) → values"
            ),
            "low and high are exchanged": "return low, high → return high, low",
            "from the lowest mean to the highest": "0.025, 0.975 → 0, 1",
            "the median of each pick instead of the mean": (
                "values[picks].mean(axis=1) → np.median(values[picks], axis=1)"
            ),
            "mean ± 1.96 deviations: right for a symmetric distribution only": (
                "return low, high → d = 1.96 * values[picks].mean(axis=1).std(); "
                "return values.mean() - d, values.mean() + d"
            ),
            "averaged over the picks instead of within each pick": "axis=1 → axis=0",
        },
    ),
)
