"""`python -m recipes.rehearsal.load NETWORK FILE`: what one file takes to load.

resident   the numbers of the network in float32     peak   what the process had more meanwhile

Prints JSON with bytes and seconds: own memory only, see measured.py.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

from torch import Tensor, nn

from benchmarks.machine import memory_of
from deltaedit_kit.clip_space import ClipSpace
from deltaedit_kit.io.checkpoints import loaders

READERS = {
    "generator": loaders.load_stylegan2,
    "clip": loaders.load_clip,
    "mapper": loaders.load_delta_mapper,
    "relevance": loaders.load_relevance,
    "inversion": loaders.load_e4e,
    "identity": loaders.load_arcface,
}
EVERY = 0.002  # seconds


def main(network: str, file: str) -> None:
    """Load once, a thread looking at the memory meanwhile."""
    before, peak, done = memory_of("self")["RssAnon"], [0], threading.Event()

    def look() -> None:
        while not done.wait(EVERY):
            peak[0] = max(peak[0], memory_of("self")["RssAnon"])

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    start, worked = time.perf_counter(), time.process_time()
    kept = READERS[network](Path(file))
    seconds, processor = time.perf_counter() - start, time.process_time() - worked
    done.set()
    watcher.join()
    memory = {"resident": size_of(kept), "peak": peak[0] - before}
    print(json.dumps({**memory, "seconds": seconds, "processor": processor}))


def size_of(loaded: nn.Module | ClipSpace | Tensor) -> int:
    """Bytes of all the numbers of a network, or of R."""
    if isinstance(loaded, Tensor):
        return loaded.nbytes
    network = loaded.model if isinstance(loaded, ClipSpace) else loaded
    return sum(value.nbytes for value in (*network.parameters(), *network.buffers()))


if __name__ == "__main__":
    main(*sys.argv[1:])
