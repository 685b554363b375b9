"""Declarations: what the form does not know is refused by name, and no name leads anywhere else."""

from __future__ import annotations

import copy
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from deltaedit_kit.domain.spec import NETWORKS, DomainSpec
from deltaedit_kit.io.declaration import declared, read_declaration, templates
from deltaedit_kit.io.loading import PUBLISHED
from deltaedit_kit.support.errors import DeltaEditError

FOLDER = Path(str(files("deltaedit_kit.io.published")))
GOOD: dict[str, Any] = {
    "format": "deltaedit-domain",
    "version": 1,
    "name": "mine",
    "title": "pictures of mine",
    "resolution": 64,
    "neutral": "face",
    "threshold": 0.03,
    "strength": 1.0,
    "truncation": 0.7,
    "preprocessing": "plain",
    "licence": "CC0",
    "examples": ["face with glasses"],
    "networks": {"generator": [{"file": "generator.safetensors"}]},
    "absent": {"mapper": "not yet trained"},
}


def test_a_good_declaration_becomes_a_spec() -> None:
    spec = declared(GOOD, "here")
    assert (spec.name, spec.resolution, spec.templates) == ("mine", 64, ())
    assert spec.published["generator"][0].name == "generator.safetensors"
    assert spec.absent == {"mapper": "not yet trained"}
    assert spec.relevance_preprocessing is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": "other"}, ["declares no domain"]),
        ({"version": 2}, ["version", "2"]),
        ({"treshold": 0.1}, ["no field 'treshold'", "did you mean 'threshold'?"]),
        ({"name": "../up"}, ["name", "'../up'"]),
        ({"name": ""}, ["name", "''"]),
        ({"resolution": 100}, ["power of two"]),
        ({"resolution": "64"}, ["resolution", "'64'"]),
        ({"resolution": 64.5}, ["resolution", "64.5"]),
        ({"resolution": 10**6}, ["resolution", "4096"]),
        ({"style_widths": [16, 0]}, ["style_widths", "0"]),
        ({"threshold": float("nan")}, ["threshold", "nan", "finite"]),
        ({"strength": True}, ["strength", "True"]),
        ({"strength": "1"}, ["strength", "'1'"]),
        ({"neutral": None}, ["neutral"]),
        ({"neutral": " "}, ["neutral"]),
        ({"examples": "face"}, ["examples", "'face'", "list"]),
        ({"templates": [1]}, ["templates"]),
        ({"templates": "imagenets"}, ["templates"]),
        ({"networks": []}, ["networks"]),
        ({"networks": {"generater": []}}, ["generater", "did you mean 'generator'?"]),
        ({"networks": {"clip": []}}, ["networks.clip"]),
        ({"networks": {"clip": ["a"]}}, ["networks.clip", "'a'"]),
        ({"networks": {"clip": [{"file": "a", "sha": ""}]}}, ["'sha'", "did you mean 'sha256'?"]),
        ({"networks": {"clip": [{}]}}, ["file is missing"]),
        ({"networks": {"clip": [{"file": "a", "sha256": "A" * 64}]}}, ["sha256", "[0-9a-f]{64}"]),
        ({"networks": {"clip": [{"file": "a", "git_blob": "0" * 39}]}}, ["git_blob", "{40}"]),
        ({"networks": {"clip": [{"file": "a", "addresses": ["file:///etc"]}]}}, ["http"]),
        ({"networks": {"clip": [{"file": "a", "megabytes": -1}]}}, ["megabytes", "-1"]),
        ({"absent": {"mapper": 3}}, ["absent.mapper", "3"]),
        ({"absent": {"maper": "x"}}, ["maper", "did you mean 'mapper'?"]),
    ],
)
def test_what_does_not_fit_is_named(changes: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(DeltaEditError) as caught:
        declared({**copy.deepcopy(GOOD), **changes}, "here")
    message = str(caught.value)
    assert message.startswith("here")
    assert all(word in message for word in words), message
    assert len(message) < 400


@pytest.mark.parametrize("field", ["name", "title", "resolution", "neutral", "licence", "version"])
def test_what_is_missing_is_named(field: str) -> None:
    with pytest.raises(DeltaEditError, match=f"{field} is missing"):
        declared({key: value for key, value in GOOD.items() if key != field}, "here")


def test_a_declaration_with_a_byte_order_mark(tmp_path: Path) -> None:
    """As Windows' editor writes it."""
    path = tmp_path / "domain.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(GOOD).encode())
    assert read_declaration(path).name == "mine"


@pytest.mark.parametrize(
    "name",
    [
        *("../weights", "/etc/passwd", "a/b", "a\\b", "..", ".hidden", "C:x", "a\0b", "a\nb"),
        *("a\n", "x" * 101, "con", "NUL.pt", "Com1", "aux.", "x.", "lpt9.npy", "a b", "é", ""),
    ],
)
def test_file_names_lead_nowhere_else(name: str) -> None:
    with pytest.raises(DeltaEditError, match=r"networks\.clip\.0\.file is"):
        declared({**GOOD, "networks": {"clip": [{"file": name}]}}, "here")


@pytest.mark.parametrize("name", ["a", "net_face.pth", "console.pt", "com10.pt", "x" * 100, "nul1"])
def test_plain_file_names_are_taken(name: str) -> None:
    spec = declared({**GOOD, "networks": {"clip": [{"file": name}]}}, "here")
    assert spec.published["clip"][0].name == name


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b"3"])
def test_what_is_no_declaration_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "domain.json").write_bytes(content)
    with pytest.raises(DeltaEditError, match=r"domain\.json"):
        read_declaration(tmp_path / "domain.json")


def test_a_huge_or_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeltaEditError, match="cannot read a domain from"):
        read_declaration(tmp_path / "domain.json")
    (tmp_path / "domain.json").write_text(" " * 1_000_001 + json.dumps(GOOD))
    with pytest.raises(DeltaEditError, match="larger than"):
        read_declaration(tmp_path / "domain.json")


def test_the_79_frames_of_delta_edit() -> None:
    frames = templates("imagenet")
    assert len(frames) == len(set(frames)) == 79
    assert "a photo of a {}." in frames
    assert "a photo of many {}." not in frames
    assert all(frame.count("{}") == 1 for frame in frames)


def spec_of(name: str) -> DomainSpec:
    return read_declaration(FOLDER / f"{name}.json")


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_domains_say_where_every_fact_is_from(name: str) -> None:
    spec = spec_of(name)
    assert spec.name == name
    assert spec.resolution == (1024 if name == "ffhq" else 256)
    assert (spec.preprocessing, spec.relevance_preprocessing) == ("delta_edit", "clip")
    assert len(spec.templates) == 79
    assert len(spec.examples) >= 6
    assert {*spec.published, *spec.absent} == set(NETWORKS)
    assert not {*spec.published} & {*spec.absent}
    for file in (file for found in spec.published.values() for file in found):
        assert file.addresses
        assert file.licence
        assert file.page.startswith("https://")
        assert file.facts
        assert all(address.startswith("https://") for address in file.addresses)


def test_one_name_in_the_cache_means_one_file() -> None:
    by_name: dict[str, set[object]] = {}
    for name in PUBLISHED:
        for found in spec_of(name).published.values():
            for file in found:
                by_name.setdefault(file.name, set()).add(file)
    assert {len(found) for found in by_name.values()} == {1}
    assert "ViT-B-32.pt" in by_name


def test_openai_writes_the_hash_of_clip_into_its_address() -> None:
    for name in PUBLISHED:
        (clip,) = spec_of(name).published["clip"]
        assert clip.sha256 == clip.addresses[0].split("/")[-2]


def test_a_name_that_is_no_text_is_one_line() -> None:
    """Half a surrogate pair, which JSON may hold, is a fault without a place in the form."""
    with pytest.raises(DeltaEditError, match="unicode"):
        declared({**GOOD, "\ud83d": "x"}, "here")
