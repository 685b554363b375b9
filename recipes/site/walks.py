"""Sliders that work without a kernel: states of a panel drawn beforehand, one picture each.

    drawn by draw_walks.py  ->  walks/NAME/*.webp and NAME.json  ->  copied, and shown by `markup`

A state is a value of the slider, its picture and its words. The page loads one picture; the script
`walk.js` fetches the others when the slider is first touched. Without a script the first picture
and its words are there all the same.
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
}
SCREENS = {  # notebook -> picture of its panel, and the words for it
    "01_delta_space": ("scatter", "Two linked clouds of pictures and texts, a few pairs chosen"),
    "03_train_the_mapper": ("monitor", "The training monitor: buttons, curves, previews"),
    "06_metrics_and_baselines": ("explorer", "Menus for method, sentence and face; the numbers"),
    "07_user_study": ("study", "A round of the study: before, two edits, and the questions"),
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
    """The pictures of all walks and panels into a folder of the site."""
    shutil.copytree(FOLDER, target, ignore=shutil.ignore_patterns("*.json"))


def panel(notebook: str, static: str) -> str:
    """HTML in place of a notebook's panel: a walk, a picture, or words."""
    words = "The panel itself needs a kernel: open the notebook to use it."
    if notebook in PANELS:
        return f"{markup(PANELS[notebook], static)}<p>{words}</p>"
    name, alt = SCREENS.get(notebook, ("", ""))
    if not (FOLDER / f"{name}.webp").is_file():
        return f"<p>{words}</p>"
    picture = f'<img src="{static}/walks/{name}.webp" alt="{html.escape(alt)}" loading="lazy">'
    return f'<figure class="panel">{picture}<figcaption>{words}</figcaption></figure>'


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
        f'aria-valuetext="{shown["value"]}"><output>{shown["value"]}</output></label>'
        f"<figcaption>{html.escape(walk['title'])}</figcaption></figure>"
    )
