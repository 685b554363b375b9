"""Codes of photographs: a folder of pictures as what `make_codes(source=...)` reads.

    row r:  w+ = invert(photograph r), the files in the order of their names

Idea: row r is a function of r alone, so a store of photographs can be killed and continued like
one of samples. Citation: arXiv:2303.06285, section 3.2 (58,000 inverted photographs).
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from deltaedit_kit.domain import Domain
from deltaedit_kit.labs.photo.photos import cut_middle, read_photo, to_tensor
from deltaedit_kit.support.atomic import check_path, check_regular_file
from deltaedit_kit.support.errors import DeltaEditError

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True)
class Photos:
    """Pictures of a folder, inverted. `invert` maps [n, 3, H, H] in [-1, 1] to w+ [n, L, W].

    The pictures must be aligned as the domain's are; each is cut to its middle square and resized.
    """

    domain: Domain
    files: tuple[Path, ...]
    invert: Callable[[Tensor], Tensor]

    @classmethod
    def of(cls, domain: Domain, folder: str | Path, invert: Callable[[Tensor], Tensor]) -> Photos:
        """The pictures of a folder by name.

        Raises DeltaEditError where there are none, and for one that is no file: a broken link, say.
        """
        folder = check_path(folder)
        if not folder.is_dir():
            raise DeltaEditError(f"there is no folder {folder}; check the path")
        found = sorted(p for p in folder.glob("*") if p.suffix.lower() in PICTURES)
        if not found:
            raise DeltaEditError(f"{folder} holds no pictures; give a folder of {PICTURES[0]} ...")
        for file in found:  # now, not after hours of the others
            check_regular_file(file)
        return cls(domain, tuple(found), invert)

    def __len__(self) -> int:
        return len(self.files)

    @property
    def w_rows(self) -> int:
        """All of them: an encoder gives every layer its own."""
        return self.domain.generator.latent_rows

    def describe(self) -> dict[str, object]:
        """How many, and a fingerprint of their names and sizes."""
        text = "\n".join(f"{file.name} {file.stat().st_size}" for file in self.files)
        return {
            "kind": "photos",
            "files": len(self.files),
            "fingerprint": zlib.crc32(os.fsencode(text)),
        }

    def batches(self, rows: range, size: int) -> Iterator[Tensor]:
        """Read and invert, `size` photographs at a time: w+ [size, L, W]."""
        side = self.domain.generator.resolution
        for start in range(rows.start, rows.stop, size):
            chosen = self.files[start : min(start + size, rows.stop)]
            pictures = torch.stack([read_square(file, side) for file in chosen])
            with torch.inference_mode():
                yield self.invert(pictures.to(self.domain.device))


def read_square(file: Path, side: int) -> Tensor:
    """The middle square of a picture, upright as `read_photo` makes it: [3, side, side] in [-1, 1].

    Raises DeltaEditError naming a file that is no picture.
    """
    try:
        square = cut_middle(read_photo(file))
    except DeltaEditError as cause:
        raise DeltaEditError(
            f"cannot read the picture {file.name}: {cause}; or remove it from the folder"
        ) from None
    return to_tensor(square.resize((side, side), Image.Resampling.LANCZOS))
