"""A published declaration with the addresses, hashes and sizes of the stand-ins.

What was declared with a hash stays so, with the stand-in's; what nobody published a hash of (e4e,
the mapper) takes the way of such files: read whole by its reader, then remembered.

The threshold is lower: |R·Δt| of random networks never reaches the published one, and an edit that
keeps no channel draws the same picture again.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from deltaedit_kit.io.cache import git_blob_of, sha256
from recipes.rehearsal.stand_ins import make

THRESHOLD = 0.015  # keeps some 200 of the 6048 channels of ffhq's stand-in


def declare(domain: str, folder: Path, stand_ins: Path, address: str) -> list[Path]:
    """Write `folder`/domain.json for the published `domain`, its stand-ins made; which they are."""
    source = files("deltaedit_kit.io.published") / f"{domain}.json"
    declaration = json.loads(source.read_text(encoding="utf-8"))
    declaration["threshold"] = THRESHOLD
    made = []
    for alternatives in declaration["networks"].values():
        for file in alternatives:
            path = make(file["file"], stand_ins)
            made.append(path)
            file["addresses"] = [f"{address}/{path.name}"]
            file["megabytes"] = round(path.stat().st_size / 1e6, 1)
            if "sha256" in file:
                file["sha256"] = sha256(path)
            if "git_blob" in file:
                file["git_blob"] = git_blob_of(path)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "domain.json").write_text(json.dumps(declaration, indent=1), encoding="utf-8")
    return made
