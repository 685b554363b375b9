"""The header of a store of codes: a few lines of JSON beside its shards.

Idea: codes have no meaning without the two networks that made them. So the header names the domain,
the sizes of s, i and w, CLIP's preprocessing of pictures, the precision of the drawing and the
fingerprint of generator and CLIP: codes of other networks are refused before a training run starts.
The file may come from an unknown source, so every field is checked.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import torch

from deltaedit_kit.support.atomic import with_checksum, without_checksum, write_text
from deltaedit_kit.support.errors import (
    HIGHEST_SEED,
    DeltaEditError,
    check_number,
    check_whole_number,
)

FORMAT, SHARD_FORMAT = "deltaedit codes store 1", "deltaedit codes shard 1"
FILE = "codes.json"
LONGEST = 2**20  # bytes of that file
CHUNK = 512  # codes a shard: what a kill can cost at most
MOST = 2**40  # of anything that a header counts
UNKNOWN = "unknown"  # what released arrays say of the networks that made them


@dataclass(frozen=True)
class StoreHeader:
    """The declaration of a store; plain data. Raises DeltaEditError for what no store can have."""

    domain: str
    style_width: int  # S
    clip_width: int  # E
    w_width: int  # W
    w_rows: int  # rows of w+ stored a code: 1 when they are all the same, L otherwise, 0 for none
    latent_rows: int  # L, the rows of w+ that the generator reads
    preprocessing: str  # how the pictures entered CLIP
    networks: str  # `domain.fingerprint()`, or "unknown"
    source: dict[str, object] = field(default_factory=dict)  # seed and truncations, or the photos
    count: int = 0  # codes that the finished store holds
    chunk: int = CHUNK
    dtype: str = "float16"
    precision: str = UNKNOWN  # of the products that drew the pictures

    def __post_init__(self) -> None:
        for name in ("domain", "preprocessing", "networks", "precision"):
            if not isinstance(getattr(self, name), str):
                raise DeltaEditError(f"the codes' {name} is no text; make the codes again")
        for name in ("style_width", "clip_width", "chunk"):
            check_whole_number(f"the codes' {name}", getattr(self, name), 1, MOST)
        for name in ("w_width", "w_rows", "latent_rows", "count"):
            check_whole_number(f"the codes' {name}", getattr(self, name), 0, MOST)
        if self.w_rows not in (0, 1, self.latent_rows):
            raise DeltaEditError("the codes store neither one row of w+, nor all, nor none")
        if self.dtype not in ("float16", "bfloat16", "float32"):
            raise DeltaEditError(f"the codes' dtype is {self.dtype!r}; a store has float16")
        if not isinstance(self.source, dict):
            raise DeltaEditError("the codes' source is no table; make the codes again")
        check_whole_number("the codes' correlated group", self.source.get("correlated", 1), 1, MOST)
        check_whole_number("the codes' seed", self.source.get("seed", 0), 0, HIGHEST_SEED)
        truncations = self.source.get("truncations", [])
        if not isinstance(truncations, list):
            raise DeltaEditError("the codes' truncations are no list; make the codes again")
        for psi in truncations:
            check_number("the codes' truncation", psi)

    @property
    def bytes_a_code(self) -> int:
        """Bytes on disk and in memory of one code with its w."""
        numbers = self.style_width + self.clip_width + self.w_rows * self.w_width
        return numbers * getattr(torch, self.dtype).itemsize

    @property
    def correlated(self) -> int:
        """So many neighbouring rows are correlated (`domain.sample_w`); 1: all are independent."""
        size = self.source.get("correlated", 1)
        assert isinstance(size, int)
        return size

    @property
    def shards(self) -> int:
        """Shards of the finished store."""
        return -(-self.count // self.chunk)

    def rows(self, number: int) -> range:
        """The codes of shard `number` of the finished store."""
        return range(number * self.chunk, min((number + 1) * self.chunk, self.count))

    def label(self, number: int) -> dict[str, str]:
        """What a shard says in its own header, so that no other store's is taken for it."""
        source = json.dumps(self.source, sort_keys=True)
        ours = {"domain": self.domain, "networks": self.networks, "source": source}
        return {"format": SHARD_FORMAT, **ours, "number": str(number)}

    def write(self, folder: Path) -> None:
        """Replace `folder`/codes.json, atomically."""
        entries = with_checksum({"format": FORMAT, **asdict(self)})
        write_text(folder / FILE, json.dumps(entries, indent=1) + "\n")

    @classmethod
    def read(cls, folder: Path) -> StoreHeader:
        """The header of a store. Raises DeltaEditError where there is none, or a damaged one."""
        path = folder / FILE
        try:
            if not path.is_file() or path.stat().st_size > LONGEST:
                raise ValueError(f"there is no {FILE} of a store in it")
            stored = without_checksum(json.loads(path.read_text(encoding="utf-8")))
            if stored.pop("format", None) != FORMAT:
                raise ValueError("it is no header of a codes store")
            unknown = set(stored) - {item.name for item in fields(cls)}
            if unknown:
                raise ValueError(f"it holds unknown entries {sorted(unknown)}")
            return cls(**stored)
        except (OSError, ValueError, TypeError, RecursionError) as cause:
            raise DeltaEditError(
                f"cannot read codes from {folder}: {cause}; give a folder that "
                "`deltaedit codes` wrote"
            ) from None
