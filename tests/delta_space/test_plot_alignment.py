"""Figures of measures: the numbers in them are those of the table, controls included."""

from __future__ import annotations

import io
from typing import Any

import pytest
from matplotlib.axes import Axes

from deltaedit_kit.labs.delta_space.alignment import AlignmentTable, Pair, with_controls
from deltaedit_kit.labs.delta_space.plot_alignment import SHOWN, alignment_figure
from recipes.figures.fig1_delta_space import DeltaSpaceRow, delta_space_figure
from tests.delta_space.small_clouds import related
from tests.widgets.scatter_data import planes


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
