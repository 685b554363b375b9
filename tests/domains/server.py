"""A small web server on the loopback address that misbehaves as told: cuts, lies, excuses."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from deltaedit_kit.domain.spec import PublishedFile
from deltaedit_kit.io.checkpoints.loaders import load_relevance

BODY = bytes(range(256)) * 8000  # 2 MB: many chunks
SHA = hashlib.sha256(BODY).hexdigest()


@dataclass
class Site:
    """What the server gives for a path, and what it was asked for."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    cuts: dict[str, int] = field(default_factory=dict)  # how many answers stop in the middle
    ranges: bool = True  # whether it goes on in the middle when asked
    slow: float = 0.0  # seconds before an answer
    tag: str | None = '"1"'  # the version that it says a file is of
    versions: dict[str, list[bytes]] = field(default_factory=dict)  # the file of the next answers
    headers: dict[str, str] = field(default_factory=dict)  # said with every answer
    status: int | None = None  # said in place of 200
    length: bool = True  # whether it says how long the answer is
    asked: list[tuple[str, str | None]] = field(default_factory=list)  # (path, Range)

    def url(self, path: str) -> str:
        return f"{self.address}/{path}"


@contextmanager
def serving() -> Iterator[Site]:
    """A site on a free port, gone afterwards."""
    site = Site()
    hold = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path, asked = self.path.lstrip("/"), self.headers.get("Range")
            with hold:
                site.asked.append((path, asked))
                cut = site.cuts.get(path, 0) > 0
                site.cuts[path] = site.cuts.get(path, 0) - 1
            threading.Event().wait(site.slow)
            if path not in site.files:
                self.send_error(404)
                return
            if site.versions.get(path):
                site.files[path] = site.versions[path].pop(0)
                site.tag = site.tag and f'"{len(site.asked)}"'
            body, total = site.files[path], len(site.files[path])
            wanted = re.fullmatch(r"bytes=(\d+)-", asked or "")
            same = self.headers.get("If-Range") in (None, site.tag)
            start = int(wanted[1]) if wanted and site.ranges and same else 0
            self.send_response(206 if start else site.status or 200)
            if site.tag:
                self.send_header("ETag", site.tag)
            for name, value in site.headers.items():
                self.send_header(name, value)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
            if site.length:
                self.send_header("Content-Length", str(total - start))
            self.end_headers()
            rest = body[start:]
            self.wfile.write(rest[: len(rest) // 2] if cut else rest)
            if cut or not site.length:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def a_file(site: Site, **changes: object) -> PublishedFile:
    file = PublishedFile(
        "net.bin", (site.url("net.bin"),), SHA, megabytes=2, licence="CC0", page="https://a.page"
    )
    return replace(file, **changes)


def whole_files(folder: Path) -> set[str]:
    """Every file below the folder, except the locks, which are empty and stay."""
    return {p.name for p in folder.rglob("*") if p.is_file() and p.suffix != ".lock"}


def read(path: Path) -> None:
    """A reader, as those of networks are."""
    load_relevance(path)
