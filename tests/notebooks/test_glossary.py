"""Every term that a notebook links to stands in the glossary, and is where the glossary says."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from deltaedit_kit import load_domain
from recipes.notebooks import FOLDER, ROOT

GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
ENTRIES = dict(re.findall(r"^### (.+)\n\n((?:(?!^#).*\n?)+)", GLOSSARY, re.MULTILINE))
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
# Terms that lessons also use as plain words, or in another sense: a random number generator.
PLAIN = {"alignment", "attribute", "generator", "loss", "margin", "recipe", "relevance"}
PLAIN |= {"toyfaces", "trade-off"}
# What is no running text: code, folded answers, formulas, headings, pictures.
ASIDE = re.compile(
    r"```.*?```|<details>.*?</details>|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$"
    r"|^#+ [^\n]*$|^ {4}[^\n]*$|!\[[^\]]*\]\([^)]*\)",
    re.DOTALL | re.MULTILINE,
)
LINK = re.compile(r"\[([^\]]*)\]\(([^)]*)\)")


def anchor(heading: str) -> str:
    """As GitHub, MyST and JupyterLab make it of small letters, digits, spaces and hyphens."""
    return heading.replace(" ", "-")


def test_there_are_forty_terms_whose_anchors_are_the_same_everywhere() -> None:
    assert len(ENTRIES) >= 40
    assert len({anchor(term) for term in ENTRIES}) == GLOSSARY.count("\n### ")
    assert all(re.fullmatch(r"[a-z0-9 -]+", term) for term in ENTRIES)


@pytest.mark.parametrize("term", ENTRIES)
def test_a_term_is_explained_shortly_and_lives_where_it_says(term: str) -> None:
    text, home = re.split(r"In\s+code:", ENTRIES[term])
    assert 1 <= len(re.findall(r"[.?](?:\s|$)", text)) <= 4
    path, *name = re.findall(r"`([^`]+)`", home)
    code = (ROOT / path).read_text(encoding="utf-8")
    assert all(re.search(rf"\b{one}\b", code) for one in name)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_links_of_a_notebook_to_files_and_terms_lead_somewhere(path: Path) -> None:
    known = {anchor(term) for term in ENTRIES}
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "markdown":
            continue
        for target in re.findall(r"\]\(([^)\s]+)\)", cell.source):
            if re.match(r"[a-z]+:", target) or target.startswith("#"):
                continue
            file, _, term = target.partition("#")
            assert (path.parent / file).is_file(), target
            if file.endswith("glossary.md"):
                assert term in known, f"{target}: not in docs/glossary.md"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_term_is_linked_where_a_lesson_first_uses_it(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    text = ASIDE.sub("", "\n\n".join(c.source for c in cells if c.cell_type == "markdown"))
    links = {m[2].rpartition("#")[2]: m.start() for m in reversed([*LINK.finditer(text)])}
    unlinked = LINK.sub(lambda link: " " * len(link[0]), text)
    for term in set(ENTRIES) - PLAIN:
        words = r"(?<![\w-])" + r"\s+".join(term.split()) + r"s?(?![\w-])"
        if used := re.search(words, unlinked, re.IGNORECASE):
            assert links.get(anchor(term), used.end()) < used.start(), f"{term}: {used[0]}"


def test_numbers_of_the_embedded_domain_are_its_own() -> None:
    domain = load_domain("toyfaces", device="cpu")
    assert f"{domain.layout.total} in toyfaces" in ENTRIES["style code"]
    assert f"{domain.spec.threshold} in toyfaces" in ENTRIES["threshold"]
