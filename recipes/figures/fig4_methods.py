"""Figure 4: the five methods on the same faces.

python -m recipes.figures.fig4_methods        -> figures/fig4_methods.png
"""

from __future__ import annotations

import math
from pathlib import Path

from deltaedit_kit.labs.compare.plot_methods import methods_figure
from deltaedit_kit.labs.compare.results import Results
from deltaedit_kit.labs.compare.runs import Run
from deltaedit_kit.support.pictures import save_figure
from recipes.figures.comparison import comparison, note

FIGURE = Path(__file__).parents[2] / "figures" / "fig4_methods.png"
SENTENCES, FACES = 4, 3


def main(results: Results | None = None, target: Path = FIGURE) -> Path:
    """Save the figure: the first sentences that ask these faces for something new, untuned."""
    results = comparison() if results is None else results
    own = [(setting, c) for setting, c in results.runs if setting == results.own_setting(c.method)]
    runs = [run for _, run in own]
    methods = list(dict.fromkeys(run.method for run in runs))
    sentences = list(dict.fromkeys(run.prompt.text for run in runs if _asks_for_news(run)))
    sentences = sentences[:SENTENCES]
    known = {(run.method, run.prompt.text) for run in runs}
    after = {
        method: {
            text: results.pictures(method, text) for text in sentences if (method, text) in known
        }
        for method in methods
    }
    shortened = [method for method in methods if results.own_setting(method) == "short"]
    faces = min(FACES, len(results.before))
    caption = f"{note(own)}; shown: {len(sentences)} sentences, {faces} faces"
    if shortened:
        caption += f"; with fewer steps: {', '.join(shortened)}"
    title = "Five methods, the same faces, untuned: each method's own settings"
    figure = methods_figure(results.before[:FACES], after, sentences, title, caption)
    return save_figure(figure, target)


def _asks_for_news(run: Run) -> bool:
    """Whether no face that is shown had what is asked for before the edit, as far as is known."""
    success = run.values.get(1.0, {}).get("success", [])
    return not any(math.isnan(value) for value in success[:FACES])


if __name__ == "__main__":
    print(main())
