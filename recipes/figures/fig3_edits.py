"""Figure 3: faces × sentences. One mapper, no sentence in its training, every sentence in one pass.

    python -m recipes.figures.fig3_edits        -> figures/fig3_edits.png

toyfaces as it is; `main("ffhq")` draws figures/fig3_edits_ffhq.png where the published files
are, or may be fetched: half a gigabyte, so never without being asked.
"""

from __future__ import annotations

from pathlib import Path

from deltaedit_kit import Editor, load_domain
from deltaedit_kit.editor import Edit
from deltaedit_kit.support.pictures import save_figure

FOLDER = Path(__file__).parents[2] / "figures"
FACES, SEED, SENTENCES = 4, 12, 8
FILES = {"toyfaces": "fig3_edits.png", "ffhq": "fig3_edits_ffhq.png"}


def edit_of(name: str) -> Edit:
    """The domain's example sentences on sampled faces, with the domain's settings for all."""
    domain = load_domain(name)
    sentences = list(domain.spec.examples[:SENTENCES])
    return Editor(domain).edit(domain.sample(FACES, seed=SEED), sentences)


def main(name: str = "toyfaces") -> None:
    """Write the figure of one domain; its PNG carries the recipe. Raises as `load_domain` does."""
    edit = edit_of(name)
    print(save_figure(edit.figure(), FOLDER / FILES[name], edit.recipe))


if __name__ == "__main__":
    main()
