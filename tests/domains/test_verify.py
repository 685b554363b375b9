"""`deltaedit verify`: what the first user of real files prints, and two users compare."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from deltaedit_kit.io.standin import write_standin
from deltaedit_kit.io.verifying import agree, differences, thumbnails, verify
from deltaedit_kit.labs.cli import main as cli
from deltaedit_kit.support.atomic import load_tensors, save_tensors


@pytest.fixture(scope="module")
def report(standin: Path) -> Any:
    return verify(standin)


@pytest.mark.slow
def test_a_report_names_files_sizes_and_an_edit(report: Any) -> None:
    assert set(report["files"]) == {
        "generator",
        "clip",
        "mapper",
        "relevance",
        "inversion",
        "identity",
    }
    assert all(len(row["sha256"]) == 64 for row in report["files"].values())
    assert report["sizes"]["resolution"] == 64
    assert report["statistics"]["mean w, cosine with its estimate"] > 0.9
    texts = [text for text in report["edit"] if text.startswith("face")]
    assert len(texts) == 2
    assert not any("same edit" in doubt for doubt in report["doubts"])
    assert len(report["edit"][texts[0]]["thumbnail after"]) == 2 * 48 + 1
    assert json.loads(json.dumps(report)) == report


@pytest.mark.slow
def test_toyfaces_raises_no_doubt(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["verify", "toyfaces"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == "no doubts"
    assert "CLIP score" in out


def test_two_users_see_the_same_or_what_differs(
    standin: Path, report: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert differences(report, json.loads(json.dumps(report))) == []
    other = Path(shutil.copytree(standin, tmp_path / "other"))
    tensors, header = load_tensors(other / "generator.safetensors")
    tensors["to_rgb1.bias"] = tensors["to_rgb1.bias"] + 1
    save_tensors(other / "generator.safetensors", tensors, header)
    (tmp_path / "mine.json").write_text(json.dumps(report))
    assert cli.main(["verify", str(other), "--against", str(tmp_path / "mine.json")]) == 0
    out = capsys.readouterr().out
    for words in ("files, generator:", "sizes, fingerprint:", "edit, thumbnail before:"):
        assert words in out
    assert "files, clip:" not in out.split("doubt")[-1]


def test_thumbnails_bear_rounding_and_tell_pictures_apart() -> None:
    pictures = torch.rand(3, 3, 64, 64) * 2 - 1
    ours = thumbnails(pictures)
    assert agree(ours, thumbnails(pictures + 1e-3 * torch.randn_like(pictures)))
    assert not agree(ours, thumbnails(pictures * 0.2 + 0.5))
    assert not agree(ours, ours[:-1])
    assert not agree(ours, "not hex at all" * 11)


def test_networks_that_do_not_belong_together_raise_doubts(standin: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(standin, tmp_path / "wrong"))
    tensors, header = load_tensors(folder / "generator.safetensors")
    tensors["latent_avg"] = torch.randn(32)
    tensors["to_rgbs.3.bias"] = tensors["to_rgbs.3.bias"] + torch.tensor([50.0, -50.0, 0.0]).view(
        1, 3, 1, 1
    )
    save_tensors(folder / "generator.safetensors", tensors, header)
    doubts = " ".join(verify(folder)["doubts"])
    assert "mean w points elsewhere" in doubts
    assert "outside [-1, 1]" in doubts


def test_sentences_that_clip_cannot_tell_apart_raise_a_doubt(standin: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(standin, tmp_path / "same"))
    declaration = json.loads((folder / "domain.json").read_text())
    declaration["examples"] = ["a zorp cat", "a ZORP cat"]
    (folder / "domain.json").write_text(json.dumps(declaration))
    assert any("give the same edit" in doubt for doubt in verify(folder)["doubts"])


def test_a_domain_without_mapper_is_verified_as_far_as_it_goes(tmp_path: Path) -> None:
    found = verify(write_standin(tmp_path, "mine", ["generator", "clip"]))
    assert "`deltaedit relevance" in found["edit"]["none"]
    assert "none" in found["files"]["mapper"]


@pytest.mark.parametrize("text", ["", "[1]", "{}", "[" * 10_000, "\xff"])
def test_what_is_no_report_is_refused(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.json").write_text(text, encoding="latin-1")
    assert cli.main(["verify", "toyfaces", "--against", str(tmp_path / "a.json")]) == 2
    assert "is not a report" in capsys.readouterr().err
