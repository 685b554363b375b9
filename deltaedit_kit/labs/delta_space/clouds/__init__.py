"""Clouds of pictures and texts in CLIP space, and the rules that make differences of them.

    cloud      pictures [n, E], texts [n, E], what to show and to colour for each pair
    rules      raw cloud ─► differences: random pairs, nearest neighbours, from a neutral
    toyfaces   portraits with captions; one attribute changed, in the picture and in the caption
    paper      the released features behind the paper's first figure
    own, reading   a folder, CSV or JSONL of yours, with any CLIP that the kit loads

`Spaces` is a raw cloud beside its differences, the pair that is measured, projected and hovered.
"""

from deltaedit_kit.labs.delta_space.clouds.cloud import Cloud, Spaces
from deltaedit_kit.labs.delta_space.clouds.own import OwnCloud, own_cloud
from deltaedit_kit.labs.delta_space.clouds.paper import paper_features
from deltaedit_kit.labs.delta_space.clouds.reading import PicturesAndCaptions, read_captions
from deltaedit_kit.labs.delta_space.clouds.rules import from_neutral, nearest_pairs, random_pairs
from deltaedit_kit.labs.delta_space.clouds.toyfaces import (
    one_attribute_changed,
    toyfaces_cloud,
    toyfaces_neutral,
)

__all__ = [
    "Cloud",
    "OwnCloud",
    "PicturesAndCaptions",
    "Spaces",
    "from_neutral",
    "nearest_pairs",
    "one_attribute_changed",
    "own_cloud",
    "paper_features",
    "random_pairs",
    "read_captions",
    "toyfaces_cloud",
    "toyfaces_neutral",
]
