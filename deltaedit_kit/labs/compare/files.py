"""What a comparison keeps on the disk, typed: its claim, its index, and the moments of features.

    comparison.json           Claim: what all numbers of the folder have in common
    index.json                (method, setting, sentence) -> key of the run that stands for them now
    runs/KEY.json             `runs.Run`: one method with one sentence
    *.safetensors             moments of features: PLACE|mean, PLACE|scatter, PLACE|n; those of
                              unedited faces in reference-ORIGIN.safetensors

Runs are never overwritten: other weights or another choice of "best" have other keys. Two terminals
may compute other methods of one comparison at the same time.

Idea: a folder may come from anybody, or from a disk that was full. Every file is checked against
its type and its checksum when it is read, so that damage is one line with a file's name, and never
a wrong number.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from itertools import product
from pathlib import Path
from typing import Annotated, TypeVar

import torch
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from torch import Tensor

from deltaedit_kit.labs.metrics.frechet import Moments
from deltaedit_kit.support.atomic import (
    check_regular_file,
    load_tensors,
    save_tensors,
    with_checksum,
    without_checksum,
    write_text,
)
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.support.lock import only_writer

T = TypeVar("T")
CLAIM, INDEX = "comparison.json", "index.json"
UNEDITED = ("reference", "unedited")  # what FIDs compare with; the run's own faces
PATIENCE = 60.0  # seconds; another process writes one entry of the index
LARGEST = 256 * 2**20  # bytes of a file: a run of 10,000 faces takes 5 MB
WIDEST = 4096  # of a feature vector

Key = Annotated[str, Field(pattern=r"^[^/\\\x00]{1,200}$")]  # a file's name and no path
Count = Annotated[int, Field(ge=0, le=10**9)]
Names = tuple[str, str, str]  # method, setting, sentence
Entries = TypeAdapter(dict[str, list[tuple[str, str, str, Key]]])


class Claim(BaseModel):
    """What all numbers of a folder belong to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    domain: str
    faces: Count
    seed: Count
    precision: str
    strengths: tuple[float, ...]
    features: tuple[str, ...]
    reference_faces: Count
    origin: str = ""  # the weights of the latest run; other weights make other runs


def read_json(path: Path, kind: type[T] | TypeAdapter[T]) -> T:
    """The value of type `kind` in a JSON file. DeltaEditError for a file that holds none."""
    adapter = kind if isinstance(kind, TypeAdapter) else TypeAdapter(kind)
    found = bounded_file(path)
    try:
        return adapter.validate_python(without_checksum(json.loads(found.read_bytes())))
    except (OSError, ValueError, RecursionError) as cause:
        raise DeltaEditError(f"{path} is damaged ({_first(cause)}); delete it") from None


def write_json(path: Path, value: T, kind: type[T] | TypeAdapter[T]) -> None:
    """Write the file, whole or not at all."""
    adapter = kind if isinstance(kind, TypeAdapter) else TypeAdapter(kind)
    entries = json.loads(adapter.dump_json(value))
    write_text(path, json.dumps(with_checksum(entries), indent=1, ensure_ascii=False))


def read_index(folder: Path) -> dict[Names, str]:
    """The key of each entry's run, in order; {} without an index. DeltaEditError for damage."""
    path = folder / INDEX
    if not path.exists():
        return {}
    runs = read_json(path, Entries).get("runs", [])
    return {(method, setting, text): key for method, setting, text, key in runs}


def record(folder: Path, names: Names, key: str) -> None:
    """Put one entry into a folder's index, which other processes may write to as well."""
    with only_writer(folder, INDEX, PATIENCE):
        index = read_index(folder) | {names: key}
        write_json(folder / INDEX, {"runs": [(*each, of) for each, of in index.items()]}, Entries)


def bounded_file(path: Path) -> Path:
    """The path of a regular file that is not far too large; DeltaEditError for another."""
    found = check_regular_file(path)
    if found.stat().st_size > LARGEST:
        raise DeltaEditError(f"{path} has more than {LARGEST >> 20} MB; delete it")
    return found


def save_moments(path: Path, moments: Mapping[tuple[str, str], Moments]) -> None:
    """Write (place, feature network) -> moments."""
    tensors: dict[str, Tensor] = {}
    for names, m in moments.items():
        place = "|".join(names)
        tensors |= {f"{place}|mean": m.mean, f"{place}|scatter": m.scatter.float()}
        tensors[f"{place}|n"] = torch.tensor(m.n)
    save_tensors(path, tensors)


def read_moments(path: Path, places: Collection[str]) -> dict[tuple[str, str], Moments]:
    """The moments of such a file, all of these places; {} if there is none.

    Raises DeltaEditError for a damaged one, for another place, and where a network lacks one.
    """
    if not path.exists():
        return {}
    try:
        tensors, _ = load_tensors(bounded_file(path), "delete it to compute it again")
        found = {}
        for key in tensors:
            if key.endswith("|n"):
                place, network, _ = key.split("|")
                if place not in places:
                    raise ValueError(f"nothing is called {place[:60]!r}")
                parts = (tensors[f"{place}|{network}|{part}"] for part in ("mean", "scatter", "n"))
                found[place, network] = _moments(*parts)
        for place, network in product(places, {network for _, network in found}):
            if (place, network) not in found:
                raise ValueError(f"{network[:60]} lacks {place!r}")
    except (OSError, KeyError, ValueError, TypeError, RuntimeError) as cause:
        text = f"{path} is damaged ({_first(cause)}); delete it to compute it again"
        raise DeltaEditError(text) from None
    return found


def unedited_file(folder: Path, origin: str) -> Path:
    """Where the moments of unedited faces are, drawn with the weights `origin`."""
    return folder / f"reference-{origin}.safetensors"


def _moments(mean: Tensor, scatter: Tensor, n: Tensor) -> Moments:
    """Checked: sizes that fit, finite numbers, at least one picture."""
    width = mean.numel()
    if mean.shape != (width,) or scatter.shape != (width, width) or not 0 < width <= WIDEST:
        raise ValueError(f"mean {list(mean.shape)} and scatter {list(scatter.shape)} do not fit")
    if n.numel() != 1 or int(n) < 1:
        raise ValueError("moments of no pictures")
    if not bool(mean.isfinite().all() and scatter.isfinite().all()):
        raise ValueError("NaN or infinity")
    return Moments(int(n), mean.double(), scatter.double())


def _first(cause: Exception) -> str:
    """The first fault that was found, short."""
    if isinstance(cause, ValidationError):
        fault = cause.errors(include_url=False)[0]
        return f"{'.'.join(str(part) for part in fault['loc'])[:80]}: {fault['msg']}"[:200]
    return str(cause)[:200]
