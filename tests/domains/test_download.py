"""Downloads from a server on the loopback address: cuts, wrong content, mirrors, rivals."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deltaedit_kit.domain_spec import PublishedFile
from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.io import download as downloads
from deltaedit_kit.io.cache import record_of
from deltaedit_kit.io.download import obtain
from tests.domains.server import Site, serving

CHUNK = 512 * 1024  # what gdown writes at once
BODY = bytes(range(256)) * 8000  # 2 MB: several chunks
SHA = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        site.files["net.bin"] = BODY
        yield site


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause before a retry: gdown draws its length at random."""
    monkeypatch.setattr("random.uniform", lambda low, _: low)


def a_file(site: Site, **changes: object) -> PublishedFile:
    file = PublishedFile(
        "net.bin", (site.url("net.bin"),), SHA, megabytes=2, licence="CC0", page="https://a.page"
    )
    return replace(file, **changes)


def whole_files(folder: Path) -> set[str]:
    """Every file below the folder, except the locks, which are empty and stay."""
    return {p.name for p in folder.rglob("*") if p.is_file() and p.suffix != ".lock"}


def test_a_file_is_fetched_once_and_the_licence_is_told_before(site: Site, tmp_path: Path) -> None:
    told: list[str] = []

    def tell(text: str) -> None:
        assert site.asked == []
        told.append(text)

    path = obtain([a_file(site)], tmp_path, tell)
    assert path == tmp_path / "net.bin"
    assert path.read_bytes() == BODY
    assert told == ["net.bin (2 MB). Licence: CC0"]
    assert obtain([a_file(site)], tmp_path, tell) == path
    assert [asked for asked, _ in site.asked] == ["net.bin"]
    assert whole_files(tmp_path) == {"net.bin"}


@pytest.mark.parametrize("cuts", [1, 6])
@pytest.mark.parametrize("sha256", [SHA, None])
def test_a_cut_transfer_goes_on_where_it_was(
    site: Site, tmp_path: Path, cuts: int, sha256: str | None
) -> None:
    site.cuts["net.bin"] = cuts
    path = obtain([a_file(site, sha256=sha256)], tmp_path)
    assert path.read_bytes() == BODY
    starts = [int(asked[6:-1]) for _, asked in site.asked if asked]
    assert starts[0] == CHUNK  # half of the file came, and whole chunks of it are kept
    assert starts == sorted(starts)  # never back to what was already here
    assert len(site.asked) > cuts
    assert whole_files(tmp_path) - {"net.bin.sha256"} == {"net.bin"}


def test_a_server_that_cannot_go_on_in_the_middle_is_asked_afresh(
    site: Site, tmp_path: Path
) -> None:
    site.ranges, site.cuts["net.bin"] = False, 1
    assert obtain([a_file(site)], tmp_path).read_bytes() == BODY
    assert site.asked[-1] == ("net.bin", None)
    assert whole_files(tmp_path) == {"net.bin"}


def test_a_line_that_stays_cut_fails_and_a_later_call_goes_on(site: Site, tmp_path: Path) -> None:
    class Enough(BaseException):
        """As Ctrl-C."""

    bars: list[int] = []

    def stop(*_: object, **__: object) -> None:
        bars.append(1)
        if len(bars) == 3:
            raise Enough

    site.files["net.bin"] = BODY
    from tqdm.auto import tqdm

    original = tqdm.update
    tqdm.update = stop  # type: ignore[method-assign]
    try:
        with pytest.raises(Enough):
            obtain([a_file(site)], tmp_path)
    finally:
        tqdm.update = original  # type: ignore[method-assign]
    assert "net.bin" not in whole_files(tmp_path)
    assert obtain([a_file(site)], tmp_path).read_bytes() == BODY
    assert any(asked for _, asked in site.asked)
    assert whole_files(tmp_path) == {"net.bin"}


def test_wrong_content_is_refused_and_nothing_stays(site: Site, tmp_path: Path) -> None:
    site.files["net.bin"] = BODY[:-1] + b"!"
    with pytest.raises(DeltaEditError, match="wrong hash") as caught:
        obtain([a_file(site)], tmp_path)
    for part in ("net.bin (2 MB)", "127.0.0.1", "https://a.page", str(tmp_path)):
        assert part in str(caught.value)
    assert whole_files(tmp_path) == set()


def test_after_a_404_and_a_liar_the_next_mirror_is_asked(site: Site, tmp_path: Path) -> None:
    site.files["liar.bin"] = b"not it" * 1000
    addresses = tuple(site.url(path) for path in ("gone.bin", "liar.bin", "net.bin", "spare.bin"))
    path = obtain([a_file(site, addresses=addresses)], tmp_path)
    assert path.read_bytes() == BODY
    assert [asked for asked, _ in site.asked] == ["gone.bin", "liar.bin", "net.bin"]
    assert whole_files(tmp_path) == {"net.bin"}


def test_another_form_of_the_same_network_is_the_second_choice(site: Site, tmp_path: Path) -> None:
    missing = a_file(site, name="net.pkl", addresses=(site.url("net.pkl"),))
    assert obtain([missing, a_file(site)], tmp_path) == tmp_path / "net.bin"
    site.asked.clear()
    assert obtain([missing, a_file(site)], tmp_path) == tmp_path / "net.bin"
    assert site.asked == []


def test_a_web_page_is_no_network(site: Site, tmp_path: Path) -> None:
    site.files["net.bin"] = b"\n<!DOCTYPE html><title>Quota exceeded</title>"
    with pytest.raises(DeltaEditError, match="web page instead of the file"):
        obtain([a_file(site, sha256=None)], tmp_path)
    assert whole_files(tmp_path) == set()


def test_when_nobody_answers_the_message_says_what_to_do(site: Site, tmp_path: Path) -> None:
    files = [
        a_file(site, addresses=(site.url("a"), "http://127.0.0.1:9/b")),
        a_file(site, name="net.pt", addresses=(site.url("c"),), page="https://b.page"),
    ]
    with pytest.raises(DeltaEditError) as caught:
        obtain(files, tmp_path, retries=0)
    message = str(caught.value)
    for part in ("net.bin (2 MB) or net.pt", "answered 404", "127.0.0.1:9", str(tmp_path)):
        assert part in message
    assert "https://a.page or https://b.page" in message
    assert "\n" not in message
    assert whole_files(tmp_path) == set()


def test_a_file_put_there_by_hand_is_used_without_asking(site: Site, tmp_path: Path) -> None:
    (tmp_path / "net.bin").write_bytes(BODY)
    assert obtain([a_file(site)], tmp_path) == tmp_path / "net.bin"
    assert site.asked == []
    (tmp_path / "net.bin").write_bytes(BODY[:100])
    with pytest.raises(DeltaEditError, match=r"damaged or another file.*delete it"):
        obtain([a_file(site)], tmp_path)
    assert (tmp_path / "net.bin").exists()  # it is the user's file, and his to delete


def test_the_first_hash_seen_is_recorded_and_enforced(site: Site, tmp_path: Path) -> None:
    file = a_file(site, sha256=None)
    path = obtain([file], tmp_path)
    assert record_of(path).read_text() == f"{SHA}  net.bin\n"
    path.write_bytes(BODY + b"more")
    with pytest.raises(DeltaEditError, match="has changed"):
        obtain([file], tmp_path)
    path.unlink()
    site.files["net.bin"] = BODY + b"more"
    with pytest.raises(DeltaEditError, match="first seen here"):
        obtain([file], tmp_path)
    assert whole_files(tmp_path) == {"net.bin.sha256"}
    site.files["net.bin"] = BODY
    assert obtain([file], tmp_path).read_bytes() == BODY


def test_a_git_blob_hash_is_checked(site: Site, tmp_path: Path) -> None:
    blob = hashlib.sha1(b"blob %d\0" % len(BODY) + BODY).hexdigest()
    file = a_file(site, sha256=None, git_blob=blob)
    assert obtain([file], tmp_path / "good").read_bytes() == BODY
    with pytest.raises(DeltaEditError, match="wrong hash"):
        obtain([replace(file, git_blob="0" * 40)], tmp_path / "bad")
    assert whole_files(tmp_path / "bad") == set()


def test_the_git_blob_hash_is_gits(tmp_path: Path) -> None:
    (tmp_path / "hello").write_bytes(b"hello world\n")
    from deltaedit_kit.io.cache import git_blob_of

    # `printf 'hello world\n' | git hash-object --stdin`
    assert git_blob_of(tmp_path / "hello") == "3b18e512dba79e4c8300dd08aeb37f8e728b8dad"


def test_two_processes_at_once_load_the_file_once(site: Site, tmp_path: Path) -> None:
    site.slow = 0.5
    code = (
        "import sys; from pathlib import Path\n"
        "from deltaedit_kit.io.download import obtain\n"
        "from deltaedit_kit.domain_spec import PublishedFile\n"
        "file = PublishedFile('net.bin', (sys.argv[1],), sys.argv[2])\n"
        "print(obtain([file], Path(sys.argv[3])).stat().st_size)\n"
    )
    arguments = [sys.executable, "-c", code, site.url("net.bin"), SHA, str(tmp_path)]
    running = [
        subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=120) for process in running]
    assert [out.strip() for out, _ in outputs] == [str(len(BODY))] * 2, outputs
    assert site.asked == [("net.bin", None)]
    assert whole_files(tmp_path) == {"net.bin"}


def test_a_killed_process_leaves_no_file_that_could_be_read(site: Site, tmp_path: Path) -> None:
    partial = tmp_path / ".net.bin.partial"
    partial.mkdir()
    (partial / "net.binabcdefgh.part").write_bytes(b"of another version" * 100)
    with pytest.raises(DeltaEditError):  # spoilt bytes in front: the hash tells
        obtain([a_file(site)], tmp_path)
    assert obtain([a_file(site)], tmp_path).read_bytes() == BODY
    assert whole_files(tmp_path) == {"net.bin"}


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_named(site: Site, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DeltaEditError, match=r"cannot write .* DELTAEDIT_CACHE"):
        obtain([a_file(site)], tmp_path / "files")
    assert site.asked == []


def test_a_full_disk_is_named(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(downloads, "transferred", full)
    with pytest.raises(DeltaEditError, match=r"no room for net.bin \(2 MB\)"):
        obtain([a_file(site)], tmp_path)
    assert whole_files(tmp_path) == set()
