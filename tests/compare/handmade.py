"""A comparison's folder written by hand: every number is known, and it costs nothing."""

from __future__ import annotations

import math
from pathlib import Path

import torch

from deltaedit_kit.labs.compare.files import record
from deltaedit_kit.labs.compare.prompts import Prompt
from deltaedit_kit.labs.compare.results import Results
from deltaedit_kit.labs.compare.runs import Run, save_sheet, store

GLASSES, SMILE = Prompt("face with <i>glasses</i>", ("glasses",)), Prompt("a smiling face")
STRENGTHS = (0.5, 1.0)
FACES = 3
SIDE = 16


def values(base: float) -> dict[str, list[float]]:
    """Three faces; the first one had what was asked for before the edit."""
    return {"success": [math.nan, 0.0, 1.0], "ids": [base, base + 0.1, base + 0.2]}


def good(prompt: Prompt, method: str = "deltaedit") -> Run:
    shades = torch.linspace(-1, 1, len(STRENGTHS) * FACES).view(len(STRENGTHS), FACES, 1, 1, 1)
    return Run(
        method,
        {"strength": 1.0},
        prompt,
        FACES,
        STRENGTHS,
        seconds={"training": 0.0, "preparation": 0.5, "edit": 0.25},
        values={strength: values(strength / 2) for strength in STRENGTHS},
        pictures=shades.expand(-1, -1, 3, SIDE, SIDE).clone(),
    )


def failed(prompt: Prompt) -> Run:
    return Run("tedigan", {}, prompt, FACES, STRENGTHS, status="failed", reason="the <b>reason</b>")


def handmade(folder: Path) -> Results:
    """DeltaEdit with two sentences, TediGAN that failed with one, and was not asked the other."""
    runs = [good(GLASSES), good(SMILE), failed(GLASSES)]
    for run in runs:
        store(run, folder / "runs")
    save_sheet(torch.zeros(1, FACES, 3, SIDE, SIDE), folder / "before.png")
    for run in runs:
        setting = "short" if run.method == "tedigan" else "default"
        record(folder, (run.method, setting, run.prompt.text), run.key)
    return Results(folder)
