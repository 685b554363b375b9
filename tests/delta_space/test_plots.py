"""Figures: the numbers of the table, controls included; a pair in one colour; what was lost."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from deltaedit_kit.labs.delta_space.alignment import AlignmentTable, Pair, with_controls
from deltaedit_kit.labs.delta_space.plots import (
    CATEGORIES,
    PICTURES,
    SHOWN,
    TEXTS,
    alignment_figure,
    linked_figure,
    sweep_figure,
)
from recipes.figures.fig1_delta_space import DeltaSpaceRow, delta_space_figure
from tests.delta_space.small_clouds import related
from tests.widgets.scatter_data import planes, spaces


@pytest.fixture(scope="module")
def table() -> AlignmentTable:
    return with_controls(related(40, gap=2.0), Pair(*related(40, noise=0.1)))


def texts(axis: Axes) -> list[str]:
    return [text.get_text() for text in axis.texts]


def test_every_measure_has_a_plot_with_its_numbers_and_its_reference(table: AlignmentTable) -> None:
    figure = alignment_figure(table, "a title")
    for axis, name in zip(figure.axes, SHOWN, strict=True):
        assert axis.get_title() == name
        wanted = [f"{table.value(column, name):.3f}" for column in table.columns]
        assert texts(axis) == wanted
        bars: Any = axis.patches
        assert [bar.get_width() for bar in bars] == pytest.approx(
            [table.value(column, name) for column in table.columns]
        )
        one = table["raw"][name]
        assert axis.get_xlabel() == f"{one.kind} {one.reference:.2g}; {one.better} is better"
    assert figure.axes[0].get_yticklabels()[1].get_text() == "raw, centred"


def test_figure_one_tells_what_its_panels_hide(table: AlignmentTable) -> None:
    left, right = planes()
    row = DeltaSpaceRow("here", [left, right, left, right], table)
    figure = delta_space_figure([row, row])
    titles = [axis.get_title() for axis in figure.axes]
    assert titles == ["here: CLIP space", "here: delta space"] * 4
    captions = "\n".join(text.get_text() for text in figure.texts)
    assert captions.count("\n".join(row.caption())) == 2
    lines = {line[:26].strip(): line[26:].split() for line in row.caption()}
    for column in table.columns:
        assert lines[column][2] == f"{table.value(column, 'kNN two-sample accuracy'):.3f}"
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg")
    assert len(buffer.getvalue()) < 600_000  # points are one picture a panel, not a path each


def offsets(axis: Any, number: int) -> np.ndarray:
    return np.asarray(axis.collections[number].get_offsets())


def colours(axis: Any, number: int) -> list[str]:
    return [to_hex(colour) for colour in axis.collections[number].get_facecolors()]


def test_points_by_modality() -> None:
    left, right = planes()
    figure = linked_figure(spaces(), left, right)
    for axis, plane, name in zip(figure.axes, (left, right), ("raw", "differences"), strict=True):
        assert offsets(axis, 0) == pytest.approx(plane.first)
        assert offsets(axis, 1) == pytest.approx(plane.second)
        assert set(colours(axis, 0)) == {PICTURES}
        assert set(colours(axis, 1)) == {TEXTS}
        assert axis.get_title() == name
        assert axis.get_xlabel() == "t-SNE, perplexity 30\ntrust 0.90, kNN recall 0.40"
    entries = [text.get_text() for text in figure.legends[0].get_texts()]
    assert entries == ["pictures", "texts"]


def test_a_pair_has_one_colour_everywhere() -> None:
    figure = linked_figure(spaces(), *planes(), colour_by="kind")
    wanted = [CATEGORIES[k % 3] for k in range(9)]
    for axis in figure.axes:
        assert colours(axis, 0) == colours(axis, 1) == wanted


def test_a_scale_has_a_bar() -> None:
    figure = linked_figure(spaces(), *planes(), colour_by="number")
    assert len(figure.axes) == 3
    assert figure.axes[2].get_ylabel() == "number"


def test_sweep_has_a_panel_a_setting() -> None:
    figure = sweep_figure([*planes(), planes()[0]], "three")
    assert len(figure.axes) == 3
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["pictures", "texts"]
    noise = sweep_figure(planes(), "noise", ("one cloud", "another"))
    assert [text.get_text() for text in noise.legends[0].get_texts()] == ["one cloud", "another"]
