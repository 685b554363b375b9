"""`deltaedit verify DOMAIN`: what its files are and do, as a report to paste into an issue.

deltaedit verify ffhq --device cuda
deltaedit verify ffhq --json > mine.json
deltaedit verify ffhq --against theirs.json     do we see the same?

Downloads what is missing. A doubt is no error: exit code 0.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from deltaedit_kit.labs.cli.options import DEVICE, DOMAIN
from deltaedit_kit.labs.cli.places import path_of
from deltaedit_kit.support.errors import DeltaEditError

LARGEST = 1_000_000  # bytes of a report; an honest one has some thousand


HELP = "check a domain's files: hashes, sizes, statistics, test edits"
OPTIONS = {
    **DOMAIN,
    "--json": (bool, "print JSON, for a program or for --against"),
    "--against FILE": (path_of, "also list the differences from this report, which --json printed"),
    **DEVICE,
}


def run(options: argparse.Namespace) -> None:
    """Look, print, compare."""
    from deltaedit_kit.io import verifying

    theirs = None if options.against is None else read_report(options.against)
    report = verifying.verify(options.domain, options.device)
    if options.json:
        print(json.dumps(report, indent=1, ensure_ascii=False))
        return
    print("\n".join(verifying.lines(report)))
    if theirs is not None:
        found = verifying.differences(report, theirs)
        print("\n".join(found) or f"as in {options.against}")


def read_report(path: Path) -> dict[str, Any]:
    """A report that `--json` wrote. Raises `DeltaEditError` for another file."""
    from deltaedit_kit.support.atomic import check_regular_file

    try:
        with check_regular_file(path).open(encoding="utf-8") as file:
            report = json.loads(file.read(LARGEST))
    except (ValueError, RecursionError, OSError):
        report = None
    if not isinstance(report, dict) or "domain" not in report:
        raise DeltaEditError(
            f"{path} is not a report; give a file that `deltaedit verify --json` printed"
        )
    return report
