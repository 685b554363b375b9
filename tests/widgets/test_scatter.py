"""The scatter widget without a browser: bytes in, selection out; tests/browser has the mouse."""

from __future__ import annotations

import io
import warnings

import ipywidgets
import numpy as np
import pytest
from PIL import Image

from deltaedit_kit.labs.delta_space.scatter import (
    LinkedScatter,
    quantised,
    scatter_view,
    sprite_sheet,
)
from deltaedit_kit.support.errors import DeltaEditError
from tests.widgets.scatter_data import planes, spaces


@pytest.fixture
def plots() -> LinkedScatter:
    return LinkedScatter(spaces(), *planes())


def test_positions_keep_four_digits() -> None:
    plane = planes()[0]
    sent = np.frombuffer(quantised(plane), "<u2").reshape(2, 9, 2) / 65535 * 2 - 1
    assert sent[0] == pytest.approx(plane.first, abs=2e-5)
    assert sent[1] == pytest.approx(plane.second, abs=2e-5)


def test_sprite_sheet_holds_every_thumbnail_in_its_place() -> None:
    thumbnails = spaces(7, side=16).raw.thumbnails
    sheet, tile = sprite_sheet(thumbnails)
    assert tile == {"width": 16, "height": 16, "columns": 3}
    pixels = np.asarray(Image.open(io.BytesIO(sheet)).convert("RGB"))
    assert pixels.shape == (48, 48, 3)
    for row in range(7):
        y, x = row // 3 * 16 + 8, row % 3 * 16 + 8
        assert abs(int(pixels[y, x, 0]) - 20 * row) < 12
    assert sprite_sheet(None) == (b"", {"width": 0, "height": 0, "columns": 1})


def test_colours_are_a_byte_a_pair() -> None:
    view = scatter_view(spaces(), *planes())
    codes = np.frombuffer(view["codes"], np.uint8).reshape(2, 9)
    assert view["colours"][0] == {"name": "kind", "labels": ["a", "b", "c"]}
    assert codes[0].tolist() == [0, 1, 2] * 3
    assert view["colours"][1] == {"name": "number", "labels": None, "low": "0.00", "high": "8.00"}
    assert codes[1].tolist() == [0, 32, 64, 96, 128, 159, 191, 223, 255]


def test_many_categories_end_in_others() -> None:
    many = spaces(40)
    labels = np.array([f"c{min(k, 20):02d}" for k in range(40)])
    many.delta.colours["kind"] = labels  # type: ignore[index]
    view = scatter_view(many, *planes(40))
    shown = view["colours"][0]["labels"]
    assert len(shown) == 12
    assert shown[-1] == "others"
    assert "c20" in shown
    assert max(view["codes"][:40]) == 11


def test_selection_from_the_kernel(plots: LinkedScatter) -> None:
    heard: list[list[int]] = []
    plots.observe(lambda change: heard.append(change["new"]), names="selected")
    plots.select([5, 2, 2])
    assert plots.rows == [2, 5]
    assert heard == [[2, 5]]
    assert "2 pairs selected." in plots.text
    assert "5: face 5" in plots.text
    with pytest.raises(DeltaEditError, match="row is 9; give a whole number from 0 to 8"):
        plots.select([9])
    with pytest.raises(DeltaEditError, match=r"rows is 3; give a list such as \[3\]"):
        plots.select(3)  # type: ignore[arg-type]


def test_selection_from_the_browser(plots: LinkedScatter) -> None:
    plots.set_state({"selected": [7, 1]})
    assert plots.rows == [1, 7]


def test_what_is_sent_is_small_and_binary(plots: LinkedScatter) -> None:
    """Positions travel as bytes, not as text: ipywidgets 7.7 and 8 split them off alike."""
    state = plots.get_state()
    assert isinstance(state["points"], bytes)
    assert len(state["points"]) == 2 * 2 * 9 * 2 * 2
    assert all(isinstance(sheet, bytes) for sheet in state["sheets"])
    assert int(ipywidgets.__version__.split(".")[0]) in (7, 8)


def test_repr_and_words_do_not_show_bytes(plots: LinkedScatter) -> None:
    assert repr(plots) == (
        "LinkedScatter(9 pairs: raw (t-SNE, perplexity 30) | differences (t-SNE, perplexity 30))"
    )
    assert "9 pairs, each a picture (disc) and a text (square)" in plots.summary
    assert "40% are also nearest on the plane (trustworthiness 0.90)" in plots.summary
    assert "50% of the plot's width apart" in plots.summary


def test_clouds_and_planes_must_belong_together() -> None:
    with pytest.raises(DeltaEditError, match=r"have \[9, 9, 9, 8\] pairs"):
        scatter_view(spaces(), planes()[0], planes(8)[0])


def test_no_warning_on_the_way() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scatter_view(spaces(), *planes())
