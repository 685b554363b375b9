"""Files appear whole, as the user's umask wants them, and a flipped bit is told."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from deltaedit_kit.support.atomic import load_tensors, read_header, save_tensors, write_text
from deltaedit_kit.support.errors import DeltaEditError

TENSORS = {"a": torch.arange(12.0).view(3, 4).half(), "b": torch.ones(2, dtype=torch.int64)}


def test_tensors_come_back_with_their_header(tmp_path: Path) -> None:
    path = save_tensors(tmp_path / "new" / "x.safetensors", TENSORS, {"domain": "tiny"})
    tensors, header = load_tensors(path)
    assert header == {"domain": "tiny"}
    assert all(torch.equal(tensors[name], value) for name, value in TENSORS.items())
    empty = {"none": torch.zeros(0, 3)}
    assert load_tensors(save_tensors(path, empty))[0]["none"].shape == (0, 3)


def test_the_same_tensors_are_the_same_bytes(tmp_path: Path) -> None:
    """A header of twelve entries in an order of chance would agree once in 479 million."""
    header = {f"entry {k}": f'Δ "{k}"\n' for k in range(12)}
    paths = [tmp_path / f"{k}.safetensors" for k in range(2)]
    for path, items in zip(paths, (header.items(), reversed(header.items())), strict=True):
        save_tensors(path, TENSORS, dict(items))
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert load_tensors(paths[0])[1] == header


def test_no_flipped_bit_is_read(tmp_path: Path) -> None:
    path = save_tensors(tmp_path / "x.safetensors", TENSORS, {"step": "12"})
    whole = path.read_bytes()
    for place in range(8, len(whole)):  # the first eight bytes are the header's length
        for bit in (0, 6):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << bit
            path.write_bytes(damaged)
            with suppress(DeltaEditError):
                tensors, header = load_tensors(path)
                assert header.get("step") == "12"  # a flip in the checksum's own name
                assert all(torch.equal(tensors[name], value) for name, value in TENSORS.items())
    damaged = bytearray(whole)
    damaged[-1] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(DeltaEditError, match=r"x\.safetensors.*fetch it again$"):
        load_tensors(path, "fetch it again")


def test_a_file_of_others_needs_no_checksum(tmp_path: Path) -> None:
    save_file(TENSORS, tmp_path / "x.safetensors")
    assert load_tensors(tmp_path / "x.safetensors")[1] == {}


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DeltaEditError, match="make it so") as caught:
        load_tensors(tmp_path / "none.safetensors", "make it so")
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.name == "nt", reason="Windows counts the whole path")
@pytest.mark.parametrize("name", ["x" * 251 + ".txt", "ü" * 125 + ".txt"])
def test_every_name_that_the_system_takes_can_be_written(tmp_path: Path, name: str) -> None:
    """A sentence, say."""
    assert write_text(tmp_path / name, "text").read_text() == "text"
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_files_keep_the_users_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        paths = [
            save_tensors(tmp_path / "x.safetensors", TENSORS),
            write_text(tmp_path / "x.txt", "text"),
        ]
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o777 for path in paths] == [0o666 & ~mask] * 2
    assert {path.name for path in tmp_path.iterdir()} == {"x.safetensors", "x.txt"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")
@pytest.mark.parametrize("thing", ["pipe", "device", "folder"])
def test_tensors_are_read_from_regular_files_only(thing: str, tmp_path: Path) -> None:
    path = {"pipe": tmp_path / "pipe", "device": Path("/dev/zero"), "folder": tmp_path}[thing]
    if thing == "pipe":
        os.mkfifo(path)
    with pytest.raises(DeltaEditError, match="cannot read"):
        load_tensors(path)
    assert read_header(path) == {}
