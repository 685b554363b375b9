"""`python -m benchmarks.fuzz`: the table of all surfaces, printed as it grows, then written."""

from __future__ import annotations

import argparse
import datetime
import platform
from collections.abc import Sequence
from pathlib import Path

from benchmarks.fuzz.harness import OUTCOMES, Report, fuzz
from benchmarks.fuzz.surfaces import SURFACES
from benchmarks.machine import describe

DOCUMENT = Path("docs/reliability.md")
PROMISES = """# What the kit promises about its inputs

- Nothing in a file is executed: the kit has its own reader of pickles, which calls no functions.
- A wrong input gives an error of one line that names cause and remedy (`DeltaEditError`, exit code
  2), never a traceback; at most one gigabyte is read, and nothing waits for a pipe or a device.
- An accepted input is used unchanged: nothing is silently lost, clipped or taken from another
  domain; files of the kit carry a checksum, downloads are compared with their published hash.
- A file appears under its name only when it is complete; a killed run can be resumed.

`python -m benchmarks.fuzz` tests these promises, and writes this file. Half of the inputs are
damaged or nonsense, half are changed only a little (another order, spelling, size, type or program)
and mostly still right. Some of both run in `make test` (`tests/fuzz`). The last four columns must
be 0.

"""


def main() -> None:
    """Fuzz the surfaces asked for; write the document when all of them were."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=300, help="a surface (default: 300)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", choices=SURFACES, default=list(SURFACES))
    options = parser.parse_args()
    reports: list[Report] = []
    print(table_row(("surface", "tried", *OUTCOMES)))
    for surface in options.only:
        reports.append(fuzz(surface, options.cases, options.seed))
        print(row_of(reports[-1]), flush=True)
        for fault in reports[-1].faults[:10]:
            print(f"    {fault}", flush=True)
    if len(reports) == len(SURFACES):
        DOCUMENT.parent.mkdir(exist_ok=True)
        DOCUMENT.write_text(document(reports, options.cases, options.seed), encoding="utf-8")
        print(f"written {DOCUMENT}")


def document(reports: Sequence[Report], cases: int, seed: int) -> str:
    """Promises, table, and what did not hold."""
    head = table_row(("surface", "tried", *OUTCOMES))
    rule = "|---|" + "---:|" * (len(OUTCOMES) + 1)
    rows = [row_of(report) for report in reports]
    command = f"`python -m benchmarks.fuzz --cases {cases} --seed {seed}`"
    machine = f"{describe('cpu')}, Python {platform.python_version()}"
    where = f"{command}, {datetime.date.today()}, {machine}:"
    faults = [f"- {fault}" for report in reports for fault in report.faults[:3]]
    failed = ["", "What did not hold (at most three of a surface):", "", *faults] if faults else []
    return PROMISES + "\n".join([where, "", head, rule, *rows, *failed]) + "\n"


def row_of(report: Report) -> str:
    """Surface, tried, and the count of every outcome."""
    counts = (str(report.outcomes[name]) for name in OUTCOMES)
    return table_row((report.surface, str(report.outcomes.total()), *counts))


def table_row(cells: Sequence[str]) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
