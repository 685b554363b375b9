"""Draw figures: every module `fig*.py` of this folder has a `main()` that writes its files."""

from __future__ import annotations

import argparse
import time
from importlib import import_module
from pathlib import Path

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Module names of all figures, in order."""
    return sorted(path.stem for path in FOLDER.glob("fig*.py"))


def chosen(wanted: list[str]) -> list[str]:
    """The figures whose names begin with one of `wanted`; all of them for none."""
    unknown = [start for start in wanted if not any(name.startswith(start) for name in names())]
    if unknown:
        raise SystemExit(f"no figure begins with {', '.join(unknown)}; there are {names()}")
    return [name for name in names() if not wanted or name.startswith(tuple(wanted))]


def main() -> None:
    """Draw what the command line asks for, each with its time."""
    parser = argparse.ArgumentParser(description="Draw the figures of the project again.")
    parser.add_argument("figure", nargs="*", help="names or their beginnings, as fig3")
    for name in chosen(parser.parse_args().figure):
        start = time.perf_counter()
        import_module(f"recipes.figures.{name}").main()
        print(f"{name}: {time.perf_counter() - start:.1f} s", flush=True)


if __name__ == "__main__":
    main()
