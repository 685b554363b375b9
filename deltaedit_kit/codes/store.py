"""A store of codes: a folder of shards that is read without being loaded.

    DIR/codes.json                 what the codes are            (header.py)
    DIR/codes-000007.safetensors   s, clip, w of codes 7·chunk ... 8·chunk - 1

Idea: a shard appears under its name only when it is whole (a rename), and its name says which
codes it holds. So whatever moment the writer is killed at, every code is there once or not at
all, and the next run sees what is missing. Shards are memory-mapped: opening costs no memory,
reading costs that of the rows that are read. 258,000 codes of the published size take 3.4 GiB.

Format: safetensors (a JSON header, then plain numbers). Released .npy files: published.py.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from deltaedit_kit.atomic import load_tensors, save_tensors
from deltaedit_kit.codes.embedding import CodeRows
from deltaedit_kit.codes.header import StoreHeader
from deltaedit_kit.codes.memory import Codes
from deltaedit_kit.errors import DeltaEditError

SHARD_FORMAT = "deltaedit codes shard 1"
ROWS_A_COPY = 4096  # of a shard: released files are one shard each, larger than many a memory


@dataclass(frozen=True)
class Shard:
    """Memory-mapped rows: s [n, S], clip [n, E] and, where stored, w [n, R, W] (R = 1 or L)."""

    s: Tensor
    clip: Tensor
    w: Tensor | None = None

    def __len__(self) -> int:
        return len(self.s)


class CodeStore:
    """Codes that lie on the disk, as one long list: `len`, `rows`, `resident`, `complete`."""

    def __init__(self, header: StoreHeader, shards: Sequence[Shard]) -> None:
        """Shards in order. Raises DeltaEditError for one whose sizes are not the header's."""
        self.header = header
        self.shards = tuple(shards)
        for number, shard in enumerate(self.shards):
            _check(header, shard, f"shard {number}")

    @classmethod
    def open(cls, folder: str | Path) -> CodeStore:
        """The store in `folder`, finished or not: its shards from the first to the first gap.

        Raises DeltaEditError for a folder without a store, and for a damaged header or shard.
        """
        folder = Path(folder)
        header = StoreHeader.read(folder)
        shards = []
        for number in range(shards_of(header)):
            path = shard_path(folder, number)
            if not path.exists():
                break
            shards.append(read_shard(path, header, number))
        return cls(header, shards)

    def __len__(self) -> int:
        return sum(len(shard) for shard in self.shards)

    def __repr__(self) -> str:
        return f"CodeStore({self.header.domain!r}, {len(self):,} of {self.header.count:,} codes)"

    @property
    def domain(self) -> str:
        """Name of the domain that the codes belong to."""
        return self.header.domain

    @property
    def complete(self) -> bool:
        """Whether every code that was asked for is there."""
        return len(self) >= self.header.count

    def resident(
        self,
        device: torch.device | str = "cpu",
        limit: int | None = None,
        w: bool = False,
        dtype: torch.dtype | None = None,
    ) -> Codes:
        """The codes (the first `limit`) as tensors on `device`, in `dtype` (None: the store's).

        2·(S + E) bytes a code in float16; with `w` the w+ too, all rows of it. Raises
        DeltaEditError for more codes than there are, and for w where none is stored.
        """
        n = len(self) if limit is None else limit
        if not 0 < n <= len(self):
            raise DeltaEditError(
                f"{n:,} codes are asked for, the store holds {len(self):,} of "
                f"{self.header.count:,}; run `deltaedit codes` again to make the rest"
            )
        head, kind = self.header, dtype or getattr(torch, self.header.dtype)
        if w and not head.w_rows:
            raise DeltaEditError("this store holds no w+; make the codes again with this kit")
        s = torch.empty(n, head.style_width, dtype=kind, device=device)
        clip = torch.empty(n, head.clip_width, dtype=kind, device=device)
        shape = (n, head.latent_rows, head.w_width)
        w_plus = torch.empty(shape, dtype=kind, device=device) if w else None
        start = 0
        for shard in self.shards:
            for first in range(0, min(len(shard), n - start), ROWS_A_COPY):
                rows = slice(first, min(first + ROWS_A_COPY, len(shard), first + n - start))
                stop = start + rows.stop - rows.start
                s[start:stop] = shard.s[rows].to(device, kind)
                clip[start:stop] = shard.clip[rows].to(device, kind)
                if w_plus is not None and shard.w is not None:
                    w_plus[start:stop] = shard.w[rows].to(device, kind)  # 1 row fills all L
                start = stop
        return Codes(s, clip, head.domain, w_plus)

    def rows(self, start: int, stop: int) -> Codes:
        """Codes `start` to `stop` - 1 on the CPU, reading no others."""
        if not 0 <= start < stop <= len(self):
            raise DeltaEditError(f"codes {start} to {stop} are not all of 0 to {len(self):,}")
        found, first = [], 0
        for shard in self.shards:
            a, b = max(start - first, 0), min(stop - first, len(shard))
            if a < b:
                found.append((shard.s[a:b], shard.clip[a:b]))
            first += len(shard)
        s, clip = (torch.cat(parts) for parts in zip(*found, strict=True))
        return Codes(s, clip, self.domain)


def shards_of(header: StoreHeader) -> int:
    """Shards of the finished store."""
    return -(-header.count // header.chunk)


def shard_size(header: StoreHeader, number: int) -> int:
    """Codes in shard `number` of the finished store: `chunk`, or what is left for the last."""
    return min(header.chunk, header.count - number * header.chunk)


def shard_path(folder: Path, number: int) -> Path:
    """Where shard `number` lies."""
    return folder / f"codes-{number:06d}.safetensors"


def write_shard(folder: Path, header: StoreHeader, number: int, rows: CodeRows) -> Path:
    """Store the rows of shard `number`, atomically. Raises OSError as `save_tensors` does."""
    kind = getattr(torch, header.dtype)
    tensors = {"s": rows.s.to(kind), "clip": rows.clip.to(kind)}
    if header.w_rows:
        tensors["w"] = rows.w_plus[:, : header.w_rows].to(kind)
    path = shard_path(folder, number)
    return save_tensors(path, tensors, shard_label(header, number))


def shard_label(header: StoreHeader, number: int) -> dict[str, str]:
    """What a shard's own header says, so that it cannot be taken for one of another store."""
    return {
        "format": SHARD_FORMAT,
        "domain": header.domain,
        "networks": header.networks,
        "source": json.dumps(header.source, sort_keys=True),
        "number": str(number),
    }


def read_shard(path: Path, header: StoreHeader, number: int) -> Shard:
    """Shard `number`, memory-mapped. Raises DeltaEditError for a damaged file or another store's.

    More rows than the header counts (a store made smaller) are left out.
    """
    tensors, label = load_tensors(path, "delete it and run `deltaedit codes` again")
    if label != shard_label(header, number) or not {"s", "clip"} <= set(tensors):
        raise DeltaEditError(f"{path} is of another store; delete it and make its codes again")
    size = shard_size(header, number)
    w = tensors.get("w")
    shard = Shard(tensors["s"][:size], tensors["clip"][:size], None if w is None else w[:size])
    _check(header, shard, str(path))
    return shard


def _check(header: StoreHeader, shard: Shard, name: str) -> None:
    n = len(shard.s)
    wanted: dict[str, tuple[Tensor | None, tuple[int, ...]]] = {
        "s": (shard.s, (n, header.style_width)),
        "clip": (shard.clip, (n, header.clip_width)),
    }
    if shard.w is not None:
        wanted["w"] = (shard.w, (n, header.w_rows, header.w_width))
    for key, (tensor, shape) in wanted.items():
        if tensor is not None and tuple(tensor.shape) != shape:
            raise DeltaEditError(
                f"{name} holds {key} {list(tensor.shape)}, the header says {list(shape)}; "
                "the codes are of another domain, or damaged: make them again"
            )
