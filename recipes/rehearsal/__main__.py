"""`python -m recipes.rehearsal`: every command on full-size stand-ins of ffhq and lsun-cat.

    python -m recipes.rehearsal                       all steps, in runs/rehearsal
    python -m recipes.rehearsal --only load,download  some of them

Prints one row a step: seconds, peak of own memory, peak with the pages of files. 6 GB of disk.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.machine import processor
from recipes.rehearsal.declaring import declare
from recipes.rehearsal.load import READERS
from recipes.rehearsal.measured import Cost, run

ROOM = Path("runs/rehearsal")
LARGEST = "e4e_ffhq_encode.pt"
KIT = "deltaedit_kit"
FFHQ, CAT = str(ROOM / "ffhq"), str(ROOM / "lsun-cat")
PHOTO = ROOM / "photo.png"
STEPS = {  # name -> arguments of the command; below 1024 px few samples do
    "ffhq download": ("download", FFHQ),
    "ffhq edit, one face": ("edit", "face with smile", "--domain", FFHQ, "--faces", "1"),
    "ffhq invert and edit": ("edit", "face with smile", "--domain", FFHQ, "--photo", str(PHOTO)),
    "ffhq codes, 2": ("codes", FFHQ, "--samples", "2", "--batch", "1"),
    "cat download": ("download", CAT),
    "cat codes, 16": ("codes", CAT, "--samples", "16", "--batch", "4"),
    "cat train, 20 steps": ("train", CAT, "--steps", "20", "--held-out", "0.2"),
    "cat relevance, one picture": ("relevance", CAT, "--pictures", "1", "--method", "gradient"),
}


def main() -> None:
    """Make what is missing, serve it, run the steps, print the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--only", default="", help="steps whose names hold one of these words")
    words = [word for word in asked.parse_args().only.split(",") if word]
    stand_ins = ROOM / "files"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    asked_for = {step: what for step, what in STEPS.items() if not words or named(step, words)}
    loading = not words or "load" in words
    for name in ("ffhq", "lsun-cat"):
        if not loading and not any(str(ROOM / name) in what for what in asked_for.values()):
            continue
        declare(name, ROOM / name, stand_ins, f"http://127.0.0.1:{port}")
    draw_photo(PHOTO)
    command = ["-m", "recipes.rehearsal.site", str(stand_ins), str(port), LARGEST]
    log = (ROOM / "site.txt").open("w")
    site = subprocess.Popen([sys.executable, *command], stdout=log)
    time.sleep(1)
    print(f"{processor()}, {os.cpu_count()} cores, OMP_NUM_THREADS={os.getenv('OMP_NUM_THREADS')}")
    print("| step | seconds | own memory, MB | with pages of files, MB |\n|---|---:|---:|---:|")
    try:
        if loading:
            loads(stand_ins)
        for step, arguments in asked_for.items():
            row(step, run((KIT, *arguments, *picture(arguments)), ROOM / "said.txt"))
    finally:
        site.kill()
    used = sum(path.stat().st_size for path in ROOM.rglob("*") if path.is_file())
    print(f"disk: {used / 1e9:.1f} GB, stand-ins and downloads together")


def named(step: str, words: list[str]) -> bool:
    """Whether one of the words is in the step's name."""
    return any(word in step for word in words)


def picture(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """Where an edit's picture goes."""
    return ("--out", str(ROOM / "edit.png")) if arguments[0] == "edit" else ()


def loads(stand_ins: Path) -> None:
    """A row for each network: what its file takes to load, against what it leaves."""
    for place in (FFHQ, CAT):
        networks = json.loads((Path(place) / "domain.json").read_text())["networks"]
        for network, files in networks.items():
            for file in files if network in READERS else ():
                arguments = ("recipes.rehearsal.load", network, str(stand_ins / file["file"]))
                cost = run(arguments, ROOM / "said.txt")
                found = json.loads(cost.said.splitlines()[-1])
                ratio = found["peak"] / found["resident"]
                name = f"load {file['file']} ({found['resident'] / 1e6:.0f} MB, x {ratio:.2f})"
                print(
                    f"| {name} | {found['seconds']:.1f} | {found['peak'] / 1e6:,.0f} | "
                    f"{cost.all / 1e6:,.0f} |",
                    flush=True,
                )


def row(name: str, cost: Cost) -> None:
    """One step; what it said, where it failed."""
    print(
        f"| {name} | {cost.seconds:.0f} | {cost.own / 1e6:,.0f} | {cost.all / 1e6:,.0f} |",
        flush=True,
    )
    if cost.code > 0:
        print(f"failed with {cost.code}: {cost.said[-600:]}")


def draw_photo(path: Path) -> None:
    """A picture of 1024 px, already aligned, as nobody's face."""
    import numpy as np
    from PIL import Image

    down, right = np.mgrid[0:1024, 0:1024] / 4
    plane = np.stack([down, right, np.full_like(down, 90)], axis=2)
    Image.fromarray(plane.astype(np.uint8)).save(path)


if __name__ == "__main__":
    main()
