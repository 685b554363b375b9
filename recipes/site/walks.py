"""Sliders that work without a kernel: states of a panel drawn beforehand, one picture each.

    draw_walks.py  ->  walks/NAME/*.webp and NAME.json  ->  `copy`, `markup`

A state is a value of the slider, its picture and its words, which stand under the slider as text.
The page loads one picture; the script `walk.js` fetches the others when the slider is first
touched. Without a script the first picture and its words are there all the same.
"""

from __future__ import annotations

import html
import json
import shutil
from pathlib import Path
from typing import TypedDict

FOLDER = Path(__file__).parent / "walks"
PANELS = {  # notebook -> the walk that stands for its panel
    "00_quickstart": "glasses",
    "02_style_space": "channel",
    "04_text_editing": "smile",
    "01_delta_space": "scatter",
    "03_train_the_mapper": "monitor",
    "06_metrics_and_baselines": "explorer",
    "07_user_study": "study",
}


class State(TypedDict):
    """A value of the slider, its words, and the name of its picture."""

    value: str
    words: str
    picture: str


class Walk(TypedDict):
    """What a slider walks through."""

    title: str
    label: str  # of the slider
    start: int  # the state shown first
    states: list[State]


def copy(target: Path) -> None:
    """The pictures of all walks into a folder of the site."""
    shutil.copytree(FOLDER, target, ignore=shutil.ignore_patterns("*.json"))


def panel(notebook: str, static: str) -> str:
    """HTML in place of a notebook's panel: a walk where there is one, and words."""
    words = "The panel itself needs a kernel: open the notebook to use it."
    walk = markup(PANELS[notebook], static) if notebook in PANELS else ""
    return f"{walk}<p>{words}</p>"


def read(name: str) -> Walk:
    """A walk from its file."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def markup(name: str, static: str) -> str:
    """One walk as HTML; `static` is the way to the site's static files."""
    walk = read(name)
    states, start = walk["states"], walk["start"]
    for state in states:
        state["picture"] = f"{static}/walks/{name}/{state['picture']}"
    shown, data = states[start], html.escape(json.dumps(states, ensure_ascii=False))
    return (
        f'<figure class="walk" data-states="{data}">'
        f'<img src="{shown["picture"]}" alt="{html.escape(shown["words"])}">'
        f"<label><span>{html.escape(walk['label'])}</span> "
        f'<input type="range" min="0" max="{len(states) - 1}" value="{start}" '
        f'aria-valuetext="{html.escape(shown["value"])}"><output>{html.escape(shown["value"])}</output></label>'
        f'<p class="words">{html.escape(shown["words"])}</p>'
        f"<figcaption>{html.escape(walk['title'])}</figcaption></figure>"
    )
