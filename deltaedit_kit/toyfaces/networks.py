"""The shipped networks of toyfaces: each read from its file in `weights/` when first used.

weights/<network>.safetensors --load_tensors (checksum)--> tensors --> network
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from deltaedit_kit.domain.networks import Networks
from deltaedit_kit.support.atomic import load_tensors
from deltaedit_kit.support.atomic import read_header as read_header_of
from deltaedit_kit.toyfaces.spec import SPEC

if TYPE_CHECKING:
    from deltaedit_kit.clip_space import ClipSpace
    from deltaedit_kit.mapper import DeltaMapper
    from deltaedit_kit.stylegan2 import Generator
    from deltaedit_kit.stylespace import StyleLayout
    from deltaedit_kit.toyfaces.oracle import PortraitOracle
    from deltaedit_kit.toyfaces.portraits import InBatches

WEIGHTS = Path(__file__).parent / "weights"


def read_weights(network: str, folder: Path = WEIGHTS) -> dict[str, torch.Tensor]:
    """The tensors of one shipped network, on the CPU.

    Raises `DeltaEditError` naming the file when it is missing, damaged or changed.
    """
    remedy = "install the kit again, or make the file with its recipe in recipes/"
    return load_tensors(folder / f"{network}.safetensors", remedy)[0]


def read_header(network: str) -> dict[str, str]:
    """The text header of a shipped file."""
    return read_header_of(WEIGHTS / f"{network}.safetensors")


def read_generator() -> Generator:
    """StyleGAN2 of 128 px."""
    from deltaedit_kit.stylegan2 import Generator

    return Generator.from_state_dict(read_weights("generator"))


def read_clip() -> ClipSpace:
    """The small CLIP that was trained on portraits and their captions."""
    from deltaedit_kit.clip_space import ClipSpace

    return ClipSpace.from_state_dict(read_weights("clip"), preprocessing=SPEC.preprocessing)


def read_mapper(layout: StyleLayout, clip_width: int) -> DeltaMapper:
    """DeltaMapper; raises `DeltaEditError` for another generator's or CLIP's sizes."""
    from deltaedit_kit.mapper import DeltaMapper

    return DeltaMapper.from_state_dict(read_weights("mapper"), layout, clip_width)


def read_relevance() -> torch.Tensor:
    """R [S, E], unit rows."""
    return read_weights("relevance")["relevance"]


def read_oracle() -> PortraitOracle:
    """The factors, their attributes, and the network that reads them off a portrait."""
    from deltaedit_kit.toyfaces.oracle import PortraitOracle

    return PortraitOracle()


def read_encoder() -> InBatches:
    """Portraits -> w+."""
    from deltaedit_kit.toyfaces.encoder import read_encoder

    return read_encoder()


def read_identity() -> InBatches:
    """Portraits -> unit vectors, near for the same person."""
    from deltaedit_kit.toyfaces.identity import read_identity

    return read_identity()


def draw_correlated(n: int, size: int, random: torch.Generator) -> torch.Tensor:
    """z of portraits that are alike but for one, two or three factors."""
    from deltaedit_kit.toyfaces.correlated import draw_correlated

    return draw_correlated(n, size, random)


NETWORKS = Networks(
    generator=read_generator,
    clip=read_clip,
    mapper=read_mapper,
    relevance=read_relevance,
    header=read_header,
    oracle=read_oracle,
    inversion=read_encoder,
    identity=read_identity,
    correlated=draw_correlated,
)
