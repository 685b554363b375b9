"""The explorer without a browser: a choice in, pictures and numbers out."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deltaedit_kit.labs.compare.explorer import (
    ZOOM,
    Choice,
    Explorer,
    choices,
    explore,
    numbers_html,
)
from deltaedit_kit.labs.compare.results import Results
from deltaedit_kit.support.errors import DeltaEditError
from tests.compare.handmade import FACES, GLASSES, SIDE, SMILE, STRENGTHS, handmade

FIRST = Choice("deltaedit", GLASSES.text, "default", 1.0, 0)


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return handmade(tmp_path)


def pixels(file: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(file)) as image:
        return np.asarray(image)


def test_what_can_be_chosen_stands_in_the_order_of_the_run(results: Results) -> None:
    assert choices(results) == {
        "method": ["deltaedit", "tedigan"],
        "sentence": [GLASSES.text, SMILE.text],
        "setting": ["default"],
        "strength": list(STRENGTHS),
        "face": list(range(FACES)),
    }


def test_a_view_has_the_pictures_and_the_numbers_of_its_cell(results: Results) -> None:
    view = explore(results, replace(FIRST, face=2))
    assert not view.failed
    wanted = results.pictures("deltaedit", GLASSES.text)[2]
    assert isinstance(wanted, np.ndarray)
    assert pixels(view.after).shape == (ZOOM * SIDE, ZOOM * SIDE, 3)
    assert (pixels(view.after)[::ZOOM, ::ZOOM] == wanted).all()
    assert (pixels(view.before)[::ZOOM, ::ZOOM] == results.before[2]).all()
    numbers = {name: (own, mean.split(" ")[0]) for name, own, mean in view.numbers}
    assert numbers == {"success ↑": ("1.000", "0.500"), "IDS ↑": ("0.700", "0.600")}


def test_every_part_of_the_choice_matters(results: Results) -> None:
    view = explore(results, FIRST)
    assert ("success ↑", "not counted") in [number[:2] for number in view.numbers]
    weaker = explore(results, replace(FIRST, strength=0.5))
    assert weaker.after != view.after
    assert ("IDS ↑", "0.250") in [number[:2] for number in weaker.numbers]
    assert SMILE.text in explore(results, replace(FIRST, sentence=SMILE.text)).message


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"method": "tedigan", "setting": "short"}, "tedigan failed: the <b>reason</b>"),
        ({"method": "tedigan", "sentence": SMILE.text}, "not computed"),
        ({"strength": 7.0}, "computed at strength 0.5, 1; choose that"),
        ({"face": FACES}, "edited 3 faces"),
        ({"face": -1}, "edited 3 faces"),
    ],
)
def test_what_is_not_there_is_a_message(results: Results, changed: dict, words: str) -> None:
    view = explore(results, replace(FIRST, **changed))
    assert view.failed
    assert words in view.message
    assert (view.after, view.numbers) == (b"", ())


def test_a_picture_file_that_is_damaged_is_a_message(results: Results) -> None:
    for file in (results.folder / "runs").glob("*.png"):
        file.write_bytes(b"no picture")
    view = explore(results, FIRST)
    assert view.failed
    assert "cannot read pictures" in view.message


def test_texts_of_a_run_are_text_in_the_page(results: Results) -> None:
    for choice in (FIRST, replace(FIRST, method="tedigan", setting="short")):
        html = numbers_html(explore(results, choice))
        assert "<i>" not in html
        assert "<b>reason" not in html
    assert "<td>0.500" in numbers_html(explore(results, FIRST))


def test_every_control_redraws_the_panel(results: Results) -> None:
    panel = Explorer(results)
    assert panel.choice == FIRST  # strength 1, not the first one
    seen = [panel.view]
    for name, value in (("face", 1), ("strength", 0.5), ("sentence", SMILE.text)):
        getattr(panel, name).value = value
        assert panel.view == explore(results, panel.choice)
        assert panel.view not in seen
        assert panel.after.content == panel.view.after
        assert panel.view.message in panel.after.alt
        assert panel.numbers.value == numbers_html(panel.view)
        seen.append(panel.view)
    panel.method.value = "tedigan"
    assert panel.view.failed
    assert panel.after.value == ""  # not the browser's sign of a broken picture
    assert "Not shown: " in panel.numbers.value
    assert "b'" not in repr(panel)
    assert panel.setting.options == ("short",)  # the only one of TediGAN


def test_a_folder_without_runs_is_refused(results: Results) -> None:
    (results.folder / "index.json").write_text('{"runs": []}')
    with pytest.raises(DeltaEditError, match="no finished run yet"):
        Explorer(Results(results.folder))
