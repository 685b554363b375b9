"""The delta space in numbers: alignment tables, time of projections.

    python -m benchmarks.delta_space                     both
    python -m benchmarks.delta_space --only tables       toyfaces, and the paper's features if here
    python -m benchmarks.delta_space --only projections  t-SNE and UMAP of 2×1,500 points
    python -m benchmarks.delta_space --record            the paper's features: keep the numbers

The paper's features are read from $DELTAEDIT_CACHE/paper or the user's cache, never downloaded.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import date
from typing import get_args

import torch

from benchmarks.machine import describe
from deltaedit_kit import DeltaEditError, load_domain
from deltaedit_kit.labs.delta_space import recorded
from deltaedit_kit.labs.delta_space.alignment import (
    AlignmentTable,
    Measure,
    measure_columns,
    with_controls,
)
from deltaedit_kit.labs.delta_space.clouds import (
    from_neutral,
    nearest_pairs,
    one_attribute_changed,
    paper_features,
    random_pairs,
    toyfaces_cloud,
    toyfaces_neutral,
)
from deltaedit_kit.labs.delta_space.clouds.paper import Data
from deltaedit_kit.labs.delta_space.projection import project
from deltaedit_kit.support.atomic import write_text

PARTS = ("tables", "projections")


def tables(pairs: int) -> None:
    """Raw, controls and differences of each data set; then the rules for toyfaces."""
    clip = load_domain("toyfaces").clip
    cloud = toyfaces_cloud(clip, pairs)
    spaces = random_pairs(cloud)
    print(f"toyfaces, {pairs} pairs\n{with_controls(spaces.raw.pair)}\n")
    rules = {
        "random": spaces,
        "nearest": nearest_pairs(cloud),
        "from neutral": from_neutral(cloud, toyfaces_neutral(clip)),
        "one attribute": one_attribute_changed(clip, pairs),
    }
    columns = {name: each.delta.pair for name, each in rules.items()}
    print(f"toyfaces, differences by rule\n{measure_columns(columns)}\n")
    for data in ("celeba", "cocoval"):
        try:
            raw, delta = paper_features(data)
        except DeltaEditError as missing:
            print(f"paper, {data}: {missing}\n")
            continue
        print(f"paper, {data}, 1500 pairs\n{with_controls(raw.pair, delta.pair)}\n")


def projections(pairs: int = 1500, width: int = 512) -> None:
    """Seconds of the wall and of the processor, compilation of UMAP told apart."""
    rows = torch.randn(2 * pairs, width, generator=torch.Generator().manual_seed(0))
    first, second = rows[:pairs].numpy(), rows[pairs:].numpy() + 0.3
    project(first[:40], second[:40], "umap")  # numba compiles here
    for method in ("pca", "tsne", "umap"):
        wall, processor = time.perf_counter(), time.process_time()
        one = project(first, second, method)
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        print(f"{one.title} of 2×{pairs}×{width}: {wall:.1f} s, {processor:.1f} s of processor")


def record(tables: dict[Data, AlignmentTable]) -> None:
    """Write tables of `with_controls` as `recorded_measures` reads them, four digits each."""
    content = {
        "measured on": date.today().isoformat(),
        "by": "python -m benchmarks.delta_space --record",
        "of": "the features in folder tSNE of the public DeltaEdit repository, 1,500 pairs each",
        "measures": {
            data: {
                title: {name: rounded(measure) for name, measure in found.items()}
                for title, found in table.columns.items()
            }
            for data, table in tables.items()
        },
    }
    write_text(recorded.FILE, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def rounded(measure: Measure) -> dict[str, str | float]:
    """What is known of a measure, its name left out."""
    fields = {key: value for key, value in vars(measure).items() if value is not None}
    del fields["name"]
    return {k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in fields.items()}


def main() -> None:
    """Print what is asked for, and the machine."""
    parser = argparse.ArgumentParser(description="Measure the delta space.")
    parser.add_argument("--only", choices=PARTS, help="one part (default: all)")
    parser.add_argument("--pairs", type=int, default=600, help="of toyfaces, in the tables")
    parser.add_argument("--record", action="store_true", help="write the kit's recorded numbers")
    options = parser.parse_args()
    print(describe("cpu"))
    if options.record:
        spaces = {data: paper_features(data) for data in get_args(Data)}
        record({d: with_controls(raw.pair, delta.pair) for d, (raw, delta) in spaces.items()})
        return
    if options.only in (None, "tables"):
        tables(options.pairs)
    if options.only in (None, "projections"):
        projections()


if __name__ == "__main__":
    main()
