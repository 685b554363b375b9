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

import pandas as pd
from numpy.typing import ArrayLike

from deltaedit_kit.labs.delta_space.alignment.correspondence import (
    cosine_margin,
    mean_gap,
    paired_cosine,
    retrieval,
    rmse,
)
from deltaedit_kit.labs.delta_space.alignment.measure import Measure
from deltaedit_kit.labs.delta_space.alignment.pairs import Pair, centre, random_differences, shuffle
from deltaedit_kit.labs.delta_space.alignment.two_sample import classifier_test, mixing, mmd
from deltaedit_kit.support.errors import DeltaEditError

NEIGHBOURS, MOST_SWAPS = 10, 500
WAYS = ("picture to text", "text to picture")
NULL_DIFFERS = "paired cosine"  # from column to column: it has a row of its own, the next one


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
        *(retrieval(*pair, k, way) for way in WAYS for k in (1, 5, 10)),
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

    def frame(self) -> pd.DataFrame:
        """A row a measure: the number of each column, what to compare it with, which is better."""
        first = next(iter(self.columns.values()))
        frame = pd.DataFrame(
            {
                title: {name: one.value for name, one in found.items()}
                for title, found in self.columns.items()
            }
        )
        references = [f"{one.kind} {one.reference:.2g}" for one in first.values()]
        frame["compare with"] = pd.Series(references, first)
        frame.loc[frame.index == NULL_DIFFERS, "compare with"] = "unpaired: next row"
        frame["better"] = [one.better for one in first.values()]
        return frame.rename_axis("measure")

    def __str__(self) -> str:
        return self.frame().to_string(float_format="{:.3f}".format)

    def _repr_html_(self) -> str:
        return self.frame().to_html(float_format="{:.3f}".format)


def measure_columns(
    pairs: Mapping[str, Pair], normalise: bool = True, seed: int = 0
) -> AlignmentTable:
    """`measure_all` of several pairs, a column each."""
    return AlignmentTable(
        {title: measure_all(*pair, normalise=normalise, seed=seed) for title, pair in pairs.items()}
    )


def with_controls(raw: Pair, differences: Pair | None = None, seed: int = 0) -> AlignmentTable:
    """The five columns of this module's docstring; "random pairs" alone without `differences`.

    Centring comes after the rows got length 1, and they are left as it makes them, so that the
    gap is exactly 0. Raises DeltaEditError as `measure_all`.
    """
    raw = Pair.of(*raw).unit()
    columns = {"raw": raw, "raw, centred": Pair(centre(raw.first), centre(raw.second))}
    delta = columns["random pairs"] = random_differences(raw, seed).unit()
    if differences is not None:
        delta = columns["differences"] = Pair.of(*differences).unit()
    columns["differences, shuffled"] = shuffle(delta, seed)
    return measure_columns(columns, normalise=False, seed=seed)
