"""Figure 7: what was arranged and what comes by itself, in three worlds of portraits.

python -m benchmarks.worlds --out figures/fig7_worlds.csv      measures, one to two hours on a core
python -m recipes.figures.fig7_worlds                          -> figures/fig7_worlds.png
"""

from __future__ import annotations

from pathlib import Path

from deltaedit_kit.labs.style_space.worlds_figure import read_worlds, worlds_figure
from deltaedit_kit.support.pictures import save_figure

FIGURE = Path(__file__).parents[2] / "figures" / "fig7_worlds.png"


def main(target: Path = FIGURE) -> Path:
    """Draw the recorded table."""
    return save_figure(worlds_figure(read_worlds(FIGURE.with_suffix(".csv"))), target)


if __name__ == "__main__":
    print(main())
