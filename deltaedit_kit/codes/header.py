"""What a store of codes says of itself: a few lines of JSON beside its shards.

Idea: codes are numbers that mean nothing without the two networks that made them. So the header
names the domain, the sizes of s, i and w, CLIP's way of taking pictures, and a fingerprint

    mark = CRC-32 of all weights of the generator and of CLIP's image side

and a store can be refused before a training run on the wrong codes wastes an evening.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import torch

from deltaedit_kit.atomic import write_text
from deltaedit_kit.errors import DeltaEditError

FORMAT = "deltaedit codes store 1"
FILE = "codes.json"
CHUNK = 512  # codes a shard: what a kill can cost at most


@dataclass(frozen=True)
class StoreHeader:
    """The declaration of a store; plain data. Everything but `count` is fixed once it exists."""

    domain: str
    style_width: int  # S
    clip_width: int  # E
    w_width: int  # W
    w_rows: int  # rows of w+ stored a code: 1 when they are all the same, L otherwise, 0 for none
    latent_rows: int  # L, the rows of w+ that the generator reads
    preprocessing: str  # how the pictures entered CLIP
    networks: str  # fingerprint of generator and image tower; see `networks_mark`
    source: dict[str, Any] = field(default_factory=dict)  # seed and truncations, or the photos
    count: int = 0  # codes that the finished store holds
    chunk: int = CHUNK
    dtype: str = "float16"

    @property
    def bytes_a_code(self) -> int:
        """Bytes on disk and in memory of one code with its w."""
        numbers = self.style_width + self.clip_width + self.w_rows * self.w_width
        return numbers * getattr(torch, self.dtype).itemsize

    @property
    def family(self) -> int:
        """So many neighbouring rows are relatives (`make_codes`); 1: all are strangers."""
        return int(self.source.get("family", 1))

    def write(self, folder: Path) -> None:
        """Replace `folder`/codes.json, atomically."""
        text = json.dumps({"format": FORMAT, **asdict(self)}, indent=1)
        write_text(folder / FILE, text + "\n")

    @classmethod
    def read(cls, folder: Path) -> StoreHeader:
        """The header of a store. Raises DeltaEditError where there is none, or a damaged one."""
        path = folder / FILE
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(stored, dict) or stored.pop("format", None) != FORMAT:
                raise ValueError("it is no header of a codes store")
            unknown = set(stored) - {item.name for item in fields(cls)}
            if unknown:
                raise ValueError(f"it holds unknown entries {sorted(unknown)}")
            header = cls(**stored)
            header.check()
        except (OSError, ValueError, TypeError) as cause:
            raise DeltaEditError(
                f"cannot read codes from {folder}: {cause}; give a folder that "
                "`deltaedit codes` wrote"
            ) from None
        return header

    def check(self) -> None:
        """Raise ValueError for sizes that no store can have: the file may come from anywhere."""
        sizes = (self.style_width, self.clip_width, self.chunk)
        rest = (self.w_width, self.w_rows, self.latent_rows, self.count)
        if not all(type(n) is int and n >= 1 for n in sizes):
            raise ValueError(f"its sizes {sizes} are not whole numbers >= 1")
        if not all(type(n) is int and n >= 0 for n in rest):
            raise ValueError(f"its sizes {rest} are not whole numbers >= 0")
        family = self.source.get("family", 1)
        if type(family) is not int or family < 1:
            raise ValueError(f"its family {str(family)[:20]!r} is not a whole number >= 1")
        if self.dtype not in ("float16", "bfloat16", "float32"):
            raise ValueError(f"its dtype {str(self.dtype)[:20]!r} is none of a store")


def networks_mark(domain: Any) -> str:
    """Eight hex digits that change whenever a weight does that codes depend on.

    Those of the generator, and of CLIP's image side ("visual." in OpenAI's layout; all of CLIP
    where nothing is called so): no code has seen a text. Weights are read in the order of their
    names as bytes; about a second a gigabyte.
    """
    crc = 0
    for network in (domain.generator, getattr(domain.clip, "model", None)):
        if isinstance(network, torch.nn.Module):
            weights = sorted(network.state_dict().items())
            images = [item for item in weights if item[0].startswith("visual.")]
            for name, value in images or weights:
                crc = zlib.crc32(name.encode(), crc)
                whole = value.detach().cpu().contiguous().flatten().view(torch.uint8)
                crc = zlib.crc32(whole.numpy(), crc)
    return f"{crc:08x}"
