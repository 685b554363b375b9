"""Refine: descend from the encoder's w+ to one that draws this very picture.

    min over w+   mean (G(w+) - x)² + λ mean (w+ - w+_0)²

An encoder answers in one pass and misses a little; some hundred steps of Adam on w+ itself close
much of the gap. λ ties the code to where it started: far from there a generator still draws the
picture, but no longer knows how to edit it (the trade of distortion against editability: Tov et al.
2021, arXiv:2102.02766, section 3). Optimising w+ goes back to Abdal et al. 2019 (arXiv:1904.03189).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from tqdm import tqdm

from deltaedit_kit.support.device import learning
from deltaedit_kit.support.errors import DeltaEditError, check_pictures, check_whole_number

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from deltaedit_kit.domain import Domain

STEPS = 200
RATE = 0.05  # of Adam; rises over WARM_UP steps, then falls along a cosine
WARM_UP = 10
TIE = 0.002  # λ
SHOW_EVERY = 10  # steps between numbers beside the progress bar


@learning()
def refine(
    domain: Domain,
    pictures: Float[Tensor, "n 3 h h"],
    w_plus: Float[Tensor, "n l w"],
    steps: int = STEPS,
    progress: bool = True,
) -> Float[Tensor, "n l w"]:
    """w+ that draws `pictures` better than the given one; every picture for itself.

    The best code on the way comes back, so that no picture gets worse. Pictures lie in [-1, 1],
    are of the domain's size and on its device. Raises DeltaEditError for another size, for
    what are no pictures and for steps below 1.
    """
    steps = check_whole_number("steps", steps, 1)
    pictures = check_pictures("pictures", pictures).float()
    generator, side = domain.generator, domain.spec.resolution
    if pictures.shape != (len(w_plus), 3, side, side):
        raise DeltaEditError(
            f"pictures are {list(pictures.shape)} for {len(w_plus)} codes; give "
            f"[{len(w_plus)}, 3, {side}, {side}]"
        )
    start = w_plus.detach()
    code = start.clone().requires_grad_(True)
    optimizer = torch.optim.Adam([code], lr=RATE, betas=(0.9, 0.99))
    best, least = start.clone(), torch.full((len(start),), math.inf, device=start.device)
    with tqdm(total=steps, desc="refine", disable=not progress) as bar:
        for step in range(steps + 1):  # the last pass only looks at what the last step made
            style = generator.to_style(code)
            made = generator.synthesize(style, code, noise="fixed")
            error = (made - pictures).square().mean(dim=(1, 2, 3))  # [n]
            shown = (made.detach().clamp(-1, 1) - pictures).square().mean(dim=(1, 2, 3))
            best = torch.where((shown < least)[:, None, None], code.detach(), best)
            least = torch.minimum(least, shown)
            if step == steps:
                break
            loss = (error + TIE * (code - start).square().mean(dim=(1, 2))).sum()
            optimizer.param_groups[0]["lr"] = rate_at(step, steps)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            if step % SHOW_EVERY == 0:  # reading a number waits for the device
                reached = 10 * math.log10(4 / max(float(least.mean()), 1e-12))
                bar.set_postfix_str(f"{reached:.1f} dB", refresh=False)
            bar.update()
    return best


def rate_at(step: int, steps: int) -> float:
    """Adam's rate at step `step` of `steps`, counted from 0."""
    return RATE * min(1.0, (step + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * step / steps))
