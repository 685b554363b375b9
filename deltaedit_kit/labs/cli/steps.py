"""A line for every step of a command: its name when it begins, its wall time when it is done.

load toyfaces ... 1.9 s
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print a step's name when it begins and its wall time when it is done."""
    print(f"{name} ...", end=" ", flush=True)
    start = perf_counter()
    try:
        yield
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{perf_counter() - start:.1f} s", flush=True)
