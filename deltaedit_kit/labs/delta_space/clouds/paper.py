"""The released features behind the paper's first figure: CLIP's view of 1,500 faces or scenes.

    cspace_{celeba, cocoval}_{i, t, deltai, deltat}.npy     float32 [1500, 512] each, 12 MB in all

Raw rows have length 1, differences do not. Row k of the differences is *not* the difference of row
k and another row of the raw cloud (no row fits), so the two clouds are linked by number alone; how
the pairs were chosen is not documented, and captions and pictures were not released.

Source: folder tSNE of the public DeltaEdit repository at a fixed commit; it states no licence, so
the files stay on the machine of whoever downloads them. CVPR 2023, arXiv:2303.06285, figure 1.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

import numpy as np

from deltaedit_kit.domain.spec import PublishedFile
from deltaedit_kit.io.cache import cache_root
from deltaedit_kit.io.download import obtain
from deltaedit_kit.labs.delta_space.clouds.cloud import Cloud, Spaces
from deltaedit_kit.support.atomic import check_path
from deltaedit_kit.support.errors import DeltaEditError

Data = Literal["celeba", "cocoval"]
PARTS = ("i", "t", "deltai", "deltat")
SHAPE = (1500, 512)
COMMIT = "dd6c27c115d0136c6eb606912dbf63d15f9104bd"
PLACE = f"https://raw.githubusercontent.com/Yueming6568/DeltaEdit/{COMMIT}/tSNE/"
SHA256 = {
    "celeba_i": "7a60b8737d34a9b447f2707bcd528432ca1d126657f93f43216b983f89140a3c",
    "celeba_t": "3ee36d4cd49ad699d4eec6df1e3b8a3fffa1cadcfdc1255612ab08aa9b41d27b",
    "celeba_deltai": "97926c0b8e04ac7dec5bc36c499580c53528c18f1b8c94003ee39e8c4c7aebb5",
    "celeba_deltat": "3221a3435c4a3a593f4a7bd8158f3dea322a12544778f4aadba989ae69f98f4d",
    "cocoval_i": "7c4b4f361c833514d36bf6ec10a7498f706fc5372e5315170646a44ca3d68eb2",
    "cocoval_t": "d46ede4b0b657d8ab7b9759d3be6f86f555c36c4ff66a5bd8ec67975d3442eeb",
    "cocoval_deltai": "2b9784cc4d89c3794a9bfeb27919181a83bfee80ff39f2e3f17bf96b7046bc52",
    "cocoval_deltat": "ea34342ca5e8fe2e76bd145e3e0a6e28f399e9ce629d28ff02a2942a92f7dfdf",
}


def paper_features(
    data: Data = "celeba", folder: str | Path | None = None, consent: bool = False
) -> Spaces:
    """Raw features and the authors' differences of "celeba" or "cocoval", 1,500 pairs each.

    Reads `folder`; without one, the folder that DELTAEDIT_CACHE names, or the user's cache. Files
    that are missing there are downloaded only with `consent=True` (12 MB), and checked. Raises
    DeltaEditError for unknown data, for missing files without consent (naming the remedy), for a
    failed download and for files that are not these arrays.
    """
    if data not in get_args(Data):
        raise DeltaEditError(f"no features are called {data!r}; use 'celeba' or 'cocoval'")
    place = check_path(folder) if folder is not None else cache_folder()
    paths = {part: _find(place, f"cspace_{data}_{part}.npy") for part in PARTS}
    missing = [part for part, path in paths.items() if path is None]
    if missing and folder is not None:
        raise DeltaEditError(
            f"{place} lacks cspace_{data}_{missing[0]}.npy; give the folder with the four files "
            f"of {data}, or no folder and consent=True to download them"
        )
    if missing and not consent:
        raise DeltaEditError(
            f"the paper's {data} features are not in {place}; paper_features({data!r}, "
            "consent=True) downloads 12 MB from the authors' repository"
        )
    arrays = {part: _read(paths[part] or _download(place, data, part)) for part in PARTS}
    names = tuple(f"pair {k}: its picture and caption were not released" for k in range(SHAPE[0]))
    raw = Cloud(f"paper, {data}", arrays["i"], arrays["t"], names)
    return Spaces(raw, Cloud("authors' differences", arrays["deltai"], arrays["deltat"], names))


def cache_folder() -> Path:
    """Where the kit keeps the paper's files: $DELTAEDIT_CACHE, or the user's cache."""
    return cache_root() / "paper"


def _find(place: Path, name: str) -> Path | None:
    """The file in the folder or one below it: as cloned, as copied, as downloaded."""
    candidates = [place / name, *sorted(place.glob(f"*/{name}"))]
    return next((path for path in candidates if path.is_file()), None)


def _download(place: Path, data: str, part: str) -> Path:
    name = f"cspace_{data}_{part}.npy"
    file = PublishedFile(
        name,
        (f"{PLACE}{data}/{name}",),
        SHA256[f"{data}_{part}"],
        megabytes=3,
        page=f"folder tSNE/{data} of https://github.com/Yueming6568/DeltaEdit",
    )
    return obtain([file], place)


def _read(path: Path) -> np.ndarray:
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as cause:
        raise DeltaEditError(f"cannot read {path}: {cause}; fetch it again") from cause
    if array.shape != SHAPE or array.dtype != np.float32:
        raise DeltaEditError(
            f"{path} holds {array.dtype} {list(array.shape)}, not float32 {list(SHAPE)}; "
            "fetch the released file again"
        )
    return array
