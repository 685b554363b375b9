"""What comes into the studio as a file, and what goes out as one."""

from __future__ import annotations

from html import unescape
from pathlib import Path
from typing import Any

import pytest
import torch

from deltaedit_kit.domain import Domain
from deltaedit_kit.labs.photo.inverting import Inversion, invert
from deltaedit_kit.labs.studio import Studio
from deltaedit_kit.labs.studio.parts.file_button import LARGEST, File, FileButton
from tests.tiny_domain import tiny_domain
from tests.widgets.studio_fixture import DOMAIN, PNG, choose


@pytest.mark.parametrize("kind", ["picture", "grid", "animation", "recipe"])
def test_saving_writes_a_file_and_offers_it(studio: Studio, tmp_path: Path, kind: str) -> None:
    studio.save_bar.save[kind].click()
    (written,) = tmp_path.iterdir()
    assert written.stem == kind
    assert f'<a download="{written.name}" href="data:' in studio.save_bar.notice.value
    assert str(written) in unescape(studio.save_bar.notice.value)


def test_an_app_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    studio = Studio(DOMAIN, folder=None)
    studio.save_bar.save["picture"].click()
    assert "<a download" in studio.save_bar.notice.value
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_a_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    studio = Studio(DOMAIN, folder=tmp_path / "file")
    studio.save_bar.save["recipe"].click()
    assert "cannot write to" in studio.save_bar.notice.value


def test_a_saved_recipe_can_be_loaded_again(studio: Studio, tmp_path: Path) -> None:
    studio.controls.rows[0].text.value = "‮old 😀"
    studio.controls.picker.tiles[4].click()
    studio.save_bar.save["picture"].click()
    wanted = studio.state
    other = Studio(DOMAIN, folder=None)
    choose(other.save_bar.recipe, "picture.png", (tmp_path / "picture.png").read_bytes())
    assert other.state == wanted
    assert other.controls.rows[0].text.value == "‮old 😀"
    assert "picture.png loaded" in other.save_bar.notice.value


def test_a_photo_becomes_the_codes_of_its_largest_face(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {}

    def recorded(photo: bytes, domain: Domain, **options: Any) -> Inversion:
        asked.update(options)
        return invert(photo, domain, **options)

    monkeypatch.setattr("deltaedit_kit.labs.studio.panel.invert", recorded)
    choose(studio.controls.photo, "<b>.png", PNG)
    assert asked["face"] == "largest"  # nobody can be asked
    found = invert(PNG, DOMAIN)
    assert torch.equal(studio.engine.face(studio.state).s, found.faces.s)
    said = f"<b>.png: {found}".replace("\n", " ")
    assert said in unescape(studio.save_bar.notice.value)
    assert "<b>" not in studio.save_bar.notice.value


@pytest.mark.parametrize(
    ("domain", "content", "line"),
    [
        (tiny_domain(), PNG, "domain 'tiny' has no encoder for photos"),
        (DOMAIN, b"no picture", "cannot be read as a picture"),
    ],
)
def test_a_photo_that_cannot_be_inverted_is_a_line(
    domain: Domain, content: bytes, line: str
) -> None:
    studio = Studio(domain, folder=None)
    before = studio.state
    choose(studio.controls.photo, "me.png", content)
    message = unescape(studio.screen.message.value)
    assert "Not done: " in message
    assert line in message
    assert studio.state == before


def test_a_file_comes_in_pieces() -> None:
    heard: list[File] = []
    button = FileButton("Photo", "image/*")
    button.on_file(heard.append)
    content = bytes(range(256)) * 5
    choose(button, "a.png", content, piece=100)
    choose(button, "a.png", content)  # the same file once more
    assert heard == [File("a.png", len(content), content)] * 2
    assert heard[0].checked() == content

    heard.clear()
    first = {"name": "old", "size": 4, "at": 0}
    button._handle_custom_msg(first, [memoryview(b"ab")])
    choose(button, "new", b"xyz")  # chosen before the other one had come
    button._handle_custom_msg({**first, "at": 2}, [memoryview(b"cd")])
    assert heard == [File("new", 3, b"xyz")]
    for strange in (None, "x", {}, {"name": 1, "size": "2", "at": 0}):
        button._handle_custom_msg(strange, [memoryview(b"")])
    assert len(heard) == 1


@pytest.mark.parametrize(("size", "line"), [(0, "is empty"), (LARGEST + 1, "has 100 MB")])
def test_a_file_without_content_is_a_line(studio: Studio, size: int, line: str) -> None:
    about = {"name": "<b>", "size": size, "at": 0}  # the browser sends no content of such a file
    for button, html in (
        (studio.controls.photo, studio.screen.message),
        (studio.save_bar.recipe, studio.save_bar.notice),
    ):
        button._handle_custom_msg(about, [memoryview(b"")])
        assert "Not done: " in html.value
        assert line in html.value
        assert "<b>" not in html.value
