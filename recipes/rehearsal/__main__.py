"""`python -m recipes.rehearsal`: every command on full-size stand-ins of ffhq and lsun-cat.

    python -m recipes.rehearsal                       all steps, in runs/rehearsal
    python -m recipes.rehearsal --only load,download  some of them

Prints one row a step: seconds, those that the processor worked on it, peak of own memory, peak with
the pages of files; ends with 1 where a step failed. 8 GB of disk. What an earlier run left is not
made again: delete runs/rehearsal, or all but files/ in it, to measure everything.
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
FFHQ, CAT = str(ROOM / "ffhq"), str(ROOM / "lsun-cat")
PHOTO = ROOM / "photo.png"
KIT = "deltaedit_kit"
EDIT = (KIT, "edit", "face with smile", "--domain", FFHQ, "--out", str(ROOM / "edit.png"))
LEARN = ("--steps", "20", "--held-out", "0.25")
ONE = ("--pictures", "1")
STEPS = {  # name -> module and its arguments; of 1024 px few samples do
    "ffhq download": (KIT, "download", FFHQ),
    "ffhq edit, one face": (*EDIT, "--faces", "1"),
    "ffhq invert and edit": (*EDIT, "--photo", str(PHOTO)),
    "ffhq notebook 08": ("recipes.rehearsal.lesson", FFHQ, str(ROOM / "lesson.ipynb")),
    "ffhq codes, 8": (KIT, "codes", FFHQ, "--samples", "8", "--batch", "1"),
    "ffhq train, 20 steps": (KIT, "train", FFHQ, *LEARN, "--out", str(ROOM / "mapper")),
    "cat download": (KIT, "download", CAT),
    "cat codes, 16": (KIT, "codes", CAT, "--samples", "16", "--batch", "4"),
    "cat train, 20 steps": (KIT, "train", CAT, *LEARN),
    "cat relevance, one picture": (KIT, "relevance", CAT, *ONE, "--method", "gradient"),
}
HEAD = """| step | seconds | of the processor | own memory, MB | with pages of files, MB |
|---|---:|---:|---:|---:|"""


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
    print(HEAD)
    try:
        if loading:
            loads(stand_ins)
        good = [row(step, run(what, ROOM / "said.txt")) for step, what in asked_for.items()]
    finally:
        site.kill()
    used = sum(path.stat().st_size for path in ROOM.rglob("*") if path.is_file())
    print(f"disk: {used / 1e9:.1f} GB, stand-ins and downloads together")
    sys.exit(not all(good))


def named(step: str, words: list[str]) -> bool:
    """Whether one of the words is in the step's name."""
    return any(word in step for word in words)


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
                line(name, found["seconds"], found["processor"], found["peak"], cost.all)


def row(name: str, cost: Cost) -> bool:
    """One step, and whether it went well; what it said, where it failed."""
    line(name, cost.seconds, cost.processor, cost.own, cost.all)
    if cost.code:
        print(f"failed with {cost.code}: {cost.said[-600:]}")
    return not cost.code


def line(name: str, seconds: float, processor: float, own: int, all: int) -> None:
    """A row of the table; memory in bytes."""
    print(
        f"| {name} | {seconds:.1f} | {processor:.1f} | {own / 1e6:,.0f} | {all / 1e6:,.0f} |",
        flush=True,
    )


def draw_photo(path: Path) -> None:
    """A picture of 1024 px, already aligned, as nobody's face."""
    import numpy as np
    from PIL import Image

    down, right = np.mgrid[0:1024, 0:1024] / 4
    plane = np.stack([down, right, np.full_like(down, 90)], axis=2)
    Image.fromarray(plane.astype(np.uint8)).save(path)


if __name__ == "__main__":
    main()
