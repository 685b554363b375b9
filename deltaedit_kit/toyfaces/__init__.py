"""toyfaces: an embedded domain of procedural portraits whose factors are known numbers.

    factors --render--> picture --read_factors--> factors     caption(factors): what one would say

A StyleGAN2, a CLIP, a mapper and an oracle were trained on these pictures; their weights and the
cards that say how are in `weights/`, the commands in `recipes/toyfaces/`.
"""

from deltaedit_kit.toyfaces.attributes import ATTRIBUTES
from deltaedit_kit.toyfaces.captions import caption
from deltaedit_kit.toyfaces.factors import FACTORS, factors_from_z, sample_factors
from deltaedit_kit.toyfaces.oracle import read_factors
from deltaedit_kit.toyfaces.renderer import render

__all__ = [
    "ATTRIBUTES",
    "FACTORS",
    "caption",
    "factors_from_z",
    "read_factors",
    "render",
    "sample_factors",
]
