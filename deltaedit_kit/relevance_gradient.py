"""Relevance by gradient: the slope of CLIP's view of a picture in every style channel at once.

Idea: R asks where CLIP sees a picture go when a channel moves. Published is the difference over
±5σ, two pictures for each of S channels. Small steps from the picture itself give its slope,

    R_c = unit( mean over pictures of  unit( ∂e / ∂s_c ) )                            [S, E]

and one backward pass from one of CLIP's E outputs gives that output's slope in ALL channels: E
passes a picture instead of 2·S drawings (128 for 2,368 in toyfaces, 512 for 12,096 at 1024 px).

It is NOT the published definition, which sees a channel's whole range. `benchmarks/relevance.py`
prints how well the two agree, beside how well the published one agrees with itself on other
pictures: for a given time, more pictures are worth more than longer steps.

Citations: definition in `deltaedit_kit.relevance`; reverse mode: Griewank & Walther, Evaluating
Derivatives (2008), section 3.2: a gradient costs a small multiple of the function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from deltaedit_kit.errors import DeltaEditError


def gradient_relevance(
    domain: Any,
    pictures: int = 100,
    seed: int = 0,
    batch: int = 8,
    fast: bool = False,
    known: Mapping[int, Tensor] | None = None,
    on_part: Callable[[int, Tensor], object] | None = None,
    progress: Callable[[int], object] | None = None,
) -> Tensor:
    """R [S, E], float32, unit rows, on the domain's device; the pictures of `compute_relevance`.

    `domain` gives .generator, .clip and .device, its networks' weights frozen; `batch` pictures go
    together, with `fast` in bfloat16. `on_part(k, sum [S, E])` is told each batch, k being its
    first picture; batches found in `known` are not computed again. `progress(count)` counts
    backward passes times pictures. Raises DeltaEditError for pictures or batch < 1.
    """
    if pictures < 1 or batch < 1:
        raise DeltaEditError(f"relevance needs pictures and batch >= 1, got {pictures}, {batch}")
    generator = domain.generator
    z = torch.randn(pictures, generator.style_dim, generator=torch.Generator().manual_seed(seed))
    with torch.no_grad():
        w_plus = generator.expand(generator.mapping(z.to(domain.device)))  # [n, L, W]
        s = generator.to_style(w_plus)  # [n, S]
    sums = dict(known or {})
    for first in range(0, pictures, batch):
        if first not in sums:
            part = slice(first, first + batch)
            slopes = jacobian(domain, s[part], w_plus[part], fast, progress)  # [n, E, S]
            sums[first] = F.normalize(slopes, dim=1).sum(0).T.contiguous()
            if on_part:
                on_part(first, sums[first])
    total = torch.stack([sums[first].to(domain.device) for first in sorted(sums)]).sum(0)
    return F.normalize(total, dim=1)


def jacobian(
    domain: Any,
    s: Tensor,
    w_plus: Tensor,
    fast: bool = False,
    progress: Callable[[int], object] | None = None,
) -> Tensor:
    """∂e/∂s of each picture: float32 [n, E, S] from codes s [n, S] and w_plus [n, L, W].

    A picture depends on its own code alone, so the slopes of a sum over pictures are theirs.
    """
    # Leaves that were made under inference_mode cannot be differentiated: take a copy.
    with torch.inference_mode(False), torch.enable_grad():
        s, w_plus = s.clone().requires_grad_(True), w_plus.clone()
        with torch.autocast(domain.device.type, torch.bfloat16, enabled=fast):
            drawn = domain.generator.synthesize(s, w_plus, "fixed")
            seen = domain.clip.encode_images(drawn.float())  # [n, E]
        rows = []
        for output in seen.sum(0):  # keeps the graph: all outputs share one forward pass
            rows.append(torch.autograd.grad(output, s, retain_graph=True)[0])
            if progress:
                progress(len(s))
    return torch.stack(rows, dim=1)
