"""From names to domains: near misses get advice, nothing loads early, broken files are named."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from deltaedit_kit import load_domain
from deltaedit_kit.domain.spec import DomainSpec
from deltaedit_kit.io.loading import EMBEDDED
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.toyfaces.networks import SPEC


@pytest.mark.parametrize("name", ["toyface", "ToyFaces", "toy-faces", "faces"])
def test_unknown_names_suggest_the_nearest(name: str) -> None:
    with pytest.raises(DeltaEditError, match="did you mean 'toyfaces'"):
        load_domain(name)


@pytest.mark.parametrize(
    "name", ["", "zzz", None, 3, b"toyfaces", "a\nb", ["toyfaces"], "q" * 5000]
)
def test_unknown_names_without_a_neighbour_list_all(name: object) -> None:
    with pytest.raises(DeltaEditError, match="known domains: toyfaces") as caught:
        load_domain(name)
    assert "\n" not in str(caught.value)
    assert "did you mean" not in str(caught.value)


def test_a_folder_below_home_is_found_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    with pytest.raises(DeltaEditError, match=re.escape(str(tmp_path / "mine" / "domain.json"))):
        load_domain("~/mine")
    with pytest.raises(DeltaEditError, match="cannot read a domain"):
        load_domain("~nobody-of-this-name/mine")


def test_every_known_domain_declares_itself() -> None:
    for name in EMBEDDED:
        domain = load_domain(name)
        assert domain.spec.name == name
        assert len(domain.spec.examples) >= 6
        assert set(domain.spec.files) == {"generator", "clip", "mapper", "relevance"}


@pytest.mark.parametrize(
    "change",
    [{"name": ""}, {"neutral": "  "}, {"resolution": 100}, {"resolution": 16}, {"threshold": -1.0}],
)
def test_specs_that_make_no_sense_are_refused(change: dict) -> None:
    with pytest.raises(DeltaEditError):
        replace(SPEC, **change)


def test_spec_is_frozen_data() -> None:
    assert isinstance(SPEC, DomainSpec)
    with pytest.raises(AttributeError):
        SPEC.name = "other"
