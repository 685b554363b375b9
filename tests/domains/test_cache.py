"""One root for everything that the kit keeps, and one record of each file."""

from __future__ import annotations

from pathlib import Path

import pytest

from deltaedit_kit.io.cache import (
    cache_root,
    downloads_folder,
    first_seen,
    own_folder,
    record_first_seen,
    record_of,
)
from deltaedit_kit.labs.delta_space.clouds.paper import cache_folder
from deltaedit_kit.support.errors import DeltaEditError


@pytest.mark.parametrize("named", [True, False])
def test_everything_lies_under_one_root(
    named: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("DELTAEDIT_CACHE", raising=False)
    if named:
        monkeypatch.setenv("DELTAEDIT_CACHE", "~/mine")
        assert cache_root() == tmp_path / "mine"
    for folder in (downloads_folder(), own_folder("ffhq"), cache_folder()):
        assert folder.is_relative_to(cache_root())
    assert not cache_root().exists()  # asking makes nothing


def test_a_record_of_any_size_or_kind_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    assert first_seen(path) is None
    record_first_seen(path, "a" * 64)
    assert first_seen(path) == "a" * 64
    with record_of(path).open("wb") as sparse:
        sparse.truncate(40 * 10**9)  # read whole, it would not fit into memory
    with pytest.raises(DeltaEditError, match="holds no SHA-256"):
        first_seen(path)
    record_of(path).unlink()
    record_of(path).mkdir()
    with pytest.raises(DeltaEditError, match="is a folder"):
        record_first_seen(path, "a" * 64)
