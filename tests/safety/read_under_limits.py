"""Reads files in a process that may use one gigabyte more and some minutes of processor time.

    python -m tests.safety.read_under_limits READER,... FILE ...     one JSON line each: the outcome

A process that dies says nothing of the file that it died of.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path

from deltaedit_kit.io.checkpoints.converting import convert
from deltaedit_kit.io.checkpoints.describing import describe
from deltaedit_kit.io.checkpoints.loaders import load_arcface, load_e4e, load_stylegan2
from deltaedit_kit.io.declaration import read_declaration
from deltaedit_kit.support.errors import DeltaEditError

MEMORY = 2**30
SECONDS = 200


def converted(path: Path) -> object:
    return convert(path, path.with_name(f"{path.name}.safetensors"))


READERS: dict[str, Callable[[Path], object]] = {
    "describe": lambda path: describe(path).lines(),
    "convert": converted,
    "load_stylegan2": load_stylegan2,
    "load_e4e": load_e4e,
    "load_arcface": load_arcface,
    "read_declaration": read_declaration,
}


def outcome(read: Callable[[Path], object], path: Path) -> str:
    """ "right", or the line of a refusal; anything else is a fault and ends the process."""
    try:
        read(path)
    except DeltaEditError as refusal:
        return str(refusal)
    return "right"


def main(readers: str, *files: str) -> None:
    """Report every outcome as soon as it is there."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    for file in map(Path, files):
        for reader in readers.split(","):
            print(json.dumps([reader, file.name, outcome(READERS[reader], file)]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
