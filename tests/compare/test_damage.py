"""Folders of a comparison that somebody sent, or that a full disk cut; tests/fuzz spoils more."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from deltaedit_kit.labs.compare.explorer import Choice, explore
from deltaedit_kit.labs.compare.files import CLAIM, Claim, record, save_moments, write_json
from deltaedit_kit.labs.compare.findings import findings
from deltaedit_kit.labs.compare.results import Results
from deltaedit_kit.labs.compare.runs import load, store
from deltaedit_kit.labs.compare.table import at_own, summary_table
from deltaedit_kit.labs.metrics.frechet import Moments
from deltaedit_kit.support.errors import DeltaEditError
from tests.compare.handmade import FACES, GLASSES, STRENGTHS, good, handmade


def whole(folder: Path) -> None:
    """A folder with every kind of file that a comparison has."""
    results = handmade(folder)
    cloud = Moments.of(torch.randn(4, 3, generator=torch.Generator().manual_seed(0)))
    for _, run in results.runs:
        if run.status == "ok":
            run.moments.update({strength: {"eyes": cloud} for strength in STRENGTHS})
            store(run, folder / "runs")
    names = {("reference", "eyes"): cloud, ("unedited", "eyes"): cloud}
    save_moments(folder / "reference-abc.safetensors", names)
    claim = Claim(
        domain="tiny",
        faces=FACES,
        seed=0,
        precision="float32",
        strengths=STRENGTHS,
        features=("eyes",),
        reference_faces=4,
        origin="abc",
    )
    write_json(folder / CLAIM, claim, Claim)


def read(folder: Path) -> None:
    """Everything that is done with a folder."""
    results = Results(folder)
    findings(results.summary)
    summary_table(results.summary)
    explore(results, Choice("deltaedit", GLASSES.text, "default", 1.0, 0))


def test_a_whole_folder_is_read(tmp_path: Path) -> None:
    whole(tmp_path)
    read(tmp_path)
    assert list(at_own(Results(tmp_path).summary, "fid:eyes")["n"]) == [2 * 4]


@pytest.mark.parametrize("name", ["index.json", CLAIM, "before.png", "reference-abc.safetensors"])
def test_only_regular_files_are_read(tmp_path: Path, name: str) -> None:
    whole(tmp_path)
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)  # reading it would wait for ever
    with pytest.raises(DeltaEditError, match="is a pipe"):
        read(tmp_path)


def test_a_key_is_no_path(tmp_path: Path) -> None:
    whole(tmp_path)
    (tmp_path / "index.json").write_text(
        '{"runs": [["deltaedit", "default", "a face", "../../secret"]]}'
    )
    with pytest.raises(DeltaEditError, match=r"index\.json is damaged"):
        read(tmp_path)


def test_a_run_in_the_place_of_another_is_refused(tmp_path: Path) -> None:
    run = good(GLASSES)
    store(run, tmp_path)
    other = tmp_path / f"{run.key[:-1]}{'0' if run.key[-1] != '0' else '1'}.json"
    (tmp_path / f"{run.key}.json").rename(other)
    with pytest.raises(DeltaEditError, match="do not belong to its key"):
        load(tmp_path, other.stem)


@pytest.mark.parametrize("names", [[("reference", "eyes")], [("reference", "eyes"), ("x", "eyes")]])
def test_a_reference_without_its_floor_is_refused(
    tmp_path: Path, names: list[tuple[str, str]]
) -> None:
    whole(tmp_path)
    cloud = Moments.of(torch.eye(3))
    save_moments(tmp_path / "reference-abc.safetensors", dict.fromkeys(names, cloud))
    with pytest.raises(DeltaEditError, match="is damaged"):
        read(tmp_path)
    save_moments(tmp_path / "reference-abc.safetensors", {("unedited", "eyes"): cloud})
    with pytest.raises(DeltaEditError, match="is damaged"):
        read(tmp_path)


def test_a_flipped_bit_of_moments_is_told(tmp_path: Path) -> None:
    whole(tmp_path)
    path = tmp_path / "reference-abc.safetensors"
    content = path.read_bytes()
    for place in range(len(content) - 40, len(content), 7):
        spoiled = bytearray(content)
        spoiled[place] ^= 1
        path.write_bytes(spoiled)
        with pytest.raises(DeltaEditError, match="delete it to compute it again"):
            read(tmp_path)


@pytest.mark.parametrize("name", ["index.json", CLAIM, "run"])
def test_a_changed_digit_of_any_json_is_told(tmp_path: Path, name: str) -> None:
    whole(tmp_path)
    path = tmp_path / name if name != "run" else tmp_path / "runs" / f"{good(GLASSES).key}.json"
    text = path.read_text()
    digits = [place for place, letter in enumerate(text) if letter.isdigit()]
    for place in digits[:: max(len(digits) // 8, 1)]:
        path.write_text(text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :])
        with pytest.raises(DeltaEditError, match=r"checksum differs|are damaged|is damaged"):
            read(tmp_path)
    path.write_text(text)
    read(tmp_path)


@pytest.mark.parametrize("strength", ["net.1", "7"])
def test_moments_of_a_strength_that_was_not_run_are_refused(tmp_path: Path, strength: str) -> None:
    run = good(GLASSES)
    store(run, tmp_path)
    cloud = Moments.of(torch.eye(3))
    save_moments(tmp_path / f"{run.key}.safetensors", {(strength, "eyes"): cloud})
    with pytest.raises(DeltaEditError, match="is damaged"):
        load(tmp_path, run.key)


@pytest.mark.parametrize("place", ["folder", "link"])
def test_an_index_that_cannot_be_locked_is_one_line(tmp_path: Path, place: str) -> None:
    lock = tmp_path / ".index.json.lock"
    lock.mkdir() if place == "folder" else lock.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DeltaEditError):
        record(tmp_path, ("deltaedit", "short", "an old face"), "key")
    assert not (tmp_path / "elsewhere").exists()
