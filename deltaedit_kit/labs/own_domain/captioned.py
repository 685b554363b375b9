"""Generated pictures with captions, as files: what the delta-space lab and other tools read.

picture ~ domain,   caption = something true of what the oracle reads       0000.png, 0000.txt
"""

from __future__ import annotations

from pathlib import Path

from deltaedit_kit.domain import Domain
from deltaedit_kit.labs.own_domain.captions import draw_captions
from deltaedit_kit.support.atomic import replacing, write_text
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.support.pictures import encode_png


def write_captioned(domain: Domain, folder: str | Path, n: int, seed: int = 0) -> Path:
    """n pictures with a caption each; the folder. DeltaEditError for a domain without factors."""
    if domain.oracle is None or not domain.spec.factors:
        raise DeltaEditError(
            f"domain {domain.spec.name!r} declares no factors; build one that does with "
            "`deltaedit build`"
        )
    folder = Path(folder)
    images = domain.sample(n, seed).images.cpu()
    read = domain.oracle.read(images)
    for row in range(n):
        text = draw_captions(domain.spec, read[row : row + 1], 1, seed + row)[0][0]
        with replacing(folder / f"{row:04d}.png") as beside:
            beside.write_bytes(encode_png(images[row]))
        write_text(folder / f"{row:04d}.txt", text + "\n")
    return folder
