"""`deltaedit download` and `relevance`: lists, resumes, and one line for what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from deltaedit_kit import load_domain, relevance
from deltaedit_kit.io import download
from deltaedit_kit.io.standin import write_standin
from deltaedit_kit.labs.cli import main as cli
from deltaedit_kit.relevance import Plan, compute_relevance


@pytest.fixture(autouse=True)
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DELTAEDIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(download, "transferred", lambda *_: pytest.fail("asked the network"))


@pytest.fixture(scope="module")
def without_relevance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_standin(tmp_path_factory.mktemp("mine"), "mine", ["generator", "clip", "mapper"])


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(arguments)
    out, err = capsys.readouterr()
    return code, out, err


def test_a_dry_run_lists_files_sizes_and_licences(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, err = run(capsys, "download", "ffhq", "--dry-run")
    assert (code, err) == (0, "")
    for words in ("stylegan2-ffhq-config-f.pkl", "382", "ViT-B-32.pt", "net_face.pth", "fs3.npy"):
        assert words in out
    assert "NVIDIA Source Code License-NC" in out
    assert "to download: 911 MB, and 3 files whose size nobody published" in out
    assert f"folder: {tmp_path / 'cache' / 'files'}" in out
    assert not (tmp_path / "cache").exists()


def test_some_networks_can_be_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "download", "ffhq", "--dry-run", "--only", "clip, identity")
    assert "ViT-B-32.pt" in out
    assert "fs3.npy" not in out
    code, _, err = run(capsys, "download", "ffhq", "--only", "clib")
    assert code == 2
    assert "no network 'clib'; choose from generator, clip" in err


def test_download_says_where_every_file_is(
    capsys: pytest.CaptureFixture[str], without_relevance: Path
) -> None:
    code, out, _ = run(capsys, "download", str(without_relevance))
    assert code == 0
    assert "to download: 0 MB" in out
    assert f"`deltaedit relevance {without_relevance}`" in out
    assert "nothing is downloaded" in run(capsys, "download", "toyfaces")[1]
    code, _, err = run(capsys, "download", "lsun-dog")
    assert code == 2
    assert "unknown domain 'lsun-dog'; did you mean 'lsun-" in err


def test_download_fetches_what_is_not_here(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from deltaedit_kit.io import published_domain

    asked: list[str] = []

    def obtained(files: tuple, folder: Path, *_: object, **__: object) -> Path:
        asked.append(files[0].name)
        return folder / files[0].name

    monkeypatch.setattr(published_domain, "obtain", obtained)
    code, out, _ = run(capsys, "download", "lsun-church", "--only", "generator,clip,mapper")
    assert code == 0
    assert asked == ["stylegan2-church-config-f.pkl", "ViT-B-32.pt"]
    assert f"clip: {tmp_path / 'cache' / 'files' / 'ViT-B-32.pt'}" in out


@pytest.mark.slow
def test_relevance_lands_where_the_domain_finds_it(
    capsys: pytest.CaptureFixture[str], without_relevance: Path
) -> None:
    result = without_relevance / "relevance.safetensors"
    code, out, _ = run(capsys, "relevance", str(without_relevance), "--pictures", "2")
    assert code == 0
    assert f"saved {result}" in out
    domain = load_domain(without_relevance)
    expected = compute_relevance(domain, Plan(pictures=2))
    torch.testing.assert_close(domain.relevance, expected, atol=1e-3, rtol=1e-3)
    with safe_open(str(result), "pt") as stored:
        header = stored.metadata()
    assert (header["domain"], header["pictures"], header["step"]) == ("mine", "2", "5")
    assert not list(without_relevance.glob("relevance-*"))
    result.unlink()


def test_relevance_refuses_what_cannot_be(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    without_relevance: Path,
    tmp_path: Path,
) -> None:
    command = ("relevance", str(without_relevance))
    for option, number in (
        ("pictures", "0"),
        ("batch", "-1"),
        ("batch", "0"),
        ("seed", "-1"),
        ("seed", "4294967296"),
        ("step", "inf"),
    ):
        code, _, err = run(capsys, *command, f"--{option}={number}")
        assert (code, f"{option} is {number}" in err) == (2, True)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(relevance, "save_tensors", full)
        code, _, err = run(capsys, *command, "--pictures", "1")
    assert code == 2
    assert "finished parts are kept" in err
    assert not list(without_relevance.glob("relevance-*"))  # there was none


def test_relevance_asks_for_its_place_before_the_work(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(relevance, "compute_relevance", lambda *_: pytest.fail("began to work"))
    (tmp_path / "file").write_text("")
    for place, words in (
        (tmp_path / "file" / "r.safetensors", "is not a folder"),
        (tmp_path / "r.pt", "give a file NAME.safetensors"),
        (tmp_path, "give a file NAME.safetensors"),
    ):
        code, _, err = run(capsys, "relevance", "toyfaces", "--out", str(place))
        assert (code, words in err) == (2, True)
    code, _, err = run(capsys, "relevance", "toyfaces")
    assert code == 2
    assert "has a relevance already, which load_domain uses; give another place" in err
