"""Renders with known z and factors: the data that every toyfaces network is trained on.

    z ~ N(0, I)  ->  factors = factors_from_z(z)  ->  picture = render(factors)

Pictures are kept as bytes in one memory-mapped array, so that five trainings share one set and none
of them waits for the renderer. Chunk k always comes from seed k: a set that was interrupted goes on
where it was, and a longer set begins with the shorter one.

    python -m recipes.toyfaces.renders --n 40000
"""

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.lib.format import open_memmap
from tqdm import tqdm

from deltaedit_kit.toyfaces.factors import FACTORS, factors_from_z
from deltaedit_kit.toyfaces.renderer import render

SIZE = 128
Z_WIDTH = 128
CHUNK = 250
CACHE = Path("runs/toyfaces/renders")


@dataclass(frozen=True)
class Renders:
    """A set of renders; row i of each array belongs to the same portrait."""

    pictures: np.ndarray  # uint8 [n, 3, 128, 128], read-only memory map
    factors: np.ndarray  # float32 [n, K] in [0, 1]
    z: np.ndarray  # float32 [n, 128]

    def first(self, n: int) -> "Renders":
        """The first `n` portraits, as views."""
        return Renders(self.pictures[:n], self.factors[:n], self.z[:n])


def to_float(pictures: np.ndarray | torch.Tensor) -> torch.Tensor:
    """Bytes [n, 3, h, w] -> float32 in [-1, 1]."""
    return torch.as_tensor(pictures).float().div_(127.5).sub_(1)


def to_bytes(pictures: torch.Tensor) -> torch.Tensor:
    """Pictures in [-1, 1] -> uint8, rounded and clamped."""
    return pictures.add(1).mul_(127.5).round_().clamp_(0, 255).byte()


def latents(chunk: int) -> torch.Tensor:
    """The z of chunk `chunk`: float32 [CHUNK, Z_WIDTH], always the same."""
    return torch.randn(CHUNK, Z_WIDTH, generator=torch.Generator().manual_seed(chunk))


def renders(n: int, cache: Path | str = CACHE, device: str = "cpu") -> Renders:
    """The first `n` renders, made now (in whole chunks) if `cache` lacks them."""
    folder = Path(cache)
    folder.mkdir(parents=True, exist_ok=True)
    chunks = -(-n // CHUNK)
    state = folder / "progress.json"
    progress = json.loads(state.read_text()) if state.exists() else {"chunks": 0, "room": 0}
    if progress["room"] < chunks:
        _allocate(folder, chunks, keep=progress["chunks"])
        progress["room"] = chunks
        state.write_text(json.dumps(progress))
    paths = [folder / f"{name}.npy" for name in ("pictures", "factors", "z")]
    if progress["chunks"] < chunks:
        pictures, factors, z = (open_memmap(path, mode="r+") for path in paths)
        for chunk in tqdm(range(progress["chunks"], chunks), unit="chunk", desc="renders"):
            rows = slice(chunk * CHUNK, (chunk + 1) * CHUNK)
            z[rows] = latents(chunk).numpy()
            drawn = factors_from_z(latents(chunk)).to(device)
            factors[rows] = drawn.cpu().numpy()
            with torch.no_grad():
                pictures[rows] = to_bytes(render(drawn, SIZE)).cpu().numpy()
            progress["chunks"] = chunk + 1
            temporary = state.with_suffix(".tmp")
            temporary.write_text(json.dumps(progress))
            temporary.replace(state)
    pictures, factors, z = (np.load(path, mmap_mode="r") for path in paths)
    return Renders(pictures[:n], np.array(factors[:n]), np.array(z[:n]))


def _allocate(folder: Path, chunks: int, keep: int) -> None:
    """Make room for `chunks` chunks, keeping the first `keep` that are there."""
    n = chunks * CHUNK
    for name, width, dtype in (
        ("pictures", (3, SIZE, SIZE), np.uint8),
        ("factors", (len(FACTORS),), np.float32),
        ("z", (Z_WIDTH,), np.float32),
    ):
        path, grown = folder / f"{name}.npy", folder / f"{name}.grown.npy"
        array = open_memmap(grown, mode="w+", dtype=dtype, shape=(n, *width))
        if keep:
            array[: keep * CHUNK] = np.load(path, mmap_mode="r")[: keep * CHUNK]
        array.flush()
        grown.replace(path)


def main() -> None:
    """Make the set from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--n", type=int, default=40_000)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    start = time.perf_counter()
    made = renders(options.n, options.cache, options.device)
    print(f"{len(made.z)} renders in {options.cache} ({time.perf_counter() - start:.0f} s)")


if __name__ == "__main__":
    main()
