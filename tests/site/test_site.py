"""The whole site: built without a warning, no dead link inside, nothing from another server."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from deltaedit_kit.labs.course.marking import ANSWER
from recipes.site.stage import ROOT

pytestmark = pytest.mark.slow


class Page(HTMLParser):
    """What a page links to, loads and can be linked at."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.loads: set[str] = set()
        self.ids: set[str] = set()
        self.nameless: list[str] = []  # pictures without a text
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {key: value or "" for key, value in attrs}
        self.ids |= {found[key] for key in ("id", "name") if key in found}
        if tag == "a" and "href" in found:
            self.links.add(found["href"])
        if tag in ("img", "script") and "src" in found:
            self.loads.add(found["src"])
        if tag == "link" and found.get("rel") in ("stylesheet", "icon"):
            self.loads.add(found["href"])
        if tag == "img" and not found.get("alt"):
            self.nameless.append(found.get("src", ""))


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in site.rglob("*.html")}


def test_every_lesson_card_and_document_is_a_page(site: Path) -> None:
    sources = [*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("docs/**/*.md")]
    sources += ROOT.glob("deltaedit_kit/toyfaces/weights/*.md")
    assert sources
    for source in sources:
        assert (site / source.relative_to(ROOT)).with_suffix(".html").is_file()


def test_the_reference_has_what_is_public(site: Path, pages: dict[Path, Page]) -> None:
    ids = {one for path in site.glob("reference/*.html") for one in pages[path].ids}
    assert {"deltaedit_kit.Editor", "deltaedit_kit.load_domain"} <= ids
    assert "deltaedit_kit.mapper.DeltaMapper.forward" in ids
    assert not [one for one in ids if re.match(r"deltaedit_kit[\w.]*\._[a-z]", one)]


def test_no_link_inside_is_dead(site: Path, pages: dict[Path, Page]) -> None:
    dead = []
    for path, page in pages.items():
        for link in page.links | page.loads:
            parts = urlsplit(link)
            if parts.scheme or link.startswith("//"):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            ids = pages[target].ids if target in pages else {unquote(parts.fragment)}
            if not target.exists() or (parts.fragment and unquote(parts.fragment) not in ids):
                dead.append((path.name, link))
    assert not dead


def test_nothing_is_loaded_from_another_server(pages: dict[Path, Page]) -> None:
    loads = {link for page in pages.values() for link in page.loads}
    assert loads
    assert not [link for link in loads if re.match(r"(https?:)?//", link)]


def test_every_picture_has_a_text(pages: dict[Path, Page]) -> None:
    assert not {path.name: page.nameless for path, page in pages.items() if page.nameless}


def test_solutions_are_folded(site: Path) -> None:
    for source in ROOT.glob("notebooks/*.ipynb"):
        answers = source.read_text(encoding="utf-8").count(ANSWER)
        text = (site / "notebooks" / f"{source.stem}.html").read_text(encoding="utf-8")
        assert text.count("One solution") == answers
        assert "BEGIN SOLUTION" not in text
