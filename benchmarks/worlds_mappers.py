"""What the mapper owes to its world and to its pairs: two generators, two CLIPs, three recipes.

    python -m benchmarks.worlds_mappers --out figures/worlds_mappers.csv        35 minutes on a core

    generator     arranged (fitted to renders of known factors) or learned (taught by a critic)
    CLIP          arranged (asked for differences that correspond) or plain (contrast alone)
    S             M(s, i, Δ) -> Δs on independent pairs
    W+            the same network on w+
    correlated    S, three in four pairs among neighbours; only the arranged generator draws them

All mappers are trained alike, in a part of the steps that the shipped ones had, and asked alike:
s + Δs' or w+ + Δw+' with the unit Δt, no relevance mask, strength 1. So no R is needed, and the
rows compare spaces, pairs and worlds, not thresholds. A value is the mean over the sentences, with
its interval.

Source: arXiv:2303.06285, table 4 and its supplement, for W+ and S.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn

from benchmarks.machine import describe
from benchmarks.toyfaces_editing import Sentence, sentences
from benchmarks.worlds import Pool, write_rows
from deltaedit_kit.codes import make_codes
from deltaedit_kit.domain import Domain
from deltaedit_kit.domain.faces import Faces
from deltaedit_kit.labs.metrics.interval import FewSamples, mean_interval
from deltaedit_kit.labs.training.experiment import ExperimentConfig
from deltaedit_kit.labs.training.start import train_fast
from deltaedit_kit.toyfaces import learned, networks, plain_clip

SEED = 650_000  # of codes; nobody samples faces up there
CORRELATED = 8  # neighbouring codes among which pairs are drawn
RUNS: Mapping[str, Mapping[str, Any]] = {
    "S": {},
    "W+": {"space": "w_plus"},
    "correlated": {"correlated": CORRELATED},
}
CONFIG = ExperimentConfig(
    batch=128,
    learning_rate=4.0,
    schedule="cosine",
    warm_up=100,
    beta2=0.99,
    orthogonal=True,
    held_out=0.05,
)


def crossed() -> dict[tuple[str, str], Domain]:
    """(generator, CLIP) -> a domain of both; `.mapper` and `.relevance` must not be asked for."""
    arranged, own = networks.NETWORKS, learned.NETWORKS
    return {
        ("arranged", "arranged"): Domain(networks.SPEC, arranged),
        ("arranged", "plain"): Domain(plain_clip.SPEC, plain_clip.NETWORKS),
        ("learned", "arranged"): Domain(learned.SPEC, replace(own, clip=arranged.clip)),
        ("learned", "plain"): Domain(learned.SPEC, own),
    }


@torch.no_grad()
def edited(domain: Domain, mapper: nn.Module, space: str, faces: Faces, sentence: str) -> Tensor:
    """Pictures [n, 3, R, R] of an edit without a relevance mask, at strength 1."""
    delta = domain.delta_text(sentence)
    direction = (delta / delta.norm()).expand(len(faces), -1)
    if space == "s":
        return domain.draw(faces.s + mapper(faces.s, faces.clip, direction), faces.w_plus)
    change = mapper(faces.w_plus.flatten(1), faces.clip, direction)
    w_plus = faces.w_plus + change.view_as(faces.w_plus)
    return domain.draw(domain.generator.to_style(w_plus), w_plus)


def rows_of(
    domain: Domain,
    recipes: Mapping[str, Mapping[str, Any]],
    pool: Pool,
    codes: int,
    config: ExperimentConfig,
) -> Iterator[tuple[str, str, Tensor]]:
    """(recipe, measure, a value a sentence); a recipe is what it changes of the config."""
    with tempfile.TemporaryDirectory() as folder:
        for name, change in recipes.items():
            own = replace(config, **change)
            made = make_codes(
                domain,
                Path(folder, str(own.correlated)),  # S and W+ learn from the same codes
                codes,
                SEED,
                batch=50,
                correlated=own.correlated,
                fast=True,
            )
            mapper = train_fast(domain, made, own)
            success, side = pool.measure(partial(edited, domain, mapper, own.space))
            yield name, "success", success
            yield name, "side effect", side


def table_of(
    worlds: Mapping[tuple[str, str], Domain],
    codes: int,
    config: ExperimentConfig,
    asked: Sequence[Sentence],
    faces: int,
) -> pd.DataFrame:
    """A row a generator, CLIP, recipe and measure; printed as soon as it is known."""
    rows = []
    for (generator, clip), domain in worlds.items():
        recipes = dict(RUNS)
        if generator == "learned":  # its z is free: which codes would be neighbours, nobody knows
            del recipes["correlated"]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FewSamples)  # one value has no interval, and says so
            pool = Pool(domain, asked, faces)
            for recipe, measure, values in rows_of(domain, recipes, pool, codes, config):
                found = mean_interval(values)
                rows.append((generator, clip, recipe, measure, *found))
                print(
                    f"generator {generator:9} CLIP {clip:9} {recipe:11} {measure:12} {found}",
                    flush=True,
                )
    columns = ["generator", "clip", "recipe", "measure", "mean", "low", "high", "n"]
    return pd.DataFrame(rows, columns=pd.Index(columns))


def main() -> None:
    """Print the table; with --out, write it too."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--codes", type=int, default=4000)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--faces", type=int, default=20, help="a sentence")
    parser.add_argument("--generator", nargs="+", default=["arranged", "learned"])
    parser.add_argument("--clip", nargs="+", default=["arranged", "plain"])
    parser.add_argument("--out", type=Path, help="a .csv, of which other rows stay")
    given = parser.parse_args()
    print(describe("cpu"))
    worlds = {
        (generator, clip): domain
        for (generator, clip), domain in crossed().items()
        if generator in given.generator and clip in given.clip
    }
    asked = [one for one in sentences() if one.kind == "plain"]
    steps = dict.fromkeys(("steps", "report_every", "save_every"), given.steps)
    table = table_of(worlds, given.codes, replace(CONFIG, **steps), asked, given.faces)
    if given.out:
        write_rows(table, given.out, ["generator", "clip"])


if __name__ == "__main__":
    main()
