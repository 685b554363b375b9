"""The whole comparison of five methods on toyfaces: its table, what it says, and what it took.

    python -m benchmarks.toyfaces_comparison                            24 sentences × 100 faces
    python -m benchmarks.toyfaces_comparison --faces 50 --slow-faces 12    the same, cheaper
    python -m benchmarks.toyfaces_comparison --draw                     and figures 4 and 5 after it

The same as `deltaedit evaluate toyfaces`, in the same folder, so that each goes on where the other
stopped. Times are sums over runs, so that interruptions do not count: wall time, and the time that
processors worked, which does not hang on what else the machine was doing.

Two cores are filled best by two processes with one thread each, `OMP_NUM_THREADS=1` and half of the
methods to either (`--methods`); then once more without `--methods`, to print and draw everything.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import torch

from benchmarks.machine import describe
from deltaedit_kit import load_domain
from deltaedit_kit.labs.compare.comparison import Comparison, Plan
from deltaedit_kit.labs.compare.findings import findings, summary_text
from deltaedit_kit.labs.compare.prompts import default_prompts
from deltaedit_kit.labs.compare.results import Results
from deltaedit_kit.labs.compare.runs import Run
from recipes.figures.comparison import FULL


def spent(runs: Sequence[Run], clock: str) -> float:
    """Minutes of a clock ("run": wall, "processor") over all runs."""
    return sum(run.seconds.get(clock, 0.0) for run in runs) / 60


def times(results: Results) -> str:
    """A line for each method: minutes for its runs, split into what was published and tuned."""
    lines = []
    for setting in ("default", "short", "best"):
        for method in dict.fromkeys(run.method for _, run in results.runs):
            own = [c for s, c in results.runs if (s, c.method) == (setting, method)]
            if own:
                wall, work = spent(own, "run"), spent(own, "processor")
                lines.append(f"{method:24s}{setting:9s}{wall:8.1f} min, processors {work:6.1f} min")
    return "\n".join(lines)


def main() -> None:
    """Compute what is missing, then print everything."""
    parser = argparse.ArgumentParser(description="Five methods on toyfaces.")
    parser.add_argument("--faces", type=int, default=100, help="how many (default: 100)")
    parser.add_argument("--slow-faces", type=int, help="for methods that optimise each (all)")
    parser.add_argument("--tuning-faces", type=int, default=12, help="how many (default: 12)")
    parser.add_argument("--methods", help="names joined by commas (default: all five)")
    parser.add_argument("--settings", default="short,best", help="(default: short,best)")
    parser.add_argument("--draw", action="store_true", help="draw figures 4 and 5 afterwards")
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
    Comparison(domain, plan, default_prompts(domain), FULL).run()
    results = Results(FULL)
    print(f"toyfaces, {describe('cpu')}, {torch.get_num_threads()} threads")
    print(summary_text(results.summary))
    for setting in ("", "best"):
        print(f"\n{setting or 'untuned'}:")
        print("\n".join(findings(results.summary, setting)))
    runs = [run for _, run in results.runs]
    total, work = spent(runs, "run"), spent(runs, "processor")
    print(
        f"\nall {len(runs)} runs: {total:.1f} min, processors {work:.1f} min (tuning not counted)"
    )
    print(times(results))
    if options.draw:
        from recipes.figures import fig4_methods, fig5_metrics

        print(fig4_methods.main(results), fig5_metrics.main(results))


if __name__ == "__main__":
    main()
