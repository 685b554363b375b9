"""What a figure says to those who do not see it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from deltaedit_kit.labs.style_space.plots import effects_figure
from deltaedit_kit.labs.training.plots import success_figure
from deltaedit_kit.support.alt_text import LONGEST, alt_text
from deltaedit_kit.support.pictures import PictureFigure, grid

PICTURE = np.zeros((8, 8, 3), np.uint8)


def test_a_grid_names_its_title_its_shape_and_its_captions() -> None:
    figure = grid([[PICTURE, PICTURE]] * 3, ["before", "old", "a $5 smile"], "Three", "seed 0")
    text = alt_text(figure)
    assert text.startswith("Three. seed 0. 6 pictures, 2 by 3")
    assert text.endswith("before; old; a 5 smile")


def test_bars_are_told_with_names_and_lengths() -> None:
    text = alt_text(success_figure({"ours": 0.9, "shipped": 0.95}))
    assert "ours 0.90" in text
    assert "shipped 0.95" in text


def test_a_histogram_is_told_by_its_range_and_its_highest_bar() -> None:
    axis = (figure := Figure()).subplots()
    axis.hist([0.1, 0.5, 0.52, 0.9], np.linspace(0, 1, 11), label="all")
    assert alt_text(figure) == "histogram of all from 0.10 to 1.00, most between 0.50 and 0.60: 2"


def test_a_heat_map_names_the_largest_entry_of_each_row() -> None:
    changes = torch.tensor([[0.1, -0.5], [0.4, 0.0]])
    text = alt_text(effects_figure(changes, ["old", "smile"], ["age", "hair"], "Effects"))
    assert "old: most in hair, -0.50" in text
    assert "smile: most in age, +0.40" in text


def test_lines_are_told_by_their_ends() -> None:
    figure = Figure()
    axis = figure.subplots()
    axis.plot([0, 1, 2], [0.5, 0.75, np.nan], label="held out")
    axis.set_xlabel("steps")
    assert alt_text(figure) == "x: steps; held out from 0.50 to 0.75"


def test_scattered_points_are_counted_and_words_of_its_own_come_first() -> None:
    figure = Figure(label="Two clouds apart.")
    figure.subplots().scatter([0, 1, 2], [1, 2, 3])
    assert alt_text(figure) == "Two clouds apart. 3 points"


@pytest.mark.parametrize("length", [0, 5000])
def test_there_is_always_a_text_and_never_too_long_a_one(length: int) -> None:
    figure = Figure()
    figure.suptitle("word " * length)
    assert 0 < len(alt_text(figure)) <= LONGEST


def test_a_notebook_keeps_the_text_beside_the_picture() -> None:
    data, metadata = PictureFigure._repr_jpeg_(grid([[PICTURE]], ["one"], "Alone"))
    assert data.startswith(b"\xff\xd8")
    assert metadata == {"alt": "Alone. 1 picture: one"}
