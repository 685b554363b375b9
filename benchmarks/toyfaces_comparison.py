"""The whole comparison of five methods on toyfaces: its table, what it says, and what it took.

    python -m benchmarks.toyfaces_comparison                            24 sentences × 100 faces
    python -m benchmarks.toyfaces_comparison --faces 50 --slow-faces 12    the same, cheaper
    python -m recipes.figures fig4 fig5                                 its figures, afterwards

The same as `deltaedit evaluate toyfaces`, in the same folder, so that each goes on where the other
stopped. Times are sums over runs, so that interruptions do not count: wall time, and the time that
processors worked, which does not hang on what else the machine was doing.

Two cores are filled best by two processes with one thread each, `OMP_NUM_THREADS=1` and half of the
methods to either (`--methods`); then once more without `--methods`, to print everything.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import torch

from benchmarks.machine import describe
from deltaedit_kit import load_domain
from deltaedit_kit.labs.compare.comparison import Comparison, Plan
from deltaedit_kit.labs.compare.findings import findings
from deltaedit_kit.labs.compare.prompts import default_prompts
from deltaedit_kit.labs.compare.results import Results
from deltaedit_kit.labs.compare.runs import Run
from deltaedit_kit.labs.compare.table import summary_table

FULL = Path("runs/evaluate/toyfaces")  # where `deltaedit evaluate toyfaces` keeps it too


def spent(runs: Sequence[Run], clock: str) -> float:
    """Minutes of a clock ("run": wall, "processor") over all runs."""
    return sum(run.seconds.get(clock, 0.0) for run in runs) / 60


def times(results: Results) -> pd.DataFrame:
    """Minutes of each method and setting, wall and processors."""
    rows: dict[tuple[str, str], list[Run]] = {}
    for setting, run in results.runs:
        rows.setdefault((run.method, setting), []).append(run)
    minutes = {
        key: {"wall min": spent(runs, "run"), "processor min": spent(runs, "processor")}
        for key, runs in rows.items()
    }
    return pd.DataFrame.from_dict(minutes, orient="index").round(1)


def main() -> None:
    """Compute what is missing, then print everything."""
    parser = argparse.ArgumentParser(description="Five methods on toyfaces.")
    parser.add_argument("--faces", type=int, default=100, help="how many (default: 100)")
    parser.add_argument("--slow-faces", type=int, help="for methods that optimise each (all)")
    parser.add_argument("--tuning-faces", type=int, default=12, help="how many (default: 12)")
    parser.add_argument("--methods", help="names joined by commas (default: all)")
    parser.add_argument("--settings", default="short,best", help="(default: short,best)")
    options = parser.parse_args()
    domain = load_domain("toyfaces")
    plan = Plan(
        settings=tuple(options.settings.split(",")),
        faces=options.faces,
        slow_faces=options.slow_faces or options.faces,
        tuning_faces=options.tuning_faces,
    )
    if options.methods:
        plan = Plan(**{**vars(plan), "methods": tuple(options.methods.split(","))})
    comparison = Comparison(domain, plan, default_prompts(domain), FULL)
    comparison.run()
    results = Results(FULL)
    print(f"toyfaces, {describe('cpu')}, {torch.get_num_threads()} threads")
    print(summary_table(results.summary).to_string())
    print(f"drawn in {comparison.precision}")
    for setting in ("", "best"):
        print(f"\n{setting or 'default or short'}:")
        print("\n".join(findings(results.summary, setting)))
    runs = [run for _, run in results.runs]
    total, work = spent(runs, "run"), spent(runs, "processor")
    print(
        f"\nall {len(runs)} runs: {total:.1f} min, processors {work:.1f} min (tuning not counted)"
    )
    print(times(results))


if __name__ == "__main__":
    main()
