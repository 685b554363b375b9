"""figures/fig6_user_study.png: a SIMULATED user study, rehearsed from pictures to figure.

    python -m recipes.figures.fig6_user_study

Two methods that answer `Editor.edit`'s call edit the same faces with the same sentences; simulated
participants ask the oracle; the analysis is the one that a study of people gets. The figure says
that nobody was asked. Seeds are fixed: the same weights give the same figure.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from deltaedit_kit import Domain, load_domain
from deltaedit_kit.labs.compare.baselines import make
from deltaedit_kit.labs.study.items import Method
from deltaedit_kit.labs.study.plots import study_figure
from deltaedit_kit.labs.study.rehearsal import SENTENCES, rehearse
from deltaedit_kit.labs.study.report import report
from deltaedit_kit.support.pictures import save_figure

ROOT = Path(__file__).parents[2]
FIGURE = ROOT / "figures" / "fig6_user_study.png"


def methods(domain: Domain) -> Mapping[str, Method]:
    """What is compared, by name: replace a callable to compare something else."""
    return {
        "DeltaEdit": make("deltaedit", domain).edit,
        "StyleCLIP directions": make("styleclip-directions", domain).edit,
    }


def main(target: Path = FIGURE) -> Path:
    """Run the rehearsal in a temporary folder, print its table, save the figure."""
    domain = load_domain("toyfaces")
    with tempfile.TemporaryDirectory() as folder:
        store = rehearse(Path(folder) / "rehearsal.sqlite", domain, methods(domain), SENTENCES)
        result = report(store.answers())
        store.close()
    print(result)
    return save_figure(study_figure(result), target)


if __name__ == "__main__":
    print(main())
