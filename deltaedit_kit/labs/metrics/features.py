"""What FID and KID look with: a network from pictures to feature vectors, and its name.

    clip-<domain>         the domain's own CLIP: works offline, and sees more in drawn portraits
    inception-v3-compat   the network of published FIDs, where its weights can be had

The name is part of every number: FIDs of two networks have nothing in common but the formula.

Source: Heusel et al., arXiv:1706.08500.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from deltaedit_kit.support.errors import DeltaEditError, check_pictures

if TYPE_CHECKING:
    from deltaedit_kit.domain import Domain

NETWORKS = ("clip", "inception")
BATCH = 32


@dataclass(frozen=True)
class FeatureNetwork:
    """`look` maps checked pictures [n, 3, H, W] in [-1, 1] to features [n, E]."""

    name: str
    look: Callable[[Tensor], Tensor]

    @torch.no_grad()
    def __call__(self, pictures: Tensor) -> Tensor:
        """Features [n, E], float32 on the CPU, a batch at a time. Errors: `check_pictures`."""
        check_pictures("pictures", pictures)
        return torch.cat([self.look(part).float().cpu() for part in pictures.split(BATCH)])


def feature_network(name: str, domain: Domain) -> FeatureNetwork:
    """The network "clip" or "inception", ready to use.

    Raises DeltaEditError for another name, or when its package or weights are missing.
    """
    if name == "clip":
        return FeatureNetwork(f"clip-{domain.spec.name}", domain.clip.encode_images)
    if name == "inception":
        return FeatureNetwork("inception-v3-compat", inception())
    raise DeltaEditError(f"no feature network {str(name)[:40]!r}; use {', '.join(NETWORKS)}")


def check_clouds(*clouds: Tensor, rows: int = 1) -> None:
    """Refuse what are not features of one network, [n, E] each, n >= `rows`, finite."""
    if any(cloud.dim() != 2 for cloud in clouds) or len({cloud.shape[1] for cloud in clouds}) > 1:
        shapes = " and ".join(str(tuple(cloud.shape)) for cloud in clouds)
        raise DeltaEditError(f"features have shapes {shapes}; give [n, E] of one network")
    fewest = min(len(cloud) for cloud in clouds)
    if fewest < rows:
        raise DeltaEditError(f"features are of {fewest} pictures; give {rows} or more")
    if not all(bool(cloud.isfinite().all()) for cloud in clouds):
        raise DeltaEditError("features hold NaN or infinity; look at the pictures")


def inception() -> Callable[[Tensor], Tensor]:
    """Inception-v3 as published FIDs use it, features [n, 2048], through torch-fidelity.

    Raises DeltaEditError when the package or its weights cannot be had.
    """
    try:
        from torchmetrics.image.fid import NoTrainInceptionV3

        network = NoTrainInceptionV3("inception-v3-compat", ["2048"])
    except (ImportError, OSError, NameError, TypeError) as cause:
        raise DeltaEditError(
            f"Inception's features cannot be had ({type(cause).__name__}); pip install "
            "torch-fidelity with a network connection, or use the features 'clip'"
        ) from cause

    def look(pictures: Tensor) -> Tensor:
        return network.to(pictures.device)(((pictures + 1) * 127.5).round().clamp(0, 255).byte())

    return look
