"""The table with its controls, on clouds whose answer is known, and on the paper's features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deltaedit_kit.labs.delta_space.alignment import (
    Pair,
    centre,
    classifier_test,
    mean_gap,
    measure_all,
    mixing,
    paired_cosine,
    retrieval,
    with_controls,
)
from deltaedit_kit.labs.delta_space.clouds import paper_features
from deltaedit_kit.labs.delta_space.clouds.paper import cache_folder
from deltaedit_kit.support.errors import DeltaEditError
from tests.delta_space.small_clouds import gaussian, related

# The released files: where the kit keeps them ($DELTAEDIT_CACHE), or beside the checkout.
PLACES = (cache_folder(), Path(__file__).parents[3] / "shared" / "paper")
PAPER = next((place for place in PLACES if any(place.rglob("cspace_celeba_i.npy"))), None)
needs_paper = pytest.mark.skipif(
    PAPER is None,
    reason="the paper's released features are not here; paper_features(consent=True) fetches them",
)


def test_every_measure_says_what_it_is_compared_with() -> None:
    for name, one in measure_all(*related(60)).items():
        assert name == one.name
        assert np.isfinite(one.value)
        assert one.kind in ("ideal", "null")
        assert one.better in ("higher", "lower", "nearer")
        assert f"{one.value:.3f}" in str(one)


def test_controls_unmask_a_gap_that_a_shift_repairs() -> None:
    """Related clouds with a gap: differences repair the gap, and so does centring."""
    raw = Pair(related(150).first, related(150).second + np.full(16, 6.0))
    table = with_controls(raw)
    assert list(table.columns) == ["raw", "raw, centred", "random pairs", "differences, shuffled"]
    for column in ("raw, centred", "random pairs", "differences, shuffled"):
        assert table.value("raw", "gap of the means") > 0.5
        assert table.value(column, "gap of the means") < 0.1
        assert table.value(column, "linear two-sample accuracy") < 0.6
    assert table.value("random pairs", "R@1 i→t") > 0.9
    assert table.value("raw, centred", "R@1 i→t") > 0.9
    assert table.value("differences, shuffled", "R@1 i→t") < 0.1


def test_the_table_is_a_frame_and_shows_as_one() -> None:
    table = with_controls(related(40), related(40, noise=0.1))
    frame = table.frame()
    assert list(frame.columns) == [*table.columns, "compare with", "better"]
    for title in table.columns:
        assert frame[title].to_dict() == {name: one.value for name, one in table[title].items()}
    assert frame.loc["R@1 i→t", "compare with"] == "null 0.025"
    assert frame.loc["kNN mixing (k=10)", "better"] == "nearer"
    for shown in (str(table), table._repr_html_()):
        assert f"{table.value('differences', 'R@1 i→t'):.3f}" in shown
        assert "raw, centred" in shown


def test_wrong_names_and_too_few_pairs() -> None:
    table = with_controls(related(40))
    with pytest.raises(DeltaEditError, match="no 'R@2' in 'raw'; there are gap of the means"):
        table.value("raw", "R@2")
    with pytest.raises(DeltaEditError, match="at least 11 pairs, got 5"):
        measure_all(gaussian(5, 3, 0), gaussian(5, 3, 1))


@pytest.mark.slow
@needs_paper
def test_the_papers_numbers() -> None:
    """Measure by measure: the whole table with its p-values is `benchmarks.delta_space`'s."""
    raw, delta = (one.pair.unit() for one in paper_features("celeba", PAPER))
    middle = Pair(centre(raw.first), centre(raw.second))
    for measure, pair, wanted in [
        (mean_gap, raw, 0.964),
        (paired_cosine, raw, 0.255),
        (retrieval, raw, 0.009),
        (mean_gap, delta, 0.113),
        (paired_cosine, delta, 0.163),
        (retrieval, delta, 0.075),
        (mean_gap, middle, 0.0),
        (retrieval, middle, 0.017),
    ]:
        assert measure(*pair).value == pytest.approx(wanted, abs=6e-4), (measure, wanted)
    assert paired_cosine(*delta).reference == pytest.approx(0.003, abs=6e-4)
    # What the first figure of the paper does not show: the clouds of differences do not mix.
    assert mixing(*delta, 10).value < 0.01
    assert classifier_test(*delta, "knn").value > 0.99
