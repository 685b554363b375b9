"""Draw the states of the panels that lessons 01, 03, 06 and 07 open: what a hand would see there.

    python -m recipes.site.draw_panels           -> recipes/site/walks/NAME/*.webp and NAME.json
    python -m recipes.site.draw_panels study     one of scatter, monitor, explorer, study

    scatter    one attribute after the other is selected, in both planes
    monitor    a short training: the previews of the mapper after so many steps
    explorer   a method and a face after the other: the pictures, and the numbers in words
    study      the first rounds of a participant

About two processor minutes. The pictures hold no text: the words of a state stand under its slider.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from deltaedit_kit import Domain, Faces, load_domain
from deltaedit_kit.labs.compare.baselines import make
from deltaedit_kit.labs.compare.comparison import Comparison, Plan
from deltaedit_kit.labs.compare.explorer import Choice, explore
from deltaedit_kit.labs.compare.prompts import Prompt
from deltaedit_kit.labs.compare.results import Results
from deltaedit_kit.labs.delta_space.clouds import one_attribute_changed
from deltaedit_kit.labs.delta_space.plot_projection import PICTURES, TEXTS
from deltaedit_kit.labs.delta_space.projection import Projection, project
from deltaedit_kit.labs.study.creation import create_study
from deltaedit_kit.labs.study.design import Design
from deltaedit_kit.labs.study.items import make_items
from deltaedit_kit.labs.study.rehearsal import SENTENCES, faces_without
from deltaedit_kit.labs.study.screen import press, screen_for
from deltaedit_kit.labs.training.experiment import ExperimentConfig
from deltaedit_kit.labs.training.monitor import previews
from deltaedit_kit.labs.training.start import train_fast
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.toyfaces.shipped_codes import shipped_codes
from deltaedit_kit.train import Report, Run
from recipes.site.draw_walks import beside, save, state
from recipes.site.walks import State, Walk

ATTRIBUTES = ("glasses", "smile", "beard", "long_hair", "blond_hair", "dark_skin", "open_mouth",
              "old")  # fmt: skip
STEPS = (0, 25, 50, 100, 150, 200, 250, 300)
LOOKED_AT = ("face with glasses", "face with a beard", "face with blond hair")
Drawn = tuple[Walk, list[np.ndarray]]


def scatter(domain: Domain) -> Drawn:
    """Lesson 01: rows that changed one attribute, and where they lie in both planes."""
    spaces = one_attribute_changed(domain.clip, n=300, seed=0, attributes=list(ATTRIBUTES))
    planes = [project(*space.pair.unit(), "tsne") for space in spaces]
    changed = np.asarray(spaces.delta.colours["attribute"])
    states, rows = [], []
    for number, name in enumerate(ATTRIBUTES):
        chosen = changed == name
        raw, differences = (spread(plane, chosen) for plane in planes)
        words = (
            f"{chosen.sum()} pairs chosen in which “{name.replace('_', ' ')}” was changed. "
            f"Their average distance from their own middle: {raw:.2f} in the left plane "
            f"(pictures and texts as they are), {differences:.2f} in the right one (differences)."
        )
        states.append(state(number, name.replace("_", " "), words))
        rows.append(chosen_figure(planes, chosen))
    title = "Pictures are discs, texts squares: chosen in one plane, chosen in the other"
    return Walk(title=title, label="Attribute", start=0, states=states), rows


def spread(plane: Projection, chosen: np.ndarray) -> float:
    """How far the chosen rows lie from their middle, both clouds together."""
    points = np.concatenate((plane.first[chosen], plane.second[chosen]))
    return float(np.linalg.norm(points - points.mean(axis=0), axis=1).mean())


def chosen_figure(planes: Sequence[Projection], chosen: np.ndarray) -> np.ndarray:
    """Both planes, the chosen rows in colour over the others in grey."""
    figure = Figure(figsize=(7.6, 3.8), dpi=100, facecolor="white", layout="constrained")
    for axis, plane in zip(figure.subplots(1, 2), planes, strict=True):
        for points, marker, colour in ((plane.first, "o", PICTURES), (plane.second, "s", TEXTS)):
            axis.scatter(*points[~chosen].T, s=7, color="#c8ccd2", marker=marker, linewidths=0)
            axis.scatter(*points[chosen].T, s=18, color=colour, marker=marker, linewidths=0)
        axis.set(xlim=(-1.06, 1.06), ylim=(-1.06, 1.06), xticks=[], yticks=[], aspect="equal")
        axis.spines[:].set_color("#d6dbe1")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def monitor(domain: Domain) -> Drawn:
    """Lesson 03: a training of 300 steps, looked at on its way."""
    config = ExperimentConfig(
        steps=STEPS[-1], batch=64, learning_rate=6.0, warm_up=40, beta2=0.99, orthogonal=True,
        schedule="cosine", ema=0.98, correlated=10, report_every=25,
    )  # fmt: skip
    faces = domain.sample(3, seed=0)
    rows: dict[int, np.ndarray] = {}
    cosines: dict[int, float] = {}

    def look(run: Run) -> bool:
        if run.step in STEPS and run.step not in rows:
            rows[run.step] = previewed(domain, faces, run.mapper())
        return True

    def note(report: Report) -> None:
        cosines[report.step] = report.validation_cosine

    mapper = train_fast(domain, shipped_codes(domain), config, None, note, None, look)
    rows[config.steps] = previewed(domain, faces, mapper)
    states = []
    for number, step in enumerate(STEPS):
        after = f"after {step} of {config.steps} steps" if step else "before the first step"
        learned = f"; cosine with the true Δs on held-out pairs {cosines[step]:.2f}" if step else ""
        words = f"A face a row: before, {', '.join(LOOKED_AT)}; {after}{learned}."
        states.append(state(number, f"step {step}", words))
    title = "A short training of its own: the mapper's edits on the way"
    walk = Walk(title=title, label="Training", start=len(STEPS) - 1, states=states)
    return walk, [rows[step] for step in STEPS]


def previewed(domain: Domain, faces: Faces, mapper: DeltaMapper) -> np.ndarray:
    """What the monitor shows of a mapper."""
    return opened(previews(domain, faces, LOOKED_AT, mapper))


def opened(png: bytes) -> np.ndarray:
    """A PNG file as pixels [H, W, 3]."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def explorer(domain: Domain) -> Drawn:
    """Lesson 06: the two methods that need no optimisation, three faces each."""
    sentence, methods, faces = "a smiling face", ("deltaedit", "styleclip-directions"), 3
    plan = Plan(methods=methods, settings=("default",), faces=faces, reference_faces=60, fast=False)
    states, rows = [], []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "small"
        Comparison(domain, plan, [Prompt(sentence, ("smile",))], folder).run(progress=False)
        results = Results(folder)
        for method in methods:
            for face in range(faces):
                seen = explore(results, Choice(method, sentence, "default", 1.0, face))
                numbers = "; ".join(f"{name} {own}" for name, own, _ in seen.numbers if own)
                words = f"Before and after “{sentence}”. This face: {numbers}."
                states.append(state(len(states), f"{method}, face {face}", words))
                rows.append(beside(np.stack([opened(seen.before), opened(seen.after)])))
    title = "Two of the five methods, chosen in the explorer's menus one after the other"
    return Walk(title=title, label="Choice", start=0, states=states), rows


def study(domain: Domain) -> Drawn:
    """Lesson 07: what a participant is shown, until an attention check has been answered."""
    methods = {name: make(name, domain).edit for name in ("deltaedit", "styleclip-directions")}
    items = make_items(methods, faces_without(domain, SENTENCES, seed=0), SENTENCES)
    states: list[State] = []
    rows = []
    with tempfile.TemporaryDirectory() as place:
        store = create_study(Path(place) / "s.sqlite", items, Design(40, rounds=20, checks=3))
        store.join("somebody")
        for number in range(8):
            shown = screen_for(store, "somebody")
            words = f"Before, left, right. “{shown.text}”. {shown.question} Press ← or →."
            if shown.ask is not None and shown.ask.check:
                words += " (An attention check: one of the two is the other, its tiles shuffled.)"
            states.append(state(number, f"question {shown.done + 1} of {shown.total}", words))
            pictures = [opened(file) for file in (shown.before, shown.left, shown.right)]
            rows.append(beside(np.stack(pictures)))
            press(store, shown, "ArrowLeft", seconds=2.0)
        store.close()
    title = "Before, and two edits; which method made which is not in the page"
    return Walk(title=title, label="Question", start=0, states=states), rows


PANELS: dict[str, Callable[[Domain], Drawn]] = {
    "scatter": scatter,
    "monitor": monitor,
    "explorer": explorer,
    "study": study,
}


def main() -> None:
    """Draw the named panels, or all."""
    parser = argparse.ArgumentParser(description="States of the panels, for the site.")
    parser.add_argument("names", nargs="*", help=f"of {', '.join(PANELS)} (default: all)")
    domain = load_domain("toyfaces")
    for name in parser.parse_args().names or list(PANELS):
        walk, rows = PANELS[name](domain)
        save(name, walk, rows)
        print(f"{name}: {len(rows)} states", flush=True)


if __name__ == "__main__":
    main()
