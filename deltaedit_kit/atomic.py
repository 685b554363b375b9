"""Writing a file so that nobody ever sees half of it.

Idea: write beside the destination, flush to the disk, then rename. A rename within one folder
is atomic (POSIX rename; MoveFileEx on Windows), so whoever opens the path finds either the old
file or the new one, whatever moment the process is killed at.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save_file
from torch import Tensor


def save_tensors(
    path: str | Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None
) -> Path:
    """Store `tensors` (any shapes, any device) as safetensors at `path`, atomically.

    `metadata` is the text header of the format. Makes the folder when it is missing. Raises
    OSError (disk full, no right to write) and then leaves what was at `path` untouched.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    # Copies: safetensors refuses tensors that are views of one storage.
    plain = {name: value.detach().cpu().clone().contiguous() for name, value in tensors.items()}
    try:
        save_file(plain, beside, dict(metadata or {}))
        beside.chmod(0o644)  # safetensors makes files that only their owner may read
        with beside.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    return path
