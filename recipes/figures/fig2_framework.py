"""Draw figures/fig2_framework.svg: the framework with the sizes of a loaded domain.

python -m recipes.figures.fig2_framework                    toyfaces
python -m recipes.figures.fig2_framework --domain ffhq --out figures/fig2_ffhq.svg
"""

from __future__ import annotations

import argparse
from pathlib import Path

from deltaedit_kit import load_domain
from deltaedit_kit.labs.framework_figure import framework_figure
from deltaedit_kit.support.pictures import save_figure

OUT = Path(__file__).parents[2] / "figures" / "fig2_framework.svg"


def main(out: Path = OUT, domain: str = "toyfaces") -> Path:
    """Load, read the sizes off the networks, draw, save."""
    return save_figure(framework_figure(load_domain(domain)), out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--domain", default="toyfaces")
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    print(main(given.out, given.domain))
