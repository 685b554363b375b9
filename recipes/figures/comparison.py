"""The comparison that figures 4 and 5 draw: the full table if it is there, else a small one.

    python -m benchmarks.toyfaces_comparison      the full one, in runs/evaluate/toyfaces

The small one (8 sentences, 6 faces) takes minutes and says so in the figures; it is kept in
runs/evaluate/figures and goes on after an interruption.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from deltaedit_kit import load_domain
from deltaedit_kit.labs.compare.comparison import Comparison, Plan
from deltaedit_kit.labs.compare.prompts import default_prompts, of_split
from deltaedit_kit.labs.compare.results import Results
from deltaedit_kit.labs.compare.runs import Run
from deltaedit_kit.support.errors import DeltaEditError

ROOT = Path(__file__).parents[2]
FULL, SMALL = ROOT / "runs/evaluate/toyfaces", ROOT / "runs/evaluate/figures"
SENTENCES = 8


def small_plan() -> Plan:
    """Few faces, default settings."""
    return Plan(settings=("short",), faces=6, slow_faces=3, reference_faces=200)


def comparison() -> Results:
    """The results to draw."""
    try:
        return Results(FULL)
    except DeltaEditError as missing:
        print(f"the small comparison instead: {missing}")
    domain = load_domain("toyfaces")
    folder = SMALL
    prompts = of_split(default_prompts(domain), "test")[:SENTENCES]
    Comparison(domain, small_plan(), prompts, folder).run()
    return Results(folder)


def finished(summary: pd.DataFrame) -> pd.DataFrame:
    """Without settings that a run still works on: fewer sentences than the others."""
    faces = summary.query("metric == 'faces'").to_dict("records")
    sentences = {(row["method"], row["setting"]): row["n"] for row in faces}
    most = max(sentences.values(), default=0)
    pairs = zip(summary["method"], summary["setting"], strict=True)
    return summary.loc[[sentences.get(pair, most) == most for pair in pairs]]


def note(runs: Sequence[tuple[str, Run]]) -> str:
    """How many sentences and faces the numbers come from: (setting, run) of what is shown."""
    sentences = len({run.prompt.text for _, run in runs})
    faces = {(run.method, setting): run.faces for setting, run in runs}
    most = max(faces.values(), default=0)
    text = f"toyfaces: {sentences} sentences, {most} faces each; same faces, sentences and CLIP"
    for count in sorted({count for count in faces.values() if count < most}):
        who = [f"{method} ({setting})" for (method, setting), n in faces.items() if n == count]
        text += f"; {count} faces: {', '.join(who)}"
    return text
