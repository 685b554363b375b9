"""A server of files on the loopback address that cuts some answers in the middle.

    python -m recipes.rehearsal.site FOLDER PORT NAME...     the first answer for NAME stops at half

Answers stream from the disk and know ranges and versions, as real ones do.
"""

from __future__ import annotations

import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PIECE = 2**20  # bytes


class Handler(BaseHTTPRequestHandler):
    """GET with ranges; `folder` and `cuts` are set by `serve`."""

    protocol_version = "HTTP/1.1"
    folder = Path()
    cuts: set[str]

    def do_GET(self) -> None:
        """The file, or the rest of it; half of that where it is to be cut."""
        path = self.folder / Path(self.path).name
        if not path.is_file():
            self.send_error(404)
            return
        total, tag = path.stat().st_size, f'"{path.stat().st_mtime_ns}"'
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        same = self.headers.get("If-Range") in (None, tag)
        start = int(wanted[1]) if wanted and same else 0
        self.send_response(206 if start else 200)
        self.send_header("ETag", tag)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        self.send_header("Content-Length", str(total - start))
        self.end_headers()
        left = total - start
        if path.name in self.cuts:
            self.cuts.discard(path.name)
            left, self.close_connection = left // 2, True
        with path.open("rb") as file:
            file.seek(start)
            while left > 0 and (piece := file.read(min(PIECE, left))):
                self.wfile.write(piece)
                left -= len(piece)
        print(f"{path.name}: from {start}", flush=True)

    def do_HEAD(self) -> None:
        """There is a server."""
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


def serve(folder: Path, port: int, cuts: set[str]) -> None:
    """Answer until somebody ends the process."""
    Handler.folder, Handler.cuts = folder, cuts
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]), set(sys.argv[3:]))
