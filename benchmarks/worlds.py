"""What is true where nobody arranged it: the same questions to every world of portraits.

    python -m benchmarks.worlds                       all parts, all worlds
    python -m benchmarks.worlds --only edits --faces 40 --worlds toyfaces runs/another
    python -m benchmarks.worlds --out figures/fig7_worlds.csv

    pictures   Fréchet distance to renders, precision, recall, in the oracle's last hidden layer
    clip       per attribute: cos(Δt, Δi), |Δt| / |Δi|, stray = max |cos(Δt, Δi of another factor)|
    readout    disentanglement, completeness, informativeness (R²) of z, w and s
    edits      DeltaEdit and StyleCLIP's directions: success and side effect over the sentences
    latent     both for StyleCLIP's latent mapper: a short training (60 steps of 4) a sentence
    threshold  both for DeltaEdit over the threshold, at the world's strength

Δi is the mean change of the embedding when the renderer makes the edit. Every number is a mean with
its 95 % interval: over attributes, factors or sentences.

Source: Eastwood and Williams, ICLR 2018, for the readout; arXiv:2303.06285 for what is claimed.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional as F

from benchmarks.machine import describe
from benchmarks.toyfaces_editing import Sentence, image_change, sentences
from deltaedit_kit import Editor, load_domain
from deltaedit_kit.domain import Domain
from deltaedit_kit.domain.faces import Faces
from deltaedit_kit.domain.oracle import Attribute
from deltaedit_kit.io.loading import EMBEDDED
from deltaedit_kit.labs.compare.baselines import make, method_class
from deltaedit_kit.labs.metrics.edit_success import lacking, side_effect, succeeded
from deltaedit_kit.labs.metrics.frechet import frechet_distance
from deltaedit_kit.labs.metrics.interval import FewSamples, mean_interval
from deltaedit_kit.labs.metrics.precision_recall import precision_recall
from deltaedit_kit.labs.style_space.disentanglement import read_linearly
from deltaedit_kit.support.atomic import replacing
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.toyfaces.attributes import ATTRIBUTES
from deltaedit_kit.toyfaces.factors import sample_factors
from deltaedit_kit.toyfaces.oracle import load_oracle
from deltaedit_kit.toyfaces.portraits import at_size
from deltaedit_kit.toyfaces.renderer import render

PARTS = ("pictures", "clip", "readout", "edits", "latent", "threshold")
THRESHOLDS = (0.0, 0.01, 0.02, 0.04, 0.08, 0.12, 0.16)
PASS = 100  # pictures
POOL_SEED, READ_SEED = 910_000, 5
READ = 1500  # pictures whose factors are read for the readout
SHOWN = 1000  # pictures that are compared with renders of the world's size

Row = tuple[str, str, str, Tensor]  # part, what, at which setting, the values to average


@torch.no_grad()
def picture_rows(domain: Domain, pictures: int = SHOWN) -> Iterator[Row]:
    """How near samples at truncation 1 are to renders; beside it, renders to other renders."""

    def seen(drawn: Callable[[int], Tensor]) -> Tensor:
        parts = (at_size(drawn(seed)) for seed in range(pictures // PASS))
        return torch.cat([load_oracle().features(part) for part in parts])

    side = domain.spec.resolution
    real = seen(lambda seed: render(sample_factors(PASS, 70_000 + seed), side))
    again = seen(lambda seed: render(sample_factors(PASS, 80_000 + seed), side))
    made = seen(lambda seed: domain.sample(PASS, 90_000 + seed, 1.0).images)
    for name, features in (("", made), ("renders", again)):
        precision, recall = precision_recall(real, features)
        yield "pictures", "Fréchet distance", name, torch.tensor([frechet_distance(features, real)])
        yield "pictures", "precision", name, torch.tensor([precision])
        yield "pictures", "recall", name, torch.tensor([recall])


@torch.no_grad()
def clip_rows(
    domain: Domain, asked: Sequence[Attribute] = ATTRIBUTES, portraits: int = 48
) -> Iterator[Row]:
    """How differences of texts lie to differences of pictures, an attribute a value."""
    deltas = domain.delta_texts([row.prompt for row in asked])
    changes = torch.stack([image_change(domain, [row], portraits) for row in asked])
    cosines = F.normalize(deltas, dim=1) @ F.normalize(changes, dim=1).T
    factor = [row.factor for row in asked]
    same = torch.tensor([[a == b for b in factor] for a in factor])
    stray = cosines.abs().masked_fill(same, 0).amax(1)
    yield "clip", "cos(Δt, Δi)", "", cosines.diagonal()
    yield "clip", "|Δt| / |Δi|", "", deltas.norm(dim=1) / changes.norm(dim=1)
    yield "clip", "stray", "", stray
    yield "clip", "own above stray", "", (cosines.diagonal() > stray).float()
    yield "clip", "cos above .5", "", (cosines.diagonal() > 0.5).float()


@torch.no_grad()
def readout_rows(domain: Domain, pictures: int = READ) -> Iterator[Row]:
    """How plainly z, w and s spell the factors that the oracle reads off the pictures."""
    oracle, generator = domain.oracle, domain.generator
    assert oracle is not None
    random = torch.Generator().manual_seed(READ_SEED)
    z = torch.randn(pictures, generator.style_dim, generator=random)
    w = generator.mapping(z.to(domain.device))
    w_plus = generator.expand(w)
    s = generator.to_style(w_plus)
    parts = zip(s.split(100), w_plus.split(100), strict=True)
    factors = torch.cat([oracle.read(domain.draw(*part)) for part in parts])
    for name, codes in (("z", z), ("w", w), ("s", s)):
        read = read_linearly(codes.cpu().numpy(), factors.cpu().numpy())
        r2 = torch.from_numpy(read.informativeness).clamp(min=0)
        yield "readout", "informativeness (R²)", name, r2
        yield "readout", "disentanglement", name, torch.tensor([read.disentanglement])
        yield "readout", "completeness", name, torch.tensor([read.completeness])


class Pool:
    """Faces, what the oracle reads off them, and for every sentence those that lack it."""

    def __init__(self, domain: Domain, asked: Sequence[Sentence], faces: int) -> None:
        assert domain.oracle is not None
        self.oracle, self.asked = domain.oracle, asked
        self.faces = domain.sample(10 * faces, seed=POOL_SEED)
        self.readings = self.oracle.read(self.faces.images)
        self.rows = [
            lacking(self.oracle, self.readings, one.targets).nonzero()[:faces, 0].tolist()
            for one in asked
        ]

    def measure(self, edited: Callable[[Faces, str], Tensor]) -> tuple[Tensor, Tensor]:
        """Success and side effect of every sentence that some face lacks.

        `edited` gives the pictures of faces after a sentence; where it raises, nothing moves.
        """
        found = []
        for one, rows in zip(self.asked, self.rows, strict=True):
            if not rows:
                continue  # everybody has it already
            faces, before = self.faces.select(rows), self.readings[rows]
            try:
                after = edited(faces, one.text)
            except DeltaEditError:  # no channel reaches the threshold: nothing moves
                after = faces.images
            read = before, self.oracle.read(after)
            reached = succeeded(self.oracle, *read, one.targets).float().mean()
            found.append((reached, side_effect(self.oracle, *read, one.targets).nanmean()))
        success, side = zip(*found, strict=True)
        return torch.stack(success), torch.stack(side)


def edit_rows(domain: Domain, pool: Pool) -> Iterator[Row]:
    """DeltaEdit beside a direction that is the same for every face."""
    for name, editor in (
        ("DeltaEdit", Editor(domain)),
        ("directions", make("styleclip-directions", domain)),
    ):
        success, side = pool.measure(lambda faces, text, e=editor: e.edit(faces, text).after)
        yield "edits", f"success of {name}", "", success
        yield "edits", f"side effect of {name}", "", side


def latent_rows(domain: Domain, pool: Pool) -> Iterator[Row]:
    """A mapper that learns one sentence at a time, as lesson 06 trains it."""
    method = make("styleclip-mapper", domain, **method_class("styleclip-mapper").short)
    success, side = pool.measure(lambda faces, text: method.edit(faces, text).after)
    yield "latent", "success of latent mapper", "", success
    yield "latent", "side effect of latent mapper", "", side


def threshold_rows(domain: Domain, pool: Pool) -> Iterator[Row]:
    """How far the relevance mask lowers success and side effects."""
    editor = Editor(domain)
    for threshold in THRESHOLDS:
        success, side = pool.measure(
            lambda faces, text, t=threshold: editor.edit(faces, text, threshold=t).after
        )
        yield "threshold", "success", f"{threshold:g}", success
        yield "threshold", "side effect", f"{threshold:g}", side


def rows_of(domain: Domain, parts: Sequence[str], faces: int) -> Iterator[Row]:
    """The rows of the parts that are asked for."""
    if "pictures" in parts:
        yield from picture_rows(domain)
    if "clip" in parts:
        yield from clip_rows(domain)
    if "readout" in parts:
        yield from readout_rows(domain)
    if {"edits", "latent", "threshold"} & set(parts):
        pool = Pool(domain, [one for one in sentences() if one.kind == "plain"], faces)
        if "edits" in parts:
            yield from edit_rows(domain, pool)
        if "latent" in parts:
            yield from latent_rows(domain, pool)
        if "threshold" in parts:
            yield from threshold_rows(domain, pool)


def world_table(
    worlds: Sequence[Domain], parts: Sequence[str] = PARTS, faces: int = 40
) -> pd.DataFrame:
    """A row a measure and world: mean, low, high, n; printed as soon as it is known."""
    rows = []
    for domain in worlds:
        name = domain.spec.name
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FewSamples)  # one value has no interval, and says so
            for part, what, setting, values in rows_of(domain, parts, faces):
                found = mean_interval(values)
                rows.append((name, part, what, setting, *found))
                print(f"{name:22} {part:10} {what:28} {setting:6} {found}", flush=True)
    columns = ["world", "part", "measure", "at", "mean", "low", "high", "n"]
    return pd.DataFrame(rows, columns=pd.Index(columns))


def write_rows(table: pd.DataFrame, path: Path, keys: Sequence[str]) -> None:
    """Write a table whole; in a file that exists only rows of the same `keys` are replaced."""
    groups = dict(iter(table.groupby(list(keys), sort=False)))
    if path.exists():
        old = pd.read_csv(path, dtype={"at": str})
        groups = dict(iter(old.groupby(list(keys), sort=False))) | groups  # in their old places
    with replacing(path) as beside:
        pd.concat(groups.values()).to_csv(beside, index=False, float_format="%.4f")


def main() -> None:
    """Print what is asked for; with --out, write it as a table too."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--worlds", nargs="+", default=list(EMBEDDED), help="names or folders")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--faces", type=int, default=40, help="a sentence")
    parser.add_argument("--out", type=Path, help="a .csv, of which other rows stay")
    given = parser.parse_args()
    print(describe("cpu"))
    worlds = [load_domain(name) for name in given.worlds]
    table = world_table(worlds, given.only, given.faces)
    if given.out:
        write_rows(table, given.out, ["world", "part"])


if __name__ == "__main__":
    main()
