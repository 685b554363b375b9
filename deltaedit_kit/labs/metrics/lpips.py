"""LPIPS: how different do two pictures look to a network that was tuned to people's judgement?

    LPIPS = Σ_layers mean_pixels | w_l ⊙ (unit φ_l(x) - unit φ_l(y)) |²

φ are layers of AlexNet, w_l the published weights. torchmetrics carries w_l; AlexNet's own weights
are 230 MB that torchvision downloads once. Without them LPIPS is an error that says so, not a
number from other features under the same name.

Source: Zhang et al., arXiv:1801.03924; computed by torchmetrics.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.labs.metrics.pictures import check_pairs


@torch.no_grad()
def lpips(before: Tensor, after: Tensor, network: Any = None) -> Tensor:
    """LPIPS of each pair of pictures [n, 3, H, W] in [-1, 1] -> [n]; 0 for equal pictures.

    network: a module (x, y) -> distances, None for the published one on AlexNet. Raises
    DeltaEditError as `check_pairs` does, and when AlexNet's weights cannot be had.
    """
    check_pairs(before, after)
    network = published(str(before.device)) if network is None else network
    parts = zip(before.float().split(16), after.float().split(16), strict=True)
    return torch.cat([network(x, y).flatten() for x, y in parts])


@lru_cache(maxsize=2)
def published(device: str = "cpu") -> Any:
    """The published network, loaded once a device.

    Raises DeltaEditError when its weights are not there.
    """
    from torchmetrics.functional.image.lpips import _LPIPS

    try:
        return _LPIPS(pretrained=True, net="alex", pnet_rand=False).eval().to(device)
    except OSError as cause:  # URLError is one
        raise DeltaEditError(
            f"LPIPS needs torchvision's AlexNet weights ({cause}); fetch them once with a network "
            "connection: torchvision.models.alexnet(weights='IMAGENET1K_V1')"
        ) from cause
