"""Projections drawn: the points, the same colour for a pair in both plots, and what was lost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex

from deltaedit_kit.labs.delta_space.plot_projection import (
    CATEGORIES,
    PICTURES,
    TEXTS,
    linked_figure,
    sweep_figure,
)
from tests.widgets.scatter_data import planes, spaces


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
