"""Downloads from a server on the loopback address: cuts, wrong content, mirrors, two at once."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from deltaedit_kit.io import download as downloads
from deltaedit_kit.io.cache import record_of
from deltaedit_kit.io.download import obtain
from deltaedit_kit.support.errors import DeltaEditError
from tests.domains.server import BODY, SHA, Site, a_file, whole_files

pytestmark = pytest.mark.usefixtures("impatient", "own_cache")


def test_a_file_is_fetched_once_and_the_licence_is_told_before(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[str] = []

    def tell(text: str) -> None:
        assert site.asked == []
        printed.append(text)

    monkeypatch.setattr(downloads, "note", tell)
    path = obtain([a_file(site)], tmp_path)
    assert path == tmp_path / "net.bin"
    assert path.read_bytes() == BODY
    assert printed == ["net.bin (2 MB). Licence: CC0"]
    assert obtain([a_file(site)], tmp_path) == path
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
    assert 0.4 < starts[0] / len(BODY) <= 0.5  # half of the file came, whole chunks are kept
    assert starts == sorted(starts)  # never back to what was already here
    assert len(site.asked) > cuts
    assert whole_files(tmp_path) - {"net.bin.sha256"} == {"net.bin"}


def test_a_server_that_cannot_go_on_in_the_middle_is_asked_afresh(
    site: Site, tmp_path: Path
) -> None:
    site.ranges, site.cuts["net.bin"] = False, 1
    assert obtain([a_file(site)], tmp_path).read_bytes() == BODY
    assert whole_files(tmp_path) == {"net.bin"}


def test_a_server_that_tells_no_version_and_always_cuts_is_given_up(
    site: Site, tmp_path: Path
) -> None:
    site.tag, site.cuts["net.bin"] = None, 50
    with pytest.raises(DeltaEditError, match="cannot download"):
        obtain([a_file(site, sha256=None)], tmp_path)


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
    with pytest.raises(DeltaEditError, match="sent another file") as caught:
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


def test_when_nobody_answers_the_message_says_what_to_do(site: Site, tmp_path: Path) -> None:
    files = [
        a_file(site, addresses=(site.url("a"), "http://127.0.0.1:9/b")),
        a_file(site, name="net.pt", addresses=(site.url("c"),), page="https://b.page"),
    ]
    with pytest.raises(DeltaEditError) as caught:
        obtain(files, tmp_path)
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
    with pytest.raises(DeltaEditError, match="sent another file"):
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
        "from deltaedit_kit.domain.spec import PublishedFile\n"
        "file = PublishedFile('net.bin', (sys.argv[1],), sys.argv[2])\n"
        "print(obtain([file], Path(sys.argv[3])).stat().st_size)\n"
    )
    arguments = [sys.executable, "-c", code, site.url("net.bin"), SHA, str(tmp_path)]
    running = [
        subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=1200) for process in running]
    assert [out.strip() for out, _ in outputs] == [str(len(BODY))] * 2, outputs
    assert site.asked == [("net.bin", None)]
    assert whole_files(tmp_path) == {"net.bin"}


def test_what_a_killed_process_left_is_used_or_thrown_away(
    site: Site, tmp_path: Path, own_cache: Path
) -> None:
    file, target = a_file(site), tmp_path / "net.bin"
    with downloads.only_me(target, file) as work:
        (work / "content").write_bytes(b"of another version" * 100)
    with pytest.raises(DeltaEditError):  # spoilt bytes in front: the hash tells
        obtain([file], tmp_path)
    with downloads.only_me(target, file) as work:
        (work / "content").write_bytes(BODY)  # killed before the file was moved
    assert obtain([file], tmp_path).read_bytes() == BODY
    unhashed = a_file(site, sha256=None, name="other.bin")
    with downloads.only_me(tmp_path / "other.bin", unhashed) as work:
        (work / "content").write_bytes(b"of another version" * 100)
        kept = work
    kept.mkdir(exist_ok=True)
    (kept / "content").write_bytes(b"of another version" * 100)
    assert obtain([unhashed], tmp_path).read_bytes() == BODY
    assert whole_files(own_cache) == set()
    assert whole_files(tmp_path) == {"net.bin", "other.bin", "other.bin.sha256"}


@pytest.mark.slow
def test_a_killed_download_leaves_nothing_in_the_folder_and_little_in_the_cache(
    site: Site, tmp_path: Path, own_cache: Path
) -> None:
    """Killed in the middle ten times: no pile of temporary files."""
    site.files["net.bin"] = BODY * 20
    site.headers["Connection"] = "close"
    code = (
        "import os, sys; from pathlib import Path\n"
        "from deltaedit_kit.io import download\n"
        "from deltaedit_kit.domain.spec import PublishedFile\n"
        "download.check_hashes = lambda *_: os._exit(9)\n"
        "file = PublishedFile('net.bin', (sys.argv[1],))\n"
        "download.obtain([file], Path(sys.argv[2]))\n"
    )
    for _ in range(3):
        arguments = [sys.executable, "-c", code, site.url("net.bin"), str(tmp_path)]
        assert subprocess.run(arguments, capture_output=True, check=False).returncode == 9
        assert whole_files(tmp_path) == set()
        assert whole_files(own_cache) == {"content", "content.version"}
    site.files["net.bin"], site.tag = BODY, '"2"'
    assert obtain([a_file(site, sha256=None)], tmp_path).read_bytes() == BODY
    assert whole_files(own_cache) == set()


@pytest.mark.parametrize("changed", [False, True])
def test_a_file_without_a_hash_goes_on_in_a_later_process(
    changed: bool, site: Site, tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A version that the server told is remembered; another version is loaded from its start."""
    file = a_file(site, sha256=None)
    site.files["net.bin"] = BODY
    site.cuts["net.bin"] = 10
    monkeypatch.setattr("deltaedit_kit.io.transfer.RETRIES", 0)
    with pytest.raises(DeltaEditError):
        obtain([file], tmp_path)
    assert whole_files(own_cache) == {"content", "content.version"}
    site.cuts["net.bin"] = 0
    if changed:
        site.files["net.bin"], site.tag = BODY[::-1], '"2"'
    site.asked.clear()
    assert obtain([file], tmp_path).read_bytes() == site.files["net.bin"]
    assert [bool(asked) for _, asked in site.asked] == [True]
    assert whole_files(own_cache) == set()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_named(site: Site, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DeltaEditError, match=r"cannot write .* DELTAEDIT_CACHE"):
        obtain([a_file(site)], tmp_path / "files")


def test_a_full_disk_is_named(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(downloads, "transferred", full)
    with pytest.raises(DeltaEditError, match=r"no room for net.bin \(2 MB\)"):
        obtain([a_file(site)], tmp_path)
    assert whole_files(tmp_path) == set()
