"""A strip of strengths: the same step taken backwards, not at all, half, whole, and too far.

    frame(q) = G(s + q · Δs, w+),   q in SHARES;   q = 0 is before, q = 1 is after

Frames come one by one, so that a panel can stop asking when something newer has to be drawn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from deltaedit_kit.labs.studio.engine import Engine, Look
from deltaedit_kit.labs.studio.state import StudioState

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

SHARES = (-1.0, -0.5, 0.0, 0.5, 1.0, 1.5)


def frames(
    engine: Engine, state: StudioState, look: Look, shares: Sequence[float] = SHARES
) -> Iterator[tuple[float, Float[Tensor, "3 H W"]]]:
    """(share, picture [3, H, W]) for each share; what `look` has drawn is not drawn again."""
    for share in shares:
        yield share, look.after if share == 1 else engine.step(state, look.mix, share)


def animation_shares(count: int) -> tuple[float, ...]:
    """`count` shares from 0 to 1 and the way back, evenly in time: an endless loop of frames."""
    forth = [k / (count - 1) for k in range(count)]
    return (*forth, *reversed(forth[1:-1]))
