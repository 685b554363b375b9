"""The files of the shipped networks: whole, checked, and named where they are not."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from deltaedit_kit.atomic import save_tensors
from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.toyfaces.networks import read_weights


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
