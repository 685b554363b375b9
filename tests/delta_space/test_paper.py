"""The paper's features: read from a folder, refused without consent, never unpickled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deltaedit_kit.domain.spec import PublishedFile
from deltaedit_kit.io import download
from deltaedit_kit.labs.delta_space.clouds import paper, paper_features
from deltaedit_kit.support.errors import DeltaEditError


def write(folder: Path, data: str = "celeba", dtype: str = "float32") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for seed, part in enumerate(paper.PARTS):
        rows = np.random.default_rng(seed).standard_normal(paper.SHAPE)
        np.save(folder / f"cspace_{data}_{part}.npy", rows.astype(dtype))


@pytest.fixture(autouse=True)
def few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if 12 rows of width 5 had been released."""
    monkeypatch.setattr(paper, "SHAPE", (12, 5))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DELTAEDIT_CACHE", str(tmp_path))
    return tmp_path / "paper"


def test_from_a_folder_and_from_the_cache(tmp_path: Path, cache: Path) -> None:
    write(tmp_path / "mine")
    raw, delta = paper_features("celeba", tmp_path / "mine")
    assert raw.pictures == pytest.approx(np.load(tmp_path / "mine" / "cspace_celeba_i.npy"))
    assert delta.texts == pytest.approx(np.load(tmp_path / "mine" / "cspace_celeba_deltat.npy"))
    assert len(raw) == len(delta) == 12
    write(cache / "tsne_celeba")  # one folder below, as in a copy of the repository
    assert (paper_features("celeba").raw.texts == raw.texts).all()


def test_nothing_is_downloaded_without_consent(cache: Path, monkeypatch) -> None:
    monkeypatch.setattr(paper, "_download", lambda *_: pytest.fail("downloaded"))
    with pytest.raises(DeltaEditError, match=r"consent=True.* downloads 12 MB"):
        paper_features("cocoval")
    with pytest.raises(DeltaEditError, match=r"lacks cspace_celeba_i\.npy"):
        paper_features("celeba", cache)


def test_a_download_is_checked_and_its_failure_says_what_to_do(cache: Path, monkeypatch) -> None:
    asked: dict[str, str | None] = {}

    def fails(address: str, _: Path, file: PublishedFile) -> None:
        asked[address] = file.sha256
        raise download.Refused("no route to host")

    monkeypatch.setattr(download, "transferred", fails)
    with pytest.raises(DeltaEditError, match=r"no route to host.*tSNE/celeba of .*put it in"):
        paper_features("celeba", consent=True)
    ((address, sha256),) = asked.items()
    assert address.endswith("/tSNE/celeba/cspace_celeba_i.npy")
    assert sha256 == paper.SHA256["celeba_i"]


def test_other_arrays_and_pickles_are_refused(tmp_path: Path) -> None:
    write(tmp_path, dtype="float64")
    with pytest.raises(DeltaEditError, match="holds float64"):
        paper_features("celeba", tmp_path)
    np.save(tmp_path / "cspace_celeba_i.npy", np.array([object()]), allow_pickle=True)
    with pytest.raises(DeltaEditError, match="cannot read"):
        paper_features("celeba", tmp_path)
    with pytest.raises(DeltaEditError, match="no features are called 'ffhq'"):
        paper_features("ffhq", tmp_path)  # type: ignore[arg-type]
