"""How a domain gets its networks: as functions that load them at their first use.

Idea: `load_domain` returns at once, and a lesson that only samples never reads a mapper. The domain
does not know where a network comes from: shipped with the kit, downloaded, or random in a test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from deltaedit_kit.support.device import kit_defaults

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from deltaedit_kit.clip_space import ClipSpace
    from deltaedit_kit.domain.oracle import Oracle
    from deltaedit_kit.mapper import DeltaMapper
    from deltaedit_kit.stylegan2 import Generator
    from deltaedit_kit.stylespace import StyleLayout


@contextmanager
def loading() -> Iterator[None]:
    """Where networks are made: differentiable later whatever mode the caller is in, in the kit's
    own dtype, and without a number from the caller's random generator, although they start at
    random before weights come.
    """
    with kit_defaults(), torch.inference_mode(False), torch.random.fork_rng(devices=[]):
        yield


@dataclass(frozen=True)
class Networks:
    """How to get each network: called at its first use, never before, with the finished network.

    The mapper's sizes depend on the generator and on CLIP, hence its two arguments.
    """

    generator: Callable[[], Generator]
    clip: Callable[[], ClipSpace]
    mapper: Callable[[StyleLayout, int], DeltaMapper]  # (layout of s, CLIP width)
    relevance: Callable[[], Float[Tensor, "S E"]]  # unit rows
    # network -> text header of its file: "domain" and "networks" (a fingerprint) are compared
    header: Callable[[str], Mapping[str, str]] = lambda _: {}
    oracle: Callable[[], Oracle] | None = None
    inversion: Callable[[], nn.Module] | None = None  # e4e: pictures -> w+
    identity: Callable[[], nn.Module] | None = None  # ArcFace: pictures -> unit vectors
    # (n, size of a group, random) -> z [n, Z], neighbouring rows alike but for few factors
    correlated: Callable[[int, int, torch.Generator], Tensor] | None = None
