"""Figure 5: what every method reaches and what it costs, with the numbers as a table beside it.

python -m recipes.figures.fig5_metrics        -> figures/fig5_metrics.png and .csv
"""

from __future__ import annotations

from pathlib import Path

from deltaedit_kit.labs.compare.plot_metrics import metrics_figure
from deltaedit_kit.labs.compare.results import Results
from deltaedit_kit.labs.compare.table import write_table
from deltaedit_kit.support.pictures import save_figure
from recipes.figures.comparison import comparison, finished, note

FIGURE = Path(__file__).parents[2] / "figures" / "fig5_metrics.png"


def main(results: Results | None = None, target: Path = FIGURE) -> Path:
    """Save the figure, and the summary that it draws as CSV."""
    results = comparison() if results is None else results
    summary = finished(results.summary)
    write_table(summary, target.with_suffix(".csv"))
    title = "Success and its price: lines over strength"
    return save_figure(metrics_figure(summary, title, note(results.runs)), target)


if __name__ == "__main__":
    print(main())
