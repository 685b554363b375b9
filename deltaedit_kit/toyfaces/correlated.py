"""Correlated portraits: groups that are alike but for one, two or three factors.

    z_0 ~ N(0, I),    z_k = z_0 with m of its first K coordinates drawn again, m as in CHANGES

A coordinate of z stands for one factor here (`factors_from_z`), so one group differs in nothing
but its glasses, another in the hue of the clothes and the nose, as pictures of one person might.
The mapper learns neither which coordinate changed nor what it means; that colours are drawn in
another way than the rest (WALKS) is knowledge of this domain, and it is used here.

Sentences ask for ends ("a beard", "no beard") and for places on a walk through colours ("red
hair"). So what changes mostly goes to one of its ends, but colours go anywhere along their walk;
and colours, which have more places to go to, change more often.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from deltaedit_kit.support.device import kit_defaults
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.toyfaces.factors import FACTORS

Z_WIDTH = 128
CHANGES = (1, 1, 1, 1, 2, 3)  # coordinates that a group's members differ in; groups take turns
WALKS = ("eye_color", "hair_color", "clothes_hue", "background_hue")
WALKS_CHANGE = 3.0  # times as often as other factors
END = 2.0  # where ends are, in standard deviations, give or take
SPREAD = 0.3
CALM = 2  # the first member and the next keep natural values, so that ways begin everywhere


@kit_defaults()
def draw_correlated(n: int, size: int, random: torch.Generator) -> Float[Tensor, "n Z"]:
    """z of groups of `size` neighbouring rows, for `Domain.sample_w(correlated=...)`.

    Raises DeltaEditError for groups of one, and when n is no multiple of `size`.
    """
    if size < 2 or n < 1 or n % size:
        raise DeltaEditError(f"{n} portraits are no groups of {size}; give a multiple of it")
    known, groups = len(FACTORS), n // size
    first = torch.randn(groups, 1, Z_WIDTH, generator=random)
    walks = torch.tensor([name in WALKS for name in FACTORS])
    weight = torch.where(walks, WALKS_CHANGE, 1.0).expand(groups, known)
    chosen = torch.multinomial(weight, max(CHANGES), generator=random)  # [groups, 3]
    changes = torch.tensor(CHANGES)[torch.arange(groups) % len(CHANGES)]
    counts = torch.arange(max(CHANGES)) < changes[:, None]
    redrawn = torch.zeros(groups, known, dtype=torch.bool).scatter(1, chosen, counts)
    fresh = torch.randn(groups, size, known, generator=random)
    ends = fresh.sign() * END + SPREAD * torch.randn(fresh.shape, generator=random)
    fresh[:, CALM:] = torch.where(walks, fresh, ends)[:, CALM:]
    z = first.repeat(1, size, 1)
    z[:, 1:, :known] = torch.where(redrawn[:, None], fresh, z[:, :, :known])[:, 1:]
    return z.flatten(0, 1)
