"""toyfaces-plain-clip: the portraits of toyfaces, seen by a CLIP that nobody arranged.

    generator, oracle, encoder, identity    those of toyfaces
    CLIP                                    symmetric InfoNCE on (render, caption), and nothing else
    mapper, relevance R                     made for this CLIP, from independent pairs

The CLIP of toyfaces was asked to make differences of texts point along differences of pictures.
This one was not: what DeltaEdit can do here, it can because that came by itself. Made by
`python -m recipes.toyfaces_learned.clip` and `python -m recipes.toyfaces_learned.finish`.
"""

from __future__ import annotations

from dataclasses import replace

from deltaedit_kit.clip_space import ClipSpace
from deltaedit_kit.toyfaces import networks
from deltaedit_kit.toyfaces.networks import networks_in, read_weights
from deltaedit_kit.toyfaces.plain_clip_network import TOKEN_TABLE, PlainClip
from deltaedit_kit.toyfaces.portraits import WEIGHTS

FOLDER = WEIGHTS / "plain_clip"
SPEC = replace(
    networks.SPEC,
    name="toyfaces-plain-clip",
    title="procedural portraits, with a CLIP trained by contrast alone",
    threshold=0.03,  # the published one; `benchmarks.worlds` measures others
    strength=1.0,
)


def read_clip() -> ClipSpace:
    """The CLIP, its token table from the file of the toyfaces CLIP."""
    network = PlainClip()
    table = {TOKEN_TABLE: read_weights("clip")[TOKEN_TABLE]}
    network.load_state_dict({**read_weights("clip", FOLDER), **table})
    return ClipSpace(network.eval().requires_grad_(False), None, SPEC.preprocessing)


OWN = networks_in(FOLDER)
NETWORKS = replace(
    networks.NETWORKS, clip=read_clip, mapper=OWN.mapper, relevance=OWN.relevance, header=OWN.header
)
