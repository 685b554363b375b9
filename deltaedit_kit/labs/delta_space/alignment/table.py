"""All measures of a pair of clouds, beside the controls that tell what they prove.

    column                 what it is                                  what it can show
    raw                    pictures and texts as CLIP gives them       the gap
    raw, centred           each cloud minus its mean                   what a shift alone repairs
    differences            Δi and Δt                                   what DeltaEdit rests on
    random pairs           differences of raw rows drawn at random     what no rule is needed for
    differences, shuffled  Δi and the Δt of somebody else              what is no correspondence

A claim about differences counts where "differences" beats the centred raw clouds *and* the
shuffled ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from numpy.typing import ArrayLike

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.labs.delta_space.alignment.correspondence import (
    cosine_margin,
    paired_cosine,
    retrieval,
)
from deltaedit_kit.labs.delta_space.alignment.means import mean_gap, rmse
from deltaedit_kit.labs.delta_space.alignment.measure import Measure
from deltaedit_kit.labs.delta_space.alignment.mmd import mmd
from deltaedit_kit.labs.delta_space.alignment.neighbours import mixing
from deltaedit_kit.labs.delta_space.alignment.pairs import (
    Pair,
    centred,
    random_differences,
    shuffled,
)
from deltaedit_kit.labs.delta_space.alignment.two_sample import classifier_test

NEIGHBOURS, MOST_SWAPS = 10, 500


def measure_all(
    first: ArrayLike, second: ArrayLike, normalise: bool = True, seed: int = 0
) -> dict[str, Measure]:
    """Every measure by name. `normalise`: rows to length 1 first, as CLIP compares them.

    Raises DeltaEditError as `Pair.of`; needs more than 10 pairs.
    """
    pair = Pair.of(first, second, at_least=NEIGHBOURS + 1)
    pair = pair.unit() if normalise else pair
    results = [
        mean_gap(*pair),
        rmse(*pair),
        paired_cosine(*pair),
        cosine_margin(*pair),
        *(retrieval(*pair, k, way) for way in _WAYS for k in (1, 5, 10)),
        mixing(*pair, NEIGHBOURS),
        classifier_test(*pair, "linear", seed=seed),
        classifier_test(*pair, "knn", NEIGHBOURS, seed=seed),
        mmd(*pair, permutations=MOST_SWAPS, seed=seed),
    ]
    return {result.name: result for result in results}


@dataclass(frozen=True)
class AlignmentTable:
    """Measures of several pairs of clouds: `columns[title][measure name]`."""

    columns: dict[str, dict[str, Measure]]

    def __getitem__(self, title: str) -> dict[str, Measure]:
        return self.columns[title]

    def value(self, title: str, name: str) -> float:
        """One number. Raises DeltaEditError naming what there is."""
        known = self.columns.get(title, {})
        if name not in known:
            names = list(known) or list(self.columns)
            raise DeltaEditError(f"no {name!r} in {title!r}; there are {', '.join(names)}")
        return known[name].value

    def text(self, digits: int = 3) -> str:
        """The table for a reader: a row a measure, then its reference and direction."""
        titles = list(self.columns)
        names = list(next(iter(self.columns.values())))
        head = ["measure", *titles, "compare with", "better"]
        rows = [head]
        for name in names:
            ones = [self.columns[title][name] for title in titles]
            row = [name, *(f"{one.value:.{digits}f}" for one in ones)]
            reference = f"{ones[0].kind} {ones[0].reference:.2g}"
            if name == "paired cosine":  # its null differs from column to column
                reference = "unpaired: next row"
            rows.append([*row, reference, ones[0].better])
        widths = [max(len(row[k]) for row in rows) for k in range(len(head))]
        last = len(titles)
        lines = [
            "  ".join(
                cell.rjust(width) if 0 < k <= last else cell.ljust(width)
                for k, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]
        return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])

    def __str__(self) -> str:
        return self.text()


def measure_columns(
    pairs: Mapping[str, Pair], normalise: bool = True, seed: int = 0
) -> AlignmentTable:
    """`measure_all` of several pairs, a column each."""
    return AlignmentTable(
        {title: measure_all(*pair, normalise=normalise, seed=seed) for title, pair in pairs.items()}
    )


def with_controls(
    raw: Pair, differences: Pair | None = None, normalise: bool = True, seed: int = 0
) -> AlignmentTable:
    """The five columns of this module's docstring; "random pairs" alone without `differences`.

    Centring comes after the rows got length 1, and they are left as it makes them, so that the
    gap is exactly 0. Raises DeltaEditError as `measure_all`.
    """

    def scaled(pair: Pair) -> Pair:
        return Pair.of(*pair).unit() if normalise else Pair.of(*pair)

    raw = scaled(raw)
    columns = {"raw": raw, "raw, centred": Pair(centred(raw.first), centred(raw.second))}
    delta = columns["random pairs"] = scaled(random_differences(raw, seed))
    if differences is not None:
        delta = columns["differences"] = scaled(differences)
    columns["differences, shuffled"] = shuffled(delta, seed)
    return measure_columns(columns, normalise=False, seed=seed)


_WAYS = ("picture to text", "text to picture")
