"""toyfaces-learned: a StyleGAN2 that a critic taught, and a CLIP taught by contrast alone.

    generator    non-saturating loss and R1 on renders; z ~ N(0, 1), a free mapping network
    CLIP         symmetric InfoNCE on (render, caption): that of toyfaces-plain-clip
    mapper, R    made from this generator's codes at truncation 1, independent pairs
    oracle       that of toyfaces, which reads pictures and knows neither network

Nothing names a factor to the generator, and nothing tells CLIP about differences. No encoder.
Made by `python -m recipes.toyfaces_learned.generator`, then `...finish --world toyfaces-learned`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from deltaedit_kit.toyfaces import plain_clip
from deltaedit_kit.toyfaces.networks import WEIGHTS, read_weights

if TYPE_CHECKING:
    from deltaedit_kit.stylegan2 import Generator

FOLDER = WEIGHTS / "learned"
SPEC = replace(
    plain_clip.SPEC,
    name="toyfaces-learned",
    title="procedural portraits of 64 px, generator taught by a critic, CLIP by contrast",
    resolution=64,
    second_looks=0,  # there is no encoder
)


def read_generator() -> Generator:
    """StyleGAN2 of 64 px."""
    from deltaedit_kit.stylegan2 import Generator

    return Generator.from_state_dict(read_weights("generator", FOLDER))


NETWORKS = plain_clip.with_files_of(
    FOLDER,
    replace(plain_clip.NETWORKS, generator=read_generator, inversion=None, correlated=None),
)
