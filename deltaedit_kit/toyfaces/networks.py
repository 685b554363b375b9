"""The shipped networks of toyfaces: each read from its file in `weights/` when first used.

weights/<network>.safetensors --load_tensors (checksum)--> tensors --> network
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from deltaedit_kit.clip_space import ClipSpace
from deltaedit_kit.domain.networks import Networks
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.support.atomic import load_tensors, read_header
from deltaedit_kit.toyfaces.correlated import draw_correlated
from deltaedit_kit.toyfaces.encoder import read_encoder
from deltaedit_kit.toyfaces.identity import read_identity
from deltaedit_kit.toyfaces.oracle import PortraitOracle
from deltaedit_kit.toyfaces.portraits import WEIGHTS
from deltaedit_kit.toyfaces.spec import SPEC


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
