"""The files of the shipped networks: whole, checked, and named where they are not."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from deltaedit_kit.domain import Domain
from deltaedit_kit.support.atomic import load_tensors, read_header, save_tensors
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.toyfaces.networks import WEIGHTS, read_weights


def test_weights_come_back_as_they_were(tmp_path: Path) -> None:
    save_tensors(tmp_path / "relevance.safetensors", {"relevance": torch.eye(3)})
    assert torch.equal(read_weights("relevance", tmp_path)["relevance"], torch.eye(3))


@pytest.mark.parametrize("content", [None, b"", b"not safetensors", b"\xff" * 64])
def test_a_missing_or_broken_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "mapper.safetensors").write_bytes(content)
    with pytest.raises(DeltaEditError, match=r"mapper\.safetensors.*install the kit again"):
        read_weights("mapper", tmp_path)


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    file = save_tensors(tmp_path / "mapper.safetensors", {"weight": torch.ones(100)})
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(DeltaEditError, match=r"mapper\.safetensors"):
        read_weights("mapper", tmp_path)


@pytest.mark.parametrize("file", sorted(WEIGHTS.glob("*.safetensors")), ids=lambda file: file.stem)
def test_no_flipped_bit_of_a_shipped_file_is_read(file: Path, tmp_path: Path) -> None:
    assert "checksum" in read_header(file)
    damaged = bytearray(file.read_bytes())
    for place in (len(damaged) // 2, len(damaged) - 1):
        damaged[place] ^= 1
        (tmp_path / file.name).write_bytes(damaged)
        with pytest.raises(DeltaEditError, match="has changed"):
            load_tensors(tmp_path / file.name)
        damaged[place] ^= 1


def test_the_shipped_mapper_and_relevance_name_their_networks(toyfaces: Domain) -> None:
    for network in ("mapper", "relevance"):
        header = read_header(WEIGHTS / f"{network}.safetensors")
        assert header["networks"] == toyfaces.fingerprint()
