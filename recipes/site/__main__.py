"""`python -m recipes.site`: stage the sources, build the pages, fail at the first warning."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from deltaedit_kit.support.errors import DeltaEditError
from recipes.site.stage import ROOT, stage


def build(out: Path, sources: Path) -> None:
    """Write the pages into `out`, by way of `sources`; both are made anew.

    Raises DeltaEditError where the extra `site` is missing, and for a build with warnings.
    """
    try:
        from sphinx.cmd.build import build_main
    except ModuleNotFoundError as missing:
        raise DeltaEditError(
            f"the site needs {missing.name}; install the extra: pip install -e '.[site]'"
        ) from missing
    for folder in (out, sources):
        shutil.rmtree(folder, ignore_errors=True)
    stage(sources)
    options = ["-q", "-W", "--keep-going", "-b", "html", "-d", str(sources / ".doctrees")]
    if build_main([*options, str(sources), str(out)]):
        raise DeltaEditError("the site was built with warnings; read them above and mend the page")


def main() -> int:
    """Build into build/site."""
    parser = argparse.ArgumentParser(description="Build the static pages of the course.")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "site")
    out = parser.parse_args().out
    try:
        build(out, out.with_name(f"{out.name}-sources"))
    except DeltaEditError as error:
        print(f"site: {error}", file=sys.stderr)
        return 2
    print(f"open {out / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
