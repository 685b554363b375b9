"""Writing a file so that nobody ever sees half of it.

Idea: write in a folder beside the destination, flush to the disk, then rename. A rename within one
file system is atomic (POSIX rename; MoveFileEx on Windows), so whoever opens the path finds either
the old file or the new one, whatever moment the process is killed at. What a killed process leaves
is a `.part` folder that nobody reads, with whatever the writing library puts beside its file;
`remove_leftovers` sweeps it away.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A path beside `path` to write to; when the block ends well, it takes the place of `path`.

    Makes the folder when it is missing. When the block raises, what was at `path` stays.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name of its own: threads, and machines that share a disk, may write the same file at once.
    room = Path(mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))
    beside = room / path.name
    try:
        yield beside
        beside.chmod(0o644)  # safetensors makes files that only their owner may read
        with beside.open("rb+") as written:  # Windows flushes only what may be written
            os.fsync(written.fileno())
        os.replace(beside, path)
    finally:
        shutil.rmtree(room, ignore_errors=True)


def save_tensors(
    path: str | Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> Path:
    """Store `tensors` (any shapes, any device) as safetensors at `path`, atomically.

    `metadata` is the text header of the format. Makes the folder when it is missing. Raises
    OSError (disk full, no right to write) and then leaves what was at `path` untouched.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file  # imports torch, which most files can do without

    # Copies: safetensors refuses tensors that are views of one storage.
    plain = {name: value.detach().cpu().clone().contiguous() for name, value in tensors.items()}
    with replacing(path) as beside:
        try:
            save_file(plain, beside, dict(metadata or {}))
        except SafetensorError as cause:  # how it names a full disk
            raise OSError(str(cause)) from cause
    return Path(path)


def write_text(path: str | Path, text: str) -> Path:
    """Store `text` as UTF-8 at `path`, atomically; errors as `save_tensors`."""
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")
    return Path(path)


def remove_leftovers(folder: Path, names: Collection[str]) -> None:
    """Delete what killed processes left in `folder` beside files of these names.

    A process may also die between its rename and its tidying up, so files that are whole can have
    leftovers too. Call it only where nobody else writes them.
    """
    for part in folder.glob(".*.part"):
        if part.name[1:].rsplit(".", 2)[0] in names:  # .name.random.part
            shutil.rmtree(part, ignore_errors=True)
