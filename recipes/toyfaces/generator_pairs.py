"""Paired renders: two portraits that differ in one factor, so that a generator learns pale factors.

A wrinkle is weak beside the edge of the hair: in a sum over pixels its error is lost, and the
generator draws nobody's age. The *difference* of a pair shows the wrinkle alone, for everything
else cancels. With x, x' the renders of a pair and G, G' what is drawn for them,

    unexplained = |(G' - G) - (x' - x)|² / |x' - x|²        1: the factor is not drawn at all

is the share of a factor's effect that the generator misses. Factors take their turns by how much
of them is missed so far, the worst ones far more often than the others. A pair stands at opposite
ends of its factor; on a walk through colours anywhere apart, or dark brown eyes, close to brown on
the way to blue, are never separated from brown ones.
"""

import torch
from torch import Tensor, nn

from deltaedit_kit.labs.own_domain.picture_loss import unexplained
from deltaedit_kit.toyfaces.factors import FACTORS, at_coordinate, factors_from_z
from deltaedit_kit.toyfaces.renderer import render
from recipes.toyfaces.generator_mapping import OWN_KNOTS

FAR = 1.3  # where the second one stands: the lower or upper tenth of its factor
WALKS = tuple(FACTORS.index(name) for name in OWN_KNOTS)  # through colours: no end is like another
APART = 0.25  # of all portraits, at least, lie between a pair on such a walk
MEMORY = 0.98  # of the running shares
FOCUS = 3  # power: 1 gives a factor turns by the share missed, more gives the worst ones more


class PairedRenders(nn.Module):
    """Draws pairs and remembers, as a buffer, how much of each factor's effect is missed."""

    missed: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("missed", torch.ones(len(FACTORS)))

    def draw(self, z: Tensor, seeded: torch.Generator) -> tuple[Tensor, Tensor]:
        """For z [n, Z]: the partners' z [n, Z] and the factor [n] in which each differs."""
        turns = self.missed**FOCUS
        factor = torch.multinomial(turns, len(z), replacement=True, generator=seeded)
        old = z[torch.arange(len(z)), factor.to(z.device)]
        other_end = -FAR * old.sign()
        apart = APART + (1 - 2 * APART) * torch.rand(len(z), generator=seeded).to(z.device)
        share = (torch.special.ndtr(old) + apart) % 1
        further_on = torch.special.ndtri(share.clamp(0.02, 0.98))
        walks = torch.isin(factor, torch.tensor(WALKS)).to(z.device)
        value = torch.where(walks, further_on, other_end)
        return at_coordinate(z, factor.to(z.device), value), factor

    def most_missed(self, n: int) -> list[tuple[str, float]]:
        """The `n` factors that the generator misses most, and the share missed."""
        shares, order = self.missed.sort(descending=True)
        return [(FACTORS[k], float(m)) for k, m in zip(order[:n], shares[:n], strict=True)]

    def loss(self, made: Tensor, target: Tensor, factor: Tensor) -> Tensor:
        """Mean unexplained share; `made`, `target` [2 n, 3, h, h] hold portraits, then partners."""
        missed = unexplained(*(torch.stack(x.chunk(2), dim=1) for x in (made, target)))
        for k, share in zip(factor.tolist(), missed.detach().clamp(0.02, 1).tolist(), strict=True):
            self.missed[k] = MEMORY * self.missed[k] + (1 - MEMORY) * share
        return missed.clamp(max=4).mean()


@torch.no_grad()
def pictures_of(z: Tensor) -> Tensor:
    """The renders that z [n, Z] stands for: [n, 3, 128, 128] in [-1, 1]."""
    return render(factors_from_z(z))
