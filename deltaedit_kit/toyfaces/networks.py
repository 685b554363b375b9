"""toyfaces declared, and its shipped networks: each read from its file in `weights/` at first use.

weights/<network>.safetensors --load_tensors (checksum)--> tensors --> network

Because a renderer draws the training pictures, the effect of an edit can be *measured* by an oracle
that reads the factors off a picture again; no published domain allows that.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from deltaedit_kit.clip_space import ClipSpace
from deltaedit_kit.domain.networks import Networks
from deltaedit_kit.domain.spec import DomainSpec
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.support.atomic import load_tensors, read_header
from deltaedit_kit.toyfaces.correlated import draw_correlated
from deltaedit_kit.toyfaces.encoder import read_encoder
from deltaedit_kit.toyfaces.identity import read_identity
from deltaedit_kit.toyfaces.oracle import PortraitOracle
from deltaedit_kit.toyfaces.portraits import WEIGHTS

SPEC = DomainSpec(
    name="toyfaces",
    title="procedural portraits with known factors",
    resolution=128,
    neutral="face",
    threshold=0.010,
    strength=1.15,
    truncation=0.7,
    templates=(),  # the captions that trained this CLIP are whole sentences already
    preprocessing="plain",
    licence="MIT, like the code of the kit: trained by us, on pictures drawn by the kit",
    examples=(
        "face with glasses",
        "a smiling face",
        "face with a beard",
        "face with long blond hair",
        "face with grey hair",
        "face without bangs",
        "face with dark skin",
        "an angry face",
    ),
    files={
        "generator": "generator.safetensors",
        "clip": "clip.safetensors",
        "mapper": "mapper.safetensors",
        "relevance": "relevance.safetensors",
    },
    second_looks=2,
)


def read_weights(network: str, folder: Path = WEIGHTS) -> dict[str, torch.Tensor]:
    """The tensors of one shipped network, on the CPU.

    Raises `DeltaEditError` naming the file when it is missing, damaged or changed.
    """
    remedy = "install the kit again, or make the file with its recipe in recipes/"
    return load_tensors(folder / f"{network}.safetensors", remedy)[0]


def networks_in(folder: Path) -> Networks:
    """The networks of a folder of weights: generator, CLIP, mapper and R, nothing read yet."""

    def read_mapper(layout: StyleLayout, clip_width: int) -> DeltaMapper:
        return DeltaMapper.from_state_dict(read_weights("mapper", folder), layout, clip_width)

    return Networks(
        generator=lambda: Generator.from_state_dict(read_weights("generator", folder)),
        clip=lambda: ClipSpace.from_state_dict(
            read_weights("clip", folder), preprocessing=SPEC.preprocessing
        ),
        mapper=read_mapper,
        relevance=lambda: read_weights("relevance", folder)["relevance"],
        header=lambda network: read_header(folder / f"{network}.safetensors"),
    )


NETWORKS = replace(
    networks_in(WEIGHTS),
    oracle=PortraitOracle,
    inversion=read_encoder,
    identity=read_identity,
    correlated=draw_correlated,
)
