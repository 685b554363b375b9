"""The networks of toyfaces-plain-clip: CLIP, mapper and R from `weights/`, the rest of toyfaces.

The token table is that of the toyfaces CLIP, which was frozen in training, and is read from there.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from deltaedit_kit.atomic import read_header as read_header_of
from deltaedit_kit.toyfaces.networks import NETWORKS as TOYFACES
from deltaedit_kit.toyfaces.networks import read_weights as read_shipped
from deltaedit_kit.toyfaces.plain_clip.spec import SPEC

if TYPE_CHECKING:
    from deltaedit_kit.clip_space import ClipSpace
    from deltaedit_kit.mapper import DeltaMapper
    from deltaedit_kit.stylespace import StyleLayout

WEIGHTS = Path(__file__).parent / "weights"
TABLE = "token_embedding.weight"

read_weights = partial(read_shipped, folder=WEIGHTS)


def read_header(network: str) -> dict[str, str]:
    """The text header of a file of this domain."""
    return read_header_of(WEIGHTS / f"{network}.safetensors")


def read_clip() -> ClipSpace:
    """The CLIP that was trained by contrast alone."""
    from deltaedit_kit.clip_space import ClipSpace

    tensors = {**read_weights("clip"), TABLE: read_shipped("clip")[TABLE]}
    return ClipSpace.from_state_dict(tensors, preprocessing=SPEC.preprocessing)


def read_mapper(layout: StyleLayout, clip_width: int) -> DeltaMapper:
    """DeltaMapper; raises `DeltaEditError` for another generator's or CLIP's sizes."""
    from deltaedit_kit.mapper import DeltaMapper

    return DeltaMapper.from_state_dict(read_weights("mapper"), layout, clip_width)


def read_relevance() -> torch.Tensor:
    """R [S, E], unit rows."""
    return read_weights("relevance")["relevance"]


NETWORKS = replace(
    TOYFACES, clip=read_clip, mapper=read_mapper, relevance=read_relevance, header=read_header
)
