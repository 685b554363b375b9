"""Figure 1: the delta space. Clouds on a plane, and the numbers that decide what they prove.

    python -m recipes.figures.fig1_delta_space        -> figures/fig1_delta_space.png and .svg

toyfaces always; the paper's CelebA features as a second row where they are on this machine: in the
folder `paper` of DELTAEDIT_CACHE, or downloaded before by `paper_features("celeba", consent=True)`.
"""

from __future__ import annotations

from pathlib import Path

from deltaedit_kit import DeltaEditError, load_domain
from deltaedit_kit.labs.delta_space.alignment import with_controls
from deltaedit_kit.labs.delta_space.clouds import (
    Spaces,
    paper_features,
    random_pairs,
    toyfaces_cloud,
)
from deltaedit_kit.labs.delta_space.plot_delta_space import DeltaSpaceRow, delta_space_figure
from deltaedit_kit.labs.delta_space.projection import project
from deltaedit_kit.pictures import save_figure

FOLDER = Path(__file__).parents[2] / "figures"
PAIRS, SEED, RANDOM = 600, 0, "random pairs"  # the last as the rule names its differences


def row(name: str, spaces: Spaces) -> DeltaSpaceRow:
    """Project both clouds by t-SNE and UMAP, as they are stored, and measure them with controls."""
    planes = [
        project(cloud.pictures, cloud.texts, method, seed=SEED)
        for method in ("tsne", "umap")
        for cloud in spaces
    ]
    # Random pairs are a column of the table anyway; the authors' differences are one more.
    own = None if spaces.delta.name == RANDOM else spaces.delta.pair
    return DeltaSpaceRow(name, planes, with_controls(spaces.raw.pair, own, seed=SEED))


def spaces_here() -> dict[str, Spaces]:
    """toyfaces, and the paper's features where they are."""
    found = {"toyfaces": random_pairs(toyfaces_cloud(load_domain("toyfaces").clip, PAIRS, SEED))}
    try:
        found["paper, CelebA"] = paper_features("celeba")
    except DeltaEditError as missing:
        print(f"without the paper's row: {missing}")
    return found


def main() -> None:
    """Write the figure twice."""
    figure = delta_space_figure([row(name, spaces) for name, spaces in spaces_here().items()])
    for kind in ("png", "svg"):
        print(save_figure(figure, FOLDER / f"fig1_delta_space.{kind}"))


if __name__ == "__main__":
    main()
