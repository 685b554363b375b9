"""A run of the comparison: one method, one setting, one sentence, all faces, every strength.

    run = compute_run(...)    computed
    store(run, folder)       runs/<key>.json, .safetensors (moments), .png (the first faces)
    load(folder, key)         None if it has not been computed

A run that fails is a run: its status says so and its reason why. Each file is written whole or
not at all, so that an interrupted comparison goes on with the next run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, ClassVar, Literal

import torch
from pydantic import ConfigDict, TypeAdapter
from torch import Tensor

from deltaedit_kit.labs.compare.baselines.method import now
from deltaedit_kit.labs.compare.evaluator import Evaluator
from deltaedit_kit.labs.compare.files import (
    Count,
    read_json,
    read_moments,
    save_moments,
    write_json,
)
from deltaedit_kit.labs.compare.prompts import Prompt
from deltaedit_kit.labs.metrics.frechet import Moments
from deltaedit_kit.support.atomic import replacing
from deltaedit_kit.support.device import computing
from deltaedit_kit.support.errors import DeltaEditError

if TYPE_CHECKING:
    from deltaedit_kit.domain.faces import Faces
    from deltaedit_kit.labs.compare.baselines.method import Method

SHOWN = 6  # faces whose pictures are kept


@dataclass(frozen=True)
class Run:
    """What one method made of one sentence; `values[strength][metric]` has a number a face.

    Its JSON file has neither moments nor pictures.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        arbitrary_types_allowed=True, extra="forbid", ser_json_inf_nan="strings"
    )

    method: str
    settings: dict[str, bool | int | float | str]
    prompt: Prompt
    faces: Count
    strengths: tuple[float, ...]  # multiples of the method's own
    origin: str = ""  # the weights and faces that it was computed with
    status: Literal["ok", "failed"] = "ok"
    reason: str = ""
    kept: Count = 0  # channels of s that might move
    seconds: dict[str, float] = field(default_factory=dict)
    values: dict[float, dict[str, list[float]]] = field(default_factory=dict)
    moments: dict[float, dict[str, Moments]] = field(default_factory=dict)
    pictures: Tensor | None = None  # [strengths, SHOWN, 3, H, W]

    @property
    def key(self) -> str:
        """Name of its files: the method, and a hash of all else that decides about its numbers."""
        strengths = [f"{strength:g}" for strength in self.strengths]
        prompt = self.prompt
        given = [self.settings, prompt.text, prompt.asks, self.faces, strengths, self.origin]
        text = json.dumps(given, sort_keys=True)
        return f"{self.method}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


Stored = TypeAdapter(Run)


def compute_run(
    method: Method,
    prompt: Prompt,
    faces: Faces,
    evaluator: Evaluator,
    strengths: Sequence[float],
    fast: bool = False,
    origin: str = "",
) -> Run:
    """Compute a run, drawn as `computing(device, fast)`; whatever fails becomes its reason."""
    run = Run(method.name, asdict(method.settings), prompt, len(faces), tuple(strengths), origin)
    device = method.domain.device.type
    drawing, began = 0.0, (perf_counter(), process_time())
    try:
        change = method.change(faces, prompt.text)
        values, moments, shown = {}, {}, []
        for strength in strengths:
            start = now(device)
            with computing(method.domain.device, fast):
                pictures = method.apply(faces, change, strength * method.settings.strength).float()
            drawing += now(device) - start
            evaluated = evaluator(prompt, pictures)
            values[strength] = {name: value.tolist() for name, value in evaluated.values.items()}
            moments[strength] = evaluated.moments
            shown.append(pictures[:SHOWN].cpu())
    except Exception as cause:  # whatever it is, the other runs must go on
        kind = "" if isinstance(cause, DeltaEditError) else f"{type(cause).__name__}: "
        return replace(run, status="failed", reason=f"{kind}{cause}"[:300])
    times = change.seconds
    seconds = {
        "training": times.training,
        "preparation": times.preparation,
        "edit": (times.edit + drawing / len(strengths)) / len(faces),
        "run": perf_counter() - began[0],  # all of it, with all strengths and the evaluator
        "processor": process_time() - began[1],  # the same, whatever else the machine does
    }
    return replace(
        run,
        kept=int(change.kept.sum()),
        seconds=seconds,
        values=values,
        moments=moments,
        pictures=torch.stack(shown),
    )


def store(run: Run, folder: Path) -> None:
    """Write a run's files; the JSON comes last, so that it vouches for the others."""
    folder.mkdir(parents=True, exist_ok=True)
    moments = {
        (f"{strength:g}", name): m
        for strength, networks in run.moments.items()
        for name, m in networks.items()
    }
    if moments:
        save_moments(folder / f"{run.key}.safetensors", moments)
    if run.pictures is not None:
        save_sheet(run.pictures, folder / f"{run.key}.png")
    values = {
        strength: {name: [float(f"{v:.5g}") for v in numbers] for name, numbers in metrics.items()}
        for strength, metrics in run.values.items()
    }
    stored = replace(run, values=values, moments={}, pictures=None)
    write_json(folder / f"{run.key}.json", stored, Stored)


def load(folder: Path, key: str) -> Run | None:
    """The run of that key without its pictures, None if it is not there.

    Raises DeltaEditError for a damaged file, naming it.
    """
    path = folder / f"{key}.json"
    if not path.exists():
        return None
    run = read_json(path, Stored)
    moments: dict[float, dict[str, Moments]] = {}
    places = [f"{strength:g}" for strength in run.strengths]
    for (strength, network), m in read_moments(folder / f"{key}.safetensors", places).items():
        moments.setdefault(float(strength), {})[network] = m
    run = replace(run, moments=moments)
    counts = [len(numbers) for metrics in run.values.values() for numbers in metrics.values()]
    whole = run.status == "failed" or set(run.values) == set(run.strengths)
    if run.key != key or not whole or set(counts) - {run.faces}:
        raise DeltaEditError(
            f"{path} is damaged (its numbers do not belong to its key); delete it, and run again"
        )
    return run


def save_sheet(pictures: Tensor, path: Path) -> None:
    """Pictures [rows, columns, 3, H, W] as one PNG without gaps."""
    from deltaedit_kit.support.pictures import encode_png

    sheet = torch.cat([torch.cat(list(row), dim=2) for row in pictures], dim=1)
    with replacing(path) as beside:
        beside.write_bytes(encode_png(sheet))
