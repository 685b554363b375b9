"""A pickle's bytes without their copies: long pieces are views of the file's own pages.

Idea: an old pickle carries its numbers inside, all networks of a training together, and a reader
that copies every string of bytes holds them all before it knows which it wants. A view costs
nothing until it is looked at, and the system may take its pages back.
"""

from __future__ import annotations

from mmap import mmap

LONG = 4096  # bytes; shorter pieces are copied, so that they are plain bytes
TEXT = ord("T")  # the one instruction whose long argument has to be bytes (BINSTRING)
AHEAD = 5  # bytes from an instruction to its argument: itself and a length of four


class Pages:
    """A stream (read, readline, tell, seek) over bytes or a mapped file."""

    def __init__(self, buffer: bytes | memoryview | mmap) -> None:
        self.buffer = buffer
        self._view = memoryview(buffer)
        self._place = 0

    def tell(self) -> int:
        """Where the next byte comes from."""
        return self._place

    def seek(self, place: int) -> None:
        """Go on from another byte."""
        self._place = min(max(place, 0), len(self._view))

    def read(self, size: int) -> bytes | memoryview:
        """The next `size` bytes, fewer at the end; a view where they are many."""
        start = self._place
        piece = self._view[start : start + max(size, 0)]
        self._place = start + len(piece)
        text = start >= AHEAD and self._view[start - AHEAD] == TEXT
        return bytes(piece) if len(piece) < LONG or text else piece

    def readline(self) -> bytes:
        """All up to the next end of a line, included."""
        start = end = self._place
        while end < len(self._view):
            piece = bytes(self._view[end : end + LONG])
            at = piece.find(b"\n")
            end += len(piece) if at < 0 else at + 1
            if at >= 0:
                break
        self._place = end
        return bytes(self._view[start:end])
