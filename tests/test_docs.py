"""What the documents name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deltaedit_kit.labs.course.exercises import EXERCISES

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("docs/**/*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_a_document_names_are_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    named = re.findall(r"`((?:deltaedit_kit|tests|benchmarks|recipes|notebooks)/[\w./]+)`", text)
    missing = [name for name in named if not (ROOT / name).exists()]
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_exercises_that_a_document_names_are_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    named = re.findall(r'\b(?:check|hint|show_solution)\("([^"]+)"', text)
    assert set(named) <= set(EXERCISES)


def test_the_reading_guide_counts_lines_to_within_a_tenth() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"\| `(deltaedit_kit/[\w/]+\.py)` \| (\d+) \|", text)
    assert len(rows) == 7
    for name, lines in rows:
        counted = (ROOT / name).read_text(encoding="utf-8").count("\n")
        assert abs(counted - int(lines)) <= 0.1 * counted, (name, counted)
