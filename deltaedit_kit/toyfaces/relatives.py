"""Families of portraits: relatives are alike but for one, two or three things.

    z_0 ~ N(0, I),    z_k = z_0 with m of its first K coordinates drawn again, m as in CHANGES

A coordinate of z stands for one factor here (`factors_from_z`), so one family differs in nothing
but its glasses, another in the hue of the clothes and the nose, as pictures of one person might.
The mapper is told neither which coordinate changed nor what it means; that colours are drawn in
another way than the rest (WALKS) is knowledge of this domain, and it is used here.

Sentences ask for ends ("a beard", "no beard") and for places on a walk through colours ("red
hair"). So most relatives have what changes at one of its ends, but colours anywhere along their
walk; and colours, which have more places to go to, change more often.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.toyfaces.factors import FACTORS

Z_WIDTH = 128
CHANGES = (1, 1, 1, 1, 2, 3)  # coordinates that a family's members differ in; families take turns
WALKS = ("eye_color", "hair_color", "clothes_hue", "background_hue")
WALKS_CHANGE = 3.0  # times as often as other factors
END = 2.0  # where ends are, in standard deviations, give or take
SPREAD = 0.3
CALM = 2  # the first member and the next keep natural values, so that ways begin everywhere


def relatives(n: int, family: int, random: torch.Generator) -> Float[Tensor, "n Z"]:
    """z of n / family families, relatives in neighbouring rows, for `make_codes(family=...)`.

    Raises DeltaEditError for families of one, and when n is no multiple of `family`.
    """
    if family < 2 or n < 1 or n % family:
        raise DeltaEditError(f"{n} portraits are no families of {family}; give a multiple of it")
    known, families = len(FACTORS), n // family
    first = torch.randn(families, 1, Z_WIDTH, generator=random)
    walks = torch.tensor([name in WALKS for name in FACTORS])
    weight = torch.where(walks, WALKS_CHANGE, 1.0).expand(families, known)
    chosen = torch.multinomial(weight, max(CHANGES), generator=random)  # [families, 3]
    changes = torch.tensor(CHANGES)[torch.arange(families) % len(CHANGES)]
    counts = torch.arange(max(CHANGES)) < changes[:, None]
    redrawn = torch.zeros(families, known, dtype=torch.bool).scatter(1, chosen, counts)
    fresh = torch.randn(families, family, known, generator=random)
    ends = fresh.sign() * END + SPREAD * torch.randn(fresh.shape, generator=random)
    fresh[:, CALM:] = torch.where(walks, fresh, ends)[:, CALM:]
    z = first.repeat(1, family, 1)
    z[:, 1:, :known] = torch.where(redrawn[:, None], fresh, z[:, :, :known])[:, 1:]
    return z.flatten(0, 1)
