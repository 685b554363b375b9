"""`deltaedit convert` and `inspect`: round trips, the header, and what they refuse."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from deltaedit_kit.io.checkpoints.converting import convert
from deltaedit_kit.io.checkpoints.describing import describe
from deltaedit_kit.io.checkpoints.loaders import (
    load_arcface,
    load_clip,
    load_delta_mapper,
    load_e4e,
    load_relevance,
    load_stylegan2,
)
from deltaedit_kit.labs.cli.main import main
from deltaedit_kit.support.errors import DeltaEditError
from tests.checkpoints import small
from tests.checkpoints.nvidia import ada_pickle, tf_pickle


def header(path: Path) -> dict[str, str]:
    with safe_open(str(path), framework="pt") as stored:
        return stored.metadata()


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Path]:
    generator = small.generator()
    (tmp_path / "ada.pkl").write_bytes(ada_pickle(generator))
    (tmp_path / "tf.pkl").write_bytes(tf_pickle(generator))
    torch.save({"g_ema": generator.state_dict(), "latent_avg": generator.mean_w}, tmp_path / "g.pt")
    torch.save(small.mapper().state_dict(), tmp_path / "mapper.pth")
    torch.save(small.e4e_file(small.e4e()), tmp_path / "e4e.pt")
    torch.save(small.arcface().state_dict(), tmp_path / "arcface.pth")
    torch.save(small.clip_state(), tmp_path / "clip.pt")
    np.save(tmp_path / "fs3.npy", np.eye(7, 5, dtype=np.float32))
    return {path.stem: path for path in tmp_path.iterdir()}


KINDS = {
    "ada": ("stylegan2", load_stylegan2),
    "tf": ("stylegan2", load_stylegan2),
    "g": ("stylegan2", load_stylegan2),
    "mapper": ("delta_mapper", load_delta_mapper),
    "e4e": ("e4e", load_e4e),
    "arcface": ("arcface", load_arcface),
    "clip": ("clip", lambda path: load_clip(path).model),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_networks_come_back_bit_for_bit(
    name: str, sources: dict[str, Path], tmp_path: Path
) -> None:
    kind, load = KINDS[name]
    out = convert(sources[name], tmp_path / "new" / "x.safetensors")
    before, after = load(sources[name]), load(out)
    small.assert_same(after.state_dict(), before.state_dict())
    if hasattr(before, "mean_w"):
        assert torch.equal(after.mean_w, before.mean_w)
    found = header(out)
    assert found["kind"] == kind
    assert found["source_file"] == sources[name].name
    assert found["source_sha256"] == hashlib.sha256(sources[name].read_bytes()).hexdigest()
    again = convert(out, tmp_path / "again.safetensors")
    small.assert_same(load(again).state_dict(), before.state_dict())


def test_relevance_comes_back(sources: dict[str, Path], tmp_path: Path) -> None:
    out = convert(sources["fs3"], tmp_path / "r.safetensors")
    assert torch.equal(load_relevance(out), load_relevance(sources["fs3"]))
    assert header(out)["style_channels"] == "7"


def test_an_array_of_codes_needs_no_conversion(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", np.ones((301, 4, 5), np.float32))
    assert describe(tmp_path / "w.npy").what == "set of latent codes"
    with pytest.raises(DeltaEditError, match="train --codes"):
        convert(tmp_path / "w.npy", tmp_path / "w.safetensors")


def test_where_the_result_may_not_go(sources: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(DeltaEditError, match=r"call it x\.safetensors"):
        convert(sources["mapper"], tmp_path / "x.pt")
    out = convert(sources["mapper"], tmp_path / "x.safetensors")
    with pytest.raises(DeltaEditError, match="source itself"):
        convert(out, out)
    (tmp_path / "file").write_text("x")
    with pytest.raises(DeltaEditError, match="cannot write"):
        convert(out, tmp_path / "file" / "y.safetensors")
    torch.save({"odd": torch.zeros(1)}, tmp_path / "odd.pt")
    with pytest.raises(DeltaEditError, match="unknown layout"):
        convert(tmp_path / "odd.pt", tmp_path / "z.safetensors")


def test_the_published_sizes_name_their_domains(tmp_path: Path) -> None:
    for channels, domain in ((6048, "ffhq"), (5760, "lsun-cat, lsun-church or lsun-horse")):
        matrix = np.zeros((channels, 3), dtype=np.float32)
        matrix[:, 0] = 1
        np.save(tmp_path / "r.npy", matrix)
        description = describe(tmp_path / "r.npy")
        assert description.domain == f"{domain} (by its sizes)"
        assert description.sizes == {"style_channels": channels, "clip_width": 3}


def test_the_commands(sources: dict[str, Path], tmp_path: Path, capsys) -> None:
    assert main(["inspect", str(sources["ada"]), str(sources["e4e"])]) == 0
    printed = capsys.readouterr().out
    for words in ("StyleGAN2 generator", "persistent classes", "e4e encoder", "64", "sha256"):
        assert words in printed
    assert main(["convert", str(sources["tf"]), str(tmp_path / "cat.safetensors")]) == 0
    assert "rosinality layout, safetensors" in capsys.readouterr().out
    assert main(["inspect", str(tmp_path / "none.pt")]) == 2
    assert "does not exist" in capsys.readouterr().err
