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

from deltaedit_kit.toyfaces import networks, plain_clip
from deltaedit_kit.toyfaces.portraits import WEIGHTS

FOLDER = WEIGHTS / "learned"
SPEC = replace(
    plain_clip.SPEC,
    name="toyfaces-learned",
    title="procedural portraits of 64 px, generator taught by a critic, CLIP by contrast",
    resolution=64,
    second_looks=0,  # there is no encoder
)

NETWORKS = replace(
    networks.networks_in(FOLDER),
    clip=plain_clip.read_clip,
    oracle=networks.NETWORKS.oracle,
    identity=networks.NETWORKS.identity,
)
