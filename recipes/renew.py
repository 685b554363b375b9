"""What has to be made again when a network changes, in the order of dependence.

    python -m recipes.renew generator          # the commands that follow from a new generator
    python -m recipes.renew generator --run    # run them one after the other; stops at a failure
    python -m recipes.renew --run              # everything, from the renders on

A step reads what the steps that it `needs` wrote. Every command goes on after an interruption, so
`--run` can be given again; `--from STEP` leaves out the steps before. Prose that states a number
(README, docs, lessons, cards) is for a person to read and to correct.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter


@dataclass(frozen=True)
class Step:
    """A command `python -m MODULE OPTIONS`, and the steps whose files it reads."""

    command: str
    needs: tuple[str, ...] = ()


PLAIN, LEARNED = "toyfaces-plain-clip", "toyfaces-learned"
FINISH = "recipes.toyfaces_learned.finish --world"
STEPS: dict[str, Step] = {
    "renders": Step("recipes.toyfaces.renders"),
    "oracle": Step("recipes.toyfaces.oracle", ("renders",)),
    "identity": Step("recipes.toyfaces.identity", ("renders",)),
    "token_table": Step("recipes.toyfaces.token_table"),
    "clip": Step("recipes.toyfaces.clip", ("renders", "token_table")),
    "generator": Step("recipes.toyfaces.generator", ("renders", "clip")),
    "mapper": Step("recipes.toyfaces.mapper", ("generator", "clip")),
    "relevance": Step("recipes.toyfaces.relevance --fast", ("generator", "clip")),
    "encoder": Step("recipes.toyfaces.encoder", ("generator", "oracle", "identity", "clip")),
    "plain_clip": Step("recipes.toyfaces_learned.clip", ("clip",)),
    "plain_world": Step(f"{FINISH} {PLAIN}", ("generator", "plain_clip")),
    "learned_generator": Step("recipes.toyfaces_learned.generator"),
    "learned_world": Step(f"{FINISH} {LEARNED}", ("learned_generator", "plain_clip")),
    "quality": Step("benchmarks.toyfaces_quality", ("mapper", "relevance", "oracle")),
    "inversion": Step("benchmarks.toyfaces_inversion --renders 200", ("encoder",)),
    "comparison": Step("benchmarks.toyfaces_comparison", ("mapper", "relevance", "encoder")),
    "worlds": Step(
        "benchmarks.worlds --out figures/fig7_worlds.csv",
        ("mapper", "relevance", "plain_world", "learned_world", "oracle"),
    ),
    "worlds_mappers": Step(
        "benchmarks.worlds_mappers --out figures/worlds_mappers.csv",
        ("generator", "clip", "learned_generator", "plain_clip", "oracle"),
    ),
    "first_edit": Step("deltaedit_kit edit --out figures/first_edit.png", ("mapper", "relevance")),
    "figures": Step("recipes.figures", ("comparison", "worlds", "worlds_mappers")),
    "walks": Step("recipes.site.draw_walks", ("mapper", "relevance", "oracle", "encoder")),
    "notebooks": Step("recipes.notebooks", ("figures",)),
}


def steps_after(changed: str | None) -> list[str]:
    """Names of the steps that read, directly or not, what step `changed` writes, in order.

    All steps for None.
    """
    order = list(
        TopologicalSorter({name: step.needs for name, step in STEPS.items()}).static_order()
    )
    if changed is None:
        return order
    stale = {changed}
    for name in order:
        if stale.intersection(STEPS[name].needs):
            stale.add(name)
    return [name for name in order if name in stale and name != changed]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the commands, or run them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("changed", nargs="?", choices=tuple(STEPS), help="the step that was redone")
    parser.add_argument("--from", dest="first", choices=tuple(STEPS), help="the first step to take")
    parser.add_argument("--run", action="store_true", help="run the commands, do not only print")
    given = parser.parse_args(arguments)
    names = steps_after(given.changed)
    if given.first is not None:
        if given.first not in names:
            parser.error(f"{given.first} does not follow from {given.changed}")
        names = names[names.index(given.first) :]
    for name in names:
        print(f"{name:18s} python -m {STEPS[name].command}", flush=True)
        if given.run:
            subprocess.run([sys.executable, "-m", *STEPS[name].command.split()], check=True)


if __name__ == "__main__":
    main()
