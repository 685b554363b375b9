"""Codes on the disk and in memory: sampled pictures as (s, i, w), 2·(S + E + W) bytes each.

    DIR/codes.json                 what the codes are            (header.py)
    DIR/codes-000007.safetensors   s, clip, w of codes 7·chunk ... 8·chunk - 1

Idea: every picture that the generator can draw is training data, and the picture itself is
discarded after it is embedded; float16 is precise enough for the codes. A shard appears under its
name only when it is complete (a rename), and its name says which codes it holds: even if the writer
is killed, every code is stored once or not at all. Shards are memory-mapped; 258,000 codes of the
published size take 3.4 GiB.

Citation: arXiv:2303.06285, section 3.2 (200,000 such codes for faces).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import torch
from torch import Tensor
from torch.nn import functional as F

from deltaedit_kit.codes.header import UNKNOWN, StoreHeader
from deltaedit_kit.support.atomic import check_path, load_tensors, save_tensors
from deltaedit_kit.support.device import usable_device
from deltaedit_kit.support.errors import DeltaEditError, check_unit_rows, check_whole_number

if TYPE_CHECKING:
    from deltaedit_kit.domain import Domain

ROWS_A_COPY = 4096  # of a shard: released files are one shard each, larger than many a memory
COMPARED = 8  # codes drawn again where the networks are unknown


@dataclass(frozen=True)
class Codes:
    """Codes in memory: s [N, S], unit clip [N, E] and, if kept, w_plus [N, L, W].

    float16 by default; anything that computes with them goes to float32 first.
    """

    s: Tensor
    clip: Tensor
    domain: str
    w_plus: Tensor | None = None
    networks: str = UNKNOWN  # fingerprint of those that made them

    def __post_init__(self) -> None:
        counts = {len(x) for x in (self.s, self.clip, self.w_plus) if x is not None}
        if len(counts) != 1:
            raise DeltaEditError(f"codes need as many s as clip rows, got {sorted(counts)} rows")

    def __len__(self) -> int:
        return len(self.s)

    def __getitem__(self, rows: Tensor | slice) -> Codes:
        """The codes at `rows` (index tensor, bool mask or slice)."""
        w_plus = None if self.w_plus is None else self.w_plus[rows]
        return Codes(self.s[rows], self.clip[rows], self.domain, w_plus, self.networks)

    def whole(self, device: torch.device | str, w: bool = False) -> Codes:
        """The same codes on `device`, checked; as of a store, w+ only on request.

        Raises DeltaEditError for numbers that are not finite, embeddings that are not unit.
        """
        if w and self.w_plus is None:
            raise DeltaEditError("these codes hold no w+; read them with w=True, or make new ones")
        w_plus = self.w_plus.to(device) if w and self.w_plus is not None else None
        s, clip = self.s.to(device), self.clip.to(device)
        for start in range(0, len(self), ROWS_A_COPY):
            check_numbers(s[start : start + ROWS_A_COPY], clip[start : start + ROWS_A_COPY])
        return Codes(s, clip, self.domain, w_plus, self.networks)

    @property
    def fingerprint(self) -> str:
        """Eight hex digits that tell these codes from others: their number and a few rows."""
        crc = crc32(f"{len(self)} {self.domain} {self.networks}".encode())
        for numbers in (self.s, self.clip):
            rows = numbers[:: max(1, len(self) // 64)].contiguous().view(torch.uint8).cpu()
            crc = crc32(rows.numpy().tobytes(), crc)
        return f"{crc:08x}"


@dataclass(frozen=True)
class Shard:
    """Rows that may be mapped from the disk: s [n, S], clip [n, E], w [n, R, W] (R = 1 or L)."""

    s: Tensor
    clip: Tensor
    w: Tensor | None = None

    def __len__(self) -> int:
        return len(self.s)


class CodeStore:
    """Codes that lie on the disk, as one long list: `len`, `resident`, `complete`."""

    def __init__(self, header: StoreHeader, shards: Sequence[Shard]) -> None:
        """Shards in order. Raises DeltaEditError for one whose sizes are not the header's."""
        self.header = header
        self.shards = tuple(shards)
        for number, shard in enumerate(self.shards):
            check_sizes(header, shard, f"shard {number}")

    @classmethod
    def open(cls, folder: str | Path) -> CodeStore:
        """The store in `folder`, finished or not: its shards from the first to the first gap.

        Raises DeltaEditError for a folder without a store, and for a damaged header or shard.
        """
        folder = check_path(folder)
        header, shards = StoreHeader.read(folder), []
        for number in range(header.shards):
            path = shard_path(folder, number)
            if not path.exists():
                break
            shards.append(read_shard(path, header, number))
        return cls(header, shards)

    @classmethod
    def of(
        cls, shards: Sequence[Shard], domain: str, latent_rows: int = 0, **known: Any
    ) -> CodeStore:
        """Tensors, mapped or not, as a store; w is kept only if every shard has it.

        `known` are entries of the header. Raises DeltaEditError where shards do not fit together.
        """
        if not shards:
            raise DeltaEditError("there are no codes; give at least one pair of arrays")
        if any(shard.w is None for shard in shards):
            shards = [Shard(shard.s, shard.clip) for shard in shards]
        first = shards[0]
        rows, width = first.w.shape[1:] if first.w is not None else (0, 0)
        header = StoreHeader(
            domain=domain,
            style_width=first.s.shape[1],
            clip_width=first.clip.shape[1],
            w_width=width,
            w_rows=rows,
            latent_rows=latent_rows or rows,
            count=sum(len(shard) for shard in shards),
            chunk=max(len(shard) for shard in shards),
            dtype=str(first.s.dtype).removeprefix("torch."),
            **{"preprocessing": UNKNOWN, "networks": UNKNOWN, "source": {"kind": "arrays"}} | known,
        )
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
    ) -> Codes:
        """The codes (the first `limit`), float16 on `device`; with `w` all rows of w+ too.

        Raises DeltaEditError for more codes than there are, for w where none is stored, and for
        numbers that float16 cannot hold.
        """
        n = len(self) if limit is None else check_whole_number("limit", limit, 1)
        head, device = self.header, usable_device(device)
        if not 0 < n <= len(self):
            raise DeltaEditError(
                f"{n:,} codes are asked for, the store holds {len(self):,} of "
                f"{head.count:,}; run `deltaedit codes` again to make the rest"
            )
        if w and not head.w_rows:
            raise DeltaEditError("this store holds no w+; make the codes again with this kit")
        half = {"dtype": torch.float16, "device": device}
        s = torch.empty(n, head.style_width, **half)
        clip = torch.empty(n, head.clip_width, **half)
        w_plus = torch.empty(n, head.latent_rows, head.w_width, **half) if w else None
        start = 0
        for shard in self.shards:
            for first in range(0, min(len(shard), n - start), ROWS_A_COPY):
                rows = slice(first, min(first + ROWS_A_COPY, len(shard), first + n - start))
                stop = start + rows.stop - rows.start
                s[start:stop] = shard.s[rows].to(device)
                # Released embeddings are as long as CLIP made them.
                clip[start:stop] = F.normalize(shard.clip[rows].to(device).float(), dim=1)
                if w_plus is not None and shard.w is not None:
                    w_plus[start:stop] = shard.w[rows].to(device)  # 1 row fills all L
                check_numbers(s[start:stop], clip[start:stop])
                start = stop
        return Codes(s, clip, head.domain, w_plus, head.networks)

    def whole(self, device: torch.device | str, w: bool = False) -> Codes:
        """All codes. Raises DeltaEditError where some are not made yet."""
        if not self.complete:
            raise DeltaEditError(
                f"the store holds {len(self):,} of {self.header.count:,} codes; run `deltaedit "
                f"codes` again to make the rest, or take some: store.resident(limit={len(self)})"
            )
        return self.resident(device, w=w)


def check_numbers(s: Tensor, clip: Tensor) -> None:
    """Raise DeltaEditError for s that is not finite in its precision, and clip that is not unit."""
    if not bool(s.isfinite().all()):
        most = torch.finfo(s.dtype).max
        raise DeltaEditError(
            f"codes hold NaN, infinity or numbers above {most:,.0f}, which {s.dtype} cannot hold; "
            "look for a damaged generator"
        )
    check_unit_rows("clip", clip)


def check_codes(domain: Domain, codes: Codes | CodeStore) -> None:
    """Raise DeltaEditError unless `codes` were made by the networks of this domain.

    Where nobody wrote down which networks made them, some are drawn again: most pictures must be
    nearer to their own embedding than to those of the others.
    """
    name = domain.spec.name
    networks = codes.header.networks if isinstance(codes, CodeStore) else codes.networks
    remedy = f"make codes with `deltaedit codes {name}`"
    if codes.domain != name:
        raise DeltaEditError(
            f"these are codes of domain {codes.domain!r}, the mapper is for {name!r}; {remedy}"
        )
    if networks == UNKNOWN:
        some = codes if isinstance(codes, Codes) else codes.resident(limit=min(len(codes), 4096))
        rows = torch.linspace(0, len(some) - 1, min(len(some), COMPARED)).long()
        _check_by_drawing(domain, some[rows.to(some.s.device)], remedy)
    elif networks != (ours := domain.fingerprint()):
        raise DeltaEditError(
            f"these codes were made with other networks ({networks}, the domain has {ours}); "
            f"{remedy}"
        )


@torch.no_grad()
def _check_by_drawing(domain: Domain, codes: Codes, remedy: str) -> None:
    if codes.s.shape[1] != domain.layout.total:
        raise DeltaEditError(
            f"these codes have {codes.s.shape[1]} style channels, the domain has "
            f"{domain.layout.total}; {remedy}"
        )
    generator = domain.generator
    style = codes.s.to(domain.device).float()
    # Colours come from w+, which few released codes have; the mean will do for a comparison.
    assert generator.mean_w is not None
    w_plus = generator.expand(generator.mean_w.expand(len(style), -1))
    seen = domain.clip.encode_images(domain.draw(style, w_plus))
    clip = F.normalize(codes.clip.to(seen), dim=1)
    if clip.shape != seen.shape:
        raise DeltaEditError(
            f"these embeddings have {clip.shape[1]} numbers, the domain's CLIP gives "
            f"{seen.shape[1]}; {remedy}"
        )
    own = (seen @ clip.T).argmax(dim=1) == torch.arange(len(seen), device=seen.device)
    if own.float().mean() < 0.5:
        raise DeltaEditError(
            f"of {len(own)} codes drawn again, {int(own.sum())} look like their embedding: they "
            f"were made with other networks; {remedy}"
        )


def shard_path(folder: Path, number: int) -> Path:
    """Where shard `number` lies."""
    return folder / f"codes-{number:06d}.safetensors"


def write_shard(folder: Path, header: StoreHeader, number: int, shard: Shard) -> Path:
    """Store shard `number`, atomically. Raises OSError as `save_tensors` does."""
    kind = getattr(torch, header.dtype)
    tensors = {"s": shard.s.to(kind), "clip": shard.clip.to(kind)}
    if shard.w is not None:
        tensors["w"] = shard.w.to(kind)
    check_numbers(tensors["s"], tensors["clip"])
    return save_tensors(shard_path(folder, number), tensors, header.label(number))


def read_shard(path: Path, header: StoreHeader, number: int) -> Shard:
    """Shard `number`, memory-mapped. Raises DeltaEditError for a damaged file or another store's.

    More rows than the header counts (a store made smaller) are left out.
    """
    tensors, label = load_tensors(path, "delete it and run `deltaedit codes` again")
    if label != header.label(number) or not {"s", "clip"} <= set(tensors):
        raise DeltaEditError(f"{path} is of another store; delete it and make its codes again")
    size = len(header.rows(number))
    w = tensors.get("w") if header.w_rows else None
    shard = Shard(tensors["s"][:size], tensors["clip"][:size], None if w is None else w[:size])
    check_sizes(header, shard, str(path))
    return shard


def check_sizes(header: StoreHeader, shard: Shard, name: str) -> None:
    """Raise DeltaEditError for a shard whose sizes are not the header's."""
    n = len(shard.s)
    wanted: dict[str, tuple[int, ...]] = {
        "s": (n, header.style_width),
        "clip": (n, header.clip_width),
    }
    if header.w_rows:
        wanted["w"] = (n, header.w_rows, header.w_width)
    for key, shape in wanted.items():
        found = getattr(shard, key)
        if found is None or tuple(found.shape) != shape:
            given = None if found is None else list(found.shape)
            raise DeltaEditError(
                f"{name} holds {key} {given}, the header says {list(shape)}; "
                "the codes are of another domain, or damaged: make them again"
            )
