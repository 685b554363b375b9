"""What shortening costs: the methods that optimise, with few steps and with as many as published.

    python -m benchmarks.toyfaces_steps                          minutes
    python -m benchmarks.toyfaces_steps --mapper-steps 60 600    a mapper longer than the table's

A line for each method and number of steps: success, side effect and IDS over faces and sentences,
and processor seconds a picture (a sentence, for the mapper). The first number of steps is the
table's.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

import torch

from benchmarks.machine import describe
from deltaedit_kit import Domain, load_domain
from deltaedit_kit.labs.compare.baselines import make, method_class
from deltaedit_kit.labs.compare.evaluator import Evaluator
from deltaedit_kit.labs.compare.prompts import Prompt, default_prompts, of_split
from deltaedit_kit.labs.compare.runs import Run, compute_run

# A walk of k steps keeps its reach, the learning rate times the steps, as `presets` does.
STEPS = {
    "styleclip-optimisation": ({"steps": 15}, {"steps": 60}, {"steps": 300}),
    "tedigan": (
        {"steps": 15, "lr": 0.13},
        {"steps": 50, "lr": 0.04},
        {"steps": 200, "lr": 0.01},
    ),
}


def runs_of(
    domain: Domain, name: str, settings: dict, prompts: Sequence[Prompt], faces: int
) -> Iterator[Run]:
    """One run for each sentence, drawn exactly, walked as fast as in the table."""
    picked = domain.sample(faces, seed=700_000)
    evaluator = Evaluator(domain, picked, ())
    for prompt in prompts:
        method = make(name, domain, **(dict(method_class(name).short) | settings))
        yield compute_run(method, prompt, picked, evaluator, (1.0,))


def line(name: str, settings: dict, runs: Sequence[Run]) -> str:
    """The means over runs; the reason where one failed."""
    failed = [run.reason for run in runs if run.status != "ok"]
    if failed:
        return f"{name:24s}{settings['steps']:6d} steps: failed, {failed[0]}"
    values = [
        torch.cat([torch.tensor(run.values[1.0][metric]) for run in runs]).nanmean()
        for metric in ("success", "side_effect", "ids")
    ]
    part = "training" if name == "styleclip-mapper" else "edit"
    seconds = sum(run.seconds[part] for run in runs) / len(runs)
    return (
        f"{name:24s}{settings['steps']:6d} steps: success {values[0]:5.1%}, side effect "
        f"{values[1]:.3f}, IDS {values[2]:.3f}, {seconds:7.2f} s"
    )


def main() -> None:
    """Print a line as soon as it is known."""
    parser = argparse.ArgumentParser(description="What fewer steps cost.")
    parser.add_argument("--faces", type=int, default=4, help="how many (default: 4)")
    parser.add_argument("--sentences", type=int, default=3, help="how many (default: 3)")
    parser.add_argument("--mapper-steps", type=int, nargs="*", default=[60, 240])
    options = parser.parse_args()
    domain = load_domain("toyfaces")
    prompts = of_split(default_prompts(domain), "test")[: options.sentences]
    texts = "; ".join(prompt.text for prompt in prompts)
    print(f"{describe('cpu')}\n{options.faces} faces, sentences: {texts}", flush=True)
    todo = [(name, settings) for name, rows in STEPS.items() for settings in rows]
    todo += [("styleclip-mapper", {"steps": steps}) for steps in options.mapper_steps]
    for name, settings in todo:
        runs = list(runs_of(domain, name, settings, prompts, options.faces))
        print(line(name, settings, runs), flush=True)


if __name__ == "__main__":
    main()
