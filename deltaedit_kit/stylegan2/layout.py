"""Read a generator's sizes from the keys and shapes of a rosinality-layout checkpoint.

Idea: the layout contains every size that the constructor needs, so no configuration file is needed:

    resolution = 4 * 2^(upsampling layers),  channels[4] = width of `input.input`,
    channels[8 * 2^i] = outputs of `convs.{2i}`,  style_dim and depth from `style.*.weight`

Files in circulation wrap the tensors as {'g_ema': ..., 'latent_avg': ...}; safetensors files are
flat and carry `latent_avg`, the mean of w, as one more key. Both are read here.

Source: the public checkpoints of github.com/rosinality/stylegan2-pytorch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from torch import Tensor

from deltaedit_kit.support.errors import DeltaEditError


class Sizes(TypedDict):
    """The constructor arguments that a checkpoint decides."""

    resolution: int
    channels: dict[int, int]
    style_dim: int
    mapping_layers: int


def unwrap(checkpoint: Mapping[str, Any]) -> tuple[dict[str, Tensor], Tensor | None]:
    """-> tensors of the generator by key, and mean w [W] or None.

    Raises DeltaEditError if the mapping holds no generator, or a mean of another shape.
    """
    inner = checkpoint.get("g_ema", checkpoint)
    tensors = {key: value for key, value in inner.items() if key != "latent_avg"}
    mean_w = checkpoint.get("latent_avg", inner.get("latent_avg"))
    if "input.input" not in tensors or "style.1.weight" not in tensors:
        raise DeltaEditError(
            f"no StyleGAN2 generator in this checkpoint (its first keys: {list(tensors)[:3]}); "
            "give a rosinality-layout state dict or a file with 'g_ema'"
        )
    if mean_w is None:
        return tensors, None
    width = tensors["style.1.weight"].shape[1]
    if mean_w.numel() != width:
        raise DeltaEditError(
            f"latent_avg has the shape {list(mean_w.shape)}, the mapping network makes {width} "
            "numbers; drop the key and call estimate_mean_w()"
        )
    return tensors, mean_w.detach().reshape(width).clone()


def infer_sizes(tensors: Mapping[str, Tensor]) -> Sizes:
    """Constructor arguments of the generator that these tensors belong to."""
    channels = {4: tensors["input.input"].shape[1]}
    while (key := f"convs.{2 * (len(channels) - 1)}.conv.weight") in tensors:
        channels[4 * 2 ** len(channels)] = tensors[key].shape[1]
    depth = sum(key.startswith("style.") and key.endswith(".weight") for key in tensors)
    return Sizes(
        resolution=max(channels),
        channels=channels,
        style_dim=tensors["style.1.weight"].shape[1],
        mapping_layers=depth,
    )
