"""What a server answers: no page, no part and no other version passes for the file."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from deltaedit_kit.io.cache import record_of
from deltaedit_kit.io.download import obtain
from deltaedit_kit.support.errors import DeltaEditError
from tests.domains.server import BODY, SHA, Site, a_file, read, whole_files

pytestmark = pytest.mark.usefixtures("impatient", "own_cache")


@pytest.fixture
def matrix(tmp_path: Path) -> bytes:
    np.save(tmp_path / "r.npy", np.eye(500, dtype=np.float32))
    return (tmp_path / "r.npy").read_bytes()


ANSWERS = {
    "page": b"<!DOCTYPE html><title>Quota exceeded</title>",
    "page after a BOM": b"\xef\xbb\xbf\n<html><body>Sign in</body></html>",
    "page after a comment": b"<!-- cached -->\n<!-- again --> <!doctype html><p>no",
    "page of a table": b"<table><tr><td>404</td></tr></table>",
    "JSON": b'{"error": "quota", "code": 429}',
    "JSON list": b'[{"error": 1}]',
    "LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n",
    "text": b"Too many requests. Try again later.",
    "XML": b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",
    "zeros": bytes(1_000_000),
    "nothing": b"",
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_what_is_no_network_is_neither_kept_nor_remembered(
    answer: str, site: Site, tmp_path: Path, own_cache: Path
) -> None:
    """Nobody published a hash: the reader has the word."""
    site.files["net.bin"] = ANSWERS[answer]
    with pytest.raises(DeltaEditError, match=r"cannot download net\.bin"):
        obtain([a_file(site, sha256=None, megabytes=None)], tmp_path / "files", accept=read)
    assert whole_files(tmp_path) == set()
    assert whole_files(own_cache) == set()


@pytest.mark.parametrize("cut", [1, 1000, -1])
def test_a_file_cut_short_by_a_server_that_does_not_say_so(
    cut: int, site: Site, tmp_path: Path, matrix: bytes
) -> None:
    site.files["net.bin"] = matrix[:cut]
    with pytest.raises(DeltaEditError, match="cannot download"):
        obtain([a_file(site, sha256=None, megabytes=None)], tmp_path / "files", accept=read)
    site.files["net.bin"] = matrix
    obtain([a_file(site, sha256=None, megabytes=1)], tmp_path / "files", accept=read)


@pytest.mark.parametrize("part", [False, True])
@pytest.mark.parametrize("status", [201, 202, 203, 206, 207])
def test_only_200_is_the_file(
    status: int, part: bool, site: Site, tmp_path: Path, matrix: bytes
) -> None:
    site.files["net.bin"], site.status = matrix, status
    if part:
        site.headers["Content-Range"] = f"bytes 0-{len(matrix) - 1}/{2 * len(matrix)}"
    with pytest.raises(DeltaEditError, match="nobody asked for" if status == 206 else "answered"):
        obtain([a_file(site, sha256=None, megabytes=1)], tmp_path / "files", accept=read)


@pytest.mark.parametrize(("declared", "words"), [(0.1, "MB that are declared|at most"), (40, "40")])
@pytest.mark.parametrize("said", [True, False])
def test_sizes_far_from_the_declared_one(
    declared: float, words: str, said: bool, site: Site, tmp_path: Path
) -> None:
    site.files["net.bin"] = BODY * 4  # 8 MB
    site.length = said
    with pytest.raises(DeltaEditError, match=words):
        obtain([a_file(site, sha256=None, megabytes=declared)], tmp_path)
    assert whole_files(tmp_path) == set()


@pytest.mark.parametrize("tag", ['"1"', None])
@pytest.mark.parametrize("sha256", [SHA, None])
def test_two_versions_are_never_spliced(
    tag: str | None, sha256: str | None, site: Site, tmp_path: Path
) -> None:
    """The file changes between the tries, each of which is cut but the last."""
    other = bytes(reversed(BODY))
    site.tag, site.cuts["net.bin"] = tag, 2
    site.versions["net.bin"] = [other, bytes(len(BODY)), BODY]
    file = a_file(site, sha256=sha256)
    try:
        path = obtain([file], tmp_path)
    except DeltaEditError:
        assert whole_files(tmp_path) == set()
        path = obtain([file], tmp_path)
    assert path.read_bytes() == BODY


def test_a_file_put_there_by_hand_is_read_before_it_is_remembered(
    site: Site, tmp_path: Path, matrix: bytes
) -> None:
    file = a_file(site, sha256=None, name="r2.npy")
    (tmp_path / "r2.npy").write_bytes(ANSWERS["page"])
    with pytest.raises(DeltaEditError, match="web page"):
        obtain([file], tmp_path, accept=read)
    assert not record_of(tmp_path / "r2.npy").exists()
    (tmp_path / "r2.npy").write_bytes(matrix)
    assert obtain([file], tmp_path, accept=read) == tmp_path / "r2.npy"
    assert record_of(tmp_path / "r2.npy").exists()
    assert site.asked == []


def test_a_folder_on_another_disk(
    site: Site, tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = os.replace

    def replace_on_one_disk(source: os.PathLike, target: os.PathLike) -> None:
        if Path(source).is_relative_to(own_cache):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        plain(source, target)

    monkeypatch.setattr(os, "replace", replace_on_one_disk)
    assert obtain([a_file(site)], tmp_path).read_bytes() == BODY
    assert whole_files(tmp_path) == {"net.bin"}
    assert whole_files(own_cache) == set()
