"""Where the w+ of a store come from: random numbers, or photographs.

    samples   row r = (k, j):  z = normal numbers j of the stream of (seed, shard k),
              w = mapping(z, ψ[r mod len ψ]),  the same w in every row of w+
    families  `family` neighbouring rows are relatives: much alike, of one ψ
    photos    row r:  w+ = invert(photograph r), the files in the order of their names

Idea: row r is a function of r alone. So it does not matter which process makes it, in which run,
or how many codes are asked for in the end. Citation: arXiv:2303.06285, section 3.2 (200,000
samples and 58,000 inverted photographs).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from deltaedit_kit.errors import DeltaEditError, finite_number, whole_number

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")


class Source(Protocol):
    """What fills a store."""

    @property
    def w_rows(self) -> int:
        """Rows of w+ worth storing: 1 where all are the same, L otherwise."""
        ...

    def describe(self) -> dict[str, Any]:
        """What the store's header says of it, as JSON values."""
        ...

    def w_plus(self, rows: range) -> Tensor:
        """w+ of these codes, all of one shard: [n, L, W]."""
        ...


@dataclass(frozen=True)
class Samples:
    """Sampled w, truncations taking turns. Raises DeltaEditError for settings that cannot be."""

    domain: Any
    seed: int
    truncations: tuple[float, ...]
    chunk: int
    family: int = 1

    def __post_init__(self) -> None:
        whole_number("seed", self.seed, 0, 2**32 - 1)
        if not self.truncations:
            raise DeltaEditError("truncations is empty; give at least one, such as 1.0")
        for psi in self.truncations:
            finite_number("truncation", psi)
        if whole_number("family", self.family, 1) == 1:
            return
        if getattr(self.domain, "relatives", None) is None:
            raise DeltaEditError(
                f"domain {self.domain.spec.name!r} draws no relatives; leave `family` at 1"
            )
        if self.chunk % self.family:
            raise DeltaEditError(
                f"a chunk of {self.chunk} codes would break a family of {self.family}; "
                f"give a chunk of {self.chunk - self.chunk % self.family or self.family}"
            )

    @property
    def w_rows(self) -> int:
        """One: every row of a sampled w+ is the same."""
        return 1

    def describe(self) -> dict[str, Any]:
        """Seed and truncations, and the size of a family where there are any."""
        families = {"family": self.family} if self.family > 1 else {}
        settings = {"seed": self.seed, "truncations": list(self.truncations), **families}
        return {"kind": "samples", **settings}

    def w_plus(self, rows: range) -> Tensor:
        """The numbers of the whole shard are drawn, and those of `rows` used."""
        generator = self.domain.generator
        shard, start = divmod(rows.start, self.chunk)
        # A CPU generator reads 32 bits of its seed. seed + 1: not the faces of domain.sample(0).
        random = torch.Generator().manual_seed(((self.seed + 1) * 0x9E3779B1 + shard) % 2**32)
        if self.family > 1:
            z = self.domain.relatives(self.chunk, self.family, random)
        else:
            z = torch.randn(self.chunk, generator.style_dim, generator=random)
        w = generator.mapping(z[start : start + len(rows)].to(self.domain.device))
        turn = torch.tensor(rows) // self.family % len(self.truncations)
        psi = torch.tensor(self.truncations)[turn]
        psi = psi.to(w)[:, None]
        if not bool((psi == 1).all()):
            calm = generator.mean_w + psi * (w - generator.mean_w)
            w = torch.where(psi == 1, w, calm)
        return generator.expand(w)


@dataclass(frozen=True)
class Photos:
    """Pictures of a folder, inverted. `invert` maps [n, 3, H, H] in [-1, 1] to w+ [n, L, W].

    The pictures must be aligned as the domain's are; each is cut to its middle square and resized.
    """

    domain: Any
    files: tuple[Path, ...]
    invert: Callable[[Tensor], Tensor]

    @classmethod
    def of(cls, domain: Any, folder: str | Path, invert: Callable[[Tensor], Tensor]) -> Photos:
        """The pictures of a folder by name. Raises DeltaEditError where there are none."""
        if not Path(folder).is_dir():
            raise DeltaEditError(f"there is no folder {folder}; check the path")
        found = sorted(p for p in Path(folder).glob("*") if p.suffix.lower() in PICTURES)
        if not found:
            raise DeltaEditError(f"{folder} holds no pictures; give a folder of {PICTURES[0]} ...")
        return cls(domain, tuple(found), invert)

    @property
    def w_rows(self) -> int:
        """All of them: an encoder gives every layer its own."""
        return self.domain.generator.latent_rows

    def describe(self) -> dict[str, Any]:
        """How many, and a mark of their names and sizes."""
        text = "\n".join(f"{file.name} {file.stat().st_size}" for file in self.files)
        return {"kind": "photos", "files": len(self.files), "mark": zlib.crc32(text.encode())}

    def w_plus(self, rows: range) -> Tensor:
        """Read and invert."""
        chosen = self.files[rows.start : rows.stop]
        side = self.domain.generator.resolution
        pictures = torch.stack([read_square(file, side) for file in chosen])
        return self.invert(pictures.to(self.domain.device))


def read_square(file: Path, side: int) -> Tensor:
    """The middle square of a picture, upright as `read_photo` makes it: [3, side, side] in [-1, 1].

    Raises DeltaEditError naming a file that is no picture.
    """
    from PIL import Image

    from deltaedit_kit.labs.photo.inverting import cut_middle
    from deltaedit_kit.labs.photo.photos import read_photo, to_tensor

    try:
        square = cut_middle(read_photo(file))
    except DeltaEditError as cause:
        raise DeltaEditError(
            f"cannot read the picture {file.name}: {cause}; or take it out"
        ) from None
    return to_tensor(square.resize((side, side), Image.Resampling.LANCZOS))
