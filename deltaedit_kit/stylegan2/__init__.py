"""StyleGAN2's generator: z -> w -> w+ -> s -> picture.

ops.py        the arithmetic, each fast operation beside a plain one
layers.py     equalised linear, modulated 3x3 layer, ToRGB
generator.py  the whole generator, with access to every step
layout.py     sizes of a generator from the keys of a public checkpoint
"""

from deltaedit_kit.stylegan2.generator import Generator
from deltaedit_kit.stylegan2.synthesis import State, SynthesisLayer

__all__ = ["Generator", "State", "SynthesisLayer"]
