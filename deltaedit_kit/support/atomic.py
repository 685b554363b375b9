"""Writing a file so that nobody ever sees half of it.

Idea: write in a folder beside the destination, flush to the disk, then rename. A rename within one
file system is atomic (POSIX rename; MoveFileEx on Windows), so a reader of the path finds either
the old file or the new one, even if the process is killed. A killed process leaves a `.part` folder
that nobody reads, which may hold other files of the writing library; `remove_leftovers` deletes it.

Tensors and JSON carry a checksum that is compared on reading: a network with one flipped bit would
draw another picture without an error.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any
from zlib import crc32

from deltaedit_kit.support.errors import DeltaEditError, short_repr

if TYPE_CHECKING:
    from torch import Tensor

CHECKSUM = "checksum"  # its name in a safetensors header, and in a JSON object
LONGEST_NAME = 200  # bytes of a file's name in that of the folder beside it; systems allow 255


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A path beside `path` to write to; when the block ends well, it takes the place of `path`.

    Makes the folder when it is missing. When the block raises, what was at `path` stays.
    """
    path = Path(path)
    if "\0" in path.name:
        raise DeltaEditError(f"no file can be called {path.name[:60]!r}; give another name")
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name of its own: threads, and machines that share a disk, may write the same file at once.
    start = path.name.encode(errors="replace")[:LONGEST_NAME].decode(errors="ignore")
    room = Path(mkdtemp(prefix=f".{start}.", suffix=".part", dir=path.parent))
    beside = room / path.name
    try:
        beside.touch()  # with the user's umask, which cannot be asked for without changing it
        mode = stat.S_IMODE(beside.stat().st_mode)
        beside.unlink()
        yield beside
        beside.chmod(mode)  # safetensors makes files that only their owner may read
        with beside.open("rb+") as written:  # Windows flushes only what may be written
            os.fsync(written.fileno())
        os.replace(beside, path)
    finally:
        shutil.rmtree(room, ignore_errors=True)


def save_tensors(
    path: str | Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> Path:
    """Store `tensors` (any shapes, any device) as safetensors at `path`, atomically.

    `metadata` is the text header of the format; a checksum joins it. Makes the folder when it is
    missing. Raises OSError (disk full, no right to write) and then leaves what was at `path`.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file  # imports torch, which most files can do without

    # Copies: safetensors refuses tensors that are views of one storage.
    plain = {name: value.detach().cpu().clone().contiguous() for name, value in tensors.items()}
    header = dict(metadata or {})
    with replacing(path) as beside:
        try:
            save_file(plain, beside, header | {CHECKSUM: checksum(plain, header)})
        except SafetensorError as cause:  # how it names a full disk
            raise OSError(str(cause)) from cause
        _sort_header(beside)
    return Path(path)


def _sort_header(path: Path) -> None:
    """Put the entries of a safetensors file's text header in order, which the library does not:
    the same tensors then are the same bytes, and a hash of the file says so.
    """
    with path.open("r+b") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
        header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
        ordered = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
        if len(ordered) <= size:  # JSON may spell a character in two ways
            file.seek(8)
            file.write(ordered.ljust(size))


def load_tensors(
    path: str | Path, remedy: str = "make or fetch it again"
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors (mapped from the disk) and text header of a safetensors file.

    Where the file carries a checksum it is compared, which costs a third of a second a gigabyte.
    Raises DeltaEditError with the `remedy` for a file that is missing, damaged or has changed.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(check_regular_file(path)), framework="pt") as stored:
            header = dict(stored.metadata() or {})
            tensors = {key: stored.get_tensor(key) for key in stored.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, DeltaEditError) as cause:
        reason = str(cause).partition(";")[0]
        raise DeltaEditError(f"cannot read {path}: {reason}; {remedy}") from cause
    expected = header.pop(CHECKSUM, None)
    if expected is not None and expected != checksum(tensors, header):
        raise DeltaEditError(
            f"{path} has changed since it was written (its checksum differs); {remedy}"
        )
    return tensors, header


def read_header(path: str | Path) -> dict[str, str]:
    """The text header of a safetensors file alone; {} for a file of another format, or none."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(check_regular_file(path)), framework="numpy") as stored:
            return dict(stored.metadata() or {})
    except (OSError, SafetensorError, DeltaEditError):
        return {}  # who reads its tensors says what is wrong with it


def check_path(path: Any) -> Path:
    """`path` with "~" expanded, whether something is there or not.

    Every function that takes a path of the user's asks here or in `check_regular_file` first.
    Raises `DeltaEditError` for another type, and for a name that no file of this system can have.
    """
    try:
        os.lstat(found := Path(os.path.expanduser(path)))
    except (TypeError, ValueError, OSError) as cause:  # ValueError: a null character, half a letter
        if isinstance(cause, OSError) and cause.errno != errno.ENAMETOOLONG:
            return Path(os.path.expanduser(path))  # nothing is there, or nobody may look
        reason = getattr(cause, "strerror", None) or cause
        text = os.fspath(path) if isinstance(path, os.PathLike) else path
        raise DeltaEditError(f"{short_repr(text)} is no path ({reason}); give another") from None
    return found


def check_regular_file(path: str | Path) -> Path:
    """`path` with "~" expanded, if it is a regular file that may be read: no pipe, no device.

    Every reader of files asks here first: a pipe would wait for ever, a device never end. Raises
    `DeltaEditError` for what is missing, a folder, another thing, or not to be opened.
    """
    try:
        path = Path(os.path.expanduser(path))
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise DeltaEditError(f"{path} is a folder; give the file in it")
        if not stat.S_ISREG(mode):
            raise DeltaEditError(f"{path} is a pipe or a device; give the path of a regular file")
        with path.open("rb"):
            return path
    except FileNotFoundError:
        raise DeltaEditError(
            f"{path} does not exist; check the path, or download the file"
        ) from None
    except (OSError, ValueError, TypeError) as cause:  # no right, a null character, not a path
        if isinstance(cause, DeltaEditError):
            raise
        raise DeltaEditError(f"{str(path)[:200]!r} cannot be opened: {cause}") from None


def checksum(tensors: Mapping[str, Tensor], header: Mapping[str, str]) -> str:
    """CRC-32 of the text header, then of names, types, shapes and bytes in the order of the names.

    It tells every flipped bit, at 3 GB a second (BLAKE2b 0.6); it is no proof against malice.
    """
    import torch

    names = sorted(tensors)
    kinds = [(name, str(tensors[name].dtype), list(tensors[name].shape)) for name in names]
    crc = crc32(json.dumps([sorted(header.items()), kinds]).encode())
    for name in names:
        flat = tensors[name].detach().cpu().contiguous().reshape(-1)
        if flat.numel():
            crc = crc32(flat.view(torch.uint8).numpy().data, crc)
    return f"{crc:08x}"


def with_checksum(entries: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of a JSON object and the CRC-32 of what they say, however they are spelt."""
    said = json.dumps(entries, sort_keys=True).encode()
    return {**entries, CHECKSUM: f"{crc32(said):08x}"}


def without_checksum(stored: Any) -> dict[str, Any]:
    """The entries of JSON that was read; one without a checksum is of others, or of older kits.

    Raises DeltaEditError for what is no object, and where its checksum differs.
    """
    if not isinstance(stored, dict):
        raise DeltaEditError("it is no JSON object")
    entries = {key: value for key, value in stored.items() if key != CHECKSUM}
    if CHECKSUM in stored and stored != with_checksum(entries):
        raise DeltaEditError("it has changed since it was written (its checksum differs)")
    return entries


def write_text(path: str | Path, text: str) -> Path:
    """Store `text` as UTF-8 at `path`, atomically; errors as `save_tensors`."""
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")
    return Path(path)


@contextmanager
def all_or_none() -> Iterator[list[Path]]:
    """A list that the block puts every new file into; where it fails they are deleted again.

    For files that belong together and are never replaced: half of them, left by a full disk or
    Ctrl-C, would be in the way of the next try.
    """
    made: list[Path] = []
    try:
        yield made
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
        raise


def remove_leftovers(folder: Path, names: Collection[str]) -> None:
    """Delete what killed processes left in `folder` beside files of these names.

    A process may also die between its rename and its tidying up, so files that are whole can have
    leftovers too. Call it only where nobody else writes them.
    """
    for part in folder.glob(".*.part"):
        if part.name[1:].rsplit(".", 2)[0] in names:  # .name.random.part
            shutil.rmtree(part, ignore_errors=True)
