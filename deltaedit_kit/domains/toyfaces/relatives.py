"""Families of portraits: relatives are alike but for one, two or three things.

    z_0 ~ N(0, I),    z_k = z_0 with m of its first K coordinates drawn again, m as in CHANGES

A coordinate of z stands for one factor here (`factors_from_z`), so one family differs in nothing
but its glasses, another in the hue of the clothes and the nose, as pictures of one person might.
Which coordinate means what, nobody tells the mapper.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from deltaedit_kit.domains.toyfaces.factors import FACTORS
from deltaedit_kit.errors import DeltaEditError

Z_WIDTH = 128
FAMILY = 5
CHANGES = (1, 1, 1, 2, 3)  # coordinates that a family's members differ in; families take turns


def relatives(n: int, random: torch.Generator) -> Float[Tensor, "n Z"]:
    """z of n / FAMILY families, relatives in neighbouring rows, for `sample_codes(draw=...)`.

    Raises DeltaEditError when n is no multiple of FAMILY.
    """
    if n < 1 or n % FAMILY:
        raise DeltaEditError(f"families have {FAMILY} members: {n} is no multiple of {FAMILY}")
    known, families = len(FACTORS), n // FAMILY
    first = torch.randn(families, 1, Z_WIDTH, generator=random)
    order = torch.rand(families, 1, known, generator=random).argsort(dim=2)
    changes = torch.tensor(CHANGES)[torch.arange(families) % len(CHANGES)]
    redrawn = order < changes[:, None, None]
    fresh = torch.randn(families, FAMILY, known, generator=random)
    z = first.repeat(1, FAMILY, 1)
    z[:, :, :known] = torch.where(redrawn, fresh, z[:, :, :known])
    return z.flatten(0, 1)
