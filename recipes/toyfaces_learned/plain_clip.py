"""toyfaces-plain-clip: the portraits of toyfaces, seen by a CLIP that nobody arranged.

    generator, oracle, encoder, identity    those of toyfaces
    CLIP                                    symmetric InfoNCE on (render, caption), and nothing else
    mapper, relevance R                     made for this CLIP, from independent pairs

The CLIP of toyfaces was asked to make differences of texts point along differences of pictures.
This one was not: what DeltaEdit can do here, it can because that came by itself. All files lie in
the folder of the run; the token table, frozen in training, is read from the toyfaces CLIP.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from torch import Tensor

from deltaedit_kit.atomic import load_tensors, read_header
from deltaedit_kit.clip_space import ClipSpace
from deltaedit_kit.domain import Domain
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.toyfaces.networks import NETWORKS as TOYFACES
from deltaedit_kit.toyfaces.networks import read_weights
from deltaedit_kit.toyfaces.spec import SPEC
from recipes.toyfaces_learned.clip import TABLE
from recipes.toyfaces_learned.generator import RUN

REMEDY = "make it with the recipes of recipes/toyfaces_learned"
PLAIN_CLIP = replace(
    SPEC,
    name="toyfaces-plain-clip",
    title="procedural portraits, with a CLIP trained by contrast alone",
    threshold=0.03,  # the published one; `benchmarks.worlds` measures others
    strength=1.0,
)


def plain_clip_domain(device: str = "cpu", folder: Path = RUN) -> Domain:
    """The domain, its files read from `folder` when first used.

    Raises DeltaEditError at a first use where a file is missing or damaged.
    """

    def read(network: str) -> dict[str, Tensor]:
        return load_tensors(folder / PLAIN_CLIP.files[network], REMEDY)[0]

    networks = replace(
        TOYFACES,
        clip=lambda: ClipSpace.from_state_dict(
            {**read("clip"), TABLE: read_weights("clip")[TABLE]}
        ),
        mapper=lambda layout, width: DeltaMapper.from_state_dict(read("mapper"), layout, width),
        relevance=lambda: read("relevance")["relevance"],
        header=lambda network: read_header(folder / PLAIN_CLIP.files[network]),
    )
    return Domain(PLAIN_CLIP, networks, device, folder)
