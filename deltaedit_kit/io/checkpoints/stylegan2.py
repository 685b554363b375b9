"""StyleGAN2 generators from four formats, as one network with one layout of s.

    rosinality .pt      {"g_ema": ..., "latent_avg": ...} or the bare state dict (DeltaEdit's LSUN)
    NVIDIA .pkl         stylegan2_ada.py (PyTorch)         stylegan2_tf.py (TensorFlow)
    safetensors         the state dict with `latent_avg`, as `deltaedit convert` writes it

Noise pictures, mean of w, filters and ToRGB layers come along.

Source: the key layout is that of github.com/rosinality/stylegan2-pytorch.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.io.checkpoints.container import Container
from deltaedit_kit.io.checkpoints.filling import fill
from deltaedit_kit.io.checkpoints.kind import Kind, Tensors, flat_tensors, open_as
from deltaedit_kit.io.checkpoints.reading import Contents
from deltaedit_kit.io.checkpoints.restricted import naming
from deltaedit_kit.io.checkpoints.stylegan2_ada import ada_state_dict, is_ada
from deltaedit_kit.io.checkpoints.stylegan2_tf import is_tf, tf_state_dict
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.stylegan2.layout import sizes_of, unwrap

MEAN_W = "latent_avg"
LARGEST = 4096  # px


def load_stylegan2(path: str | Path) -> Generator:
    """The generator in a file of any of the formats above, float32, on the CPU, frozen.

    Its `mean_w` is None where the file has none (`estimate_mean_w()` makes one). Raises
    DeltaEditError naming file, cause and remedy.
    """
    tensors = open_as(path, KIND)
    with naming(path):
        return generator_from(tensors)


def generator_from(tensors: Mapping[str, Tensor]) -> Generator:
    """The generator of tensors in our layout. Raises DeltaEditError where keys or shapes differ."""
    own, mean_w = unwrap(tensors)
    _check_resolution(own)
    generator = fill(lambda: Generator(**sizes_of(own)), own, "StyleGAN2 generator")
    generator.mean_w = None if mean_w is None else mean_w.float()
    return generator


def _format_of(contents: Contents) -> str | None:
    tree = contents.tree
    if is_ada(tree):
        return "stylegan2-ada-pytorch pickle (persistent classes)"
    if is_tf(tree):
        return "TensorFlow-era pickle (tuple of three networks)"
    tensors = _rosinality(tree)
    if "input.input" in tensors and "style.1.weight" in tensors:
        return f"rosinality layout, {contents.container.value}"
    return None


def _tensors(contents: Contents) -> Tensors:
    if contents.container is Container.PICKLE:
        read = ada_state_dict if is_ada(contents.tree) else tf_state_dict
        return read(contents.tree)
    tensors = _rosinality(contents.tree)
    _check_resolution(tensors)
    if not any(key.startswith("noises.") for key in tensors):
        tensors |= _seeded_noise(sizes_of(tensors)["resolution"])
    mean_w = contents.tree.get(MEAN_W, tensors.get(MEAN_W))
    return tensors if not isinstance(mean_w, Tensor) else tensors | {MEAN_W: mean_w.reshape(-1)}


def _rosinality(tree: Any) -> Tensors:
    """The tensors of `g_ema`, or of the dict itself."""
    return flat_tensors(tree.get("g_ema", tree)) if isinstance(tree, Mapping) else {}


def _check_resolution(tensors: Tensors) -> None:
    """A layer more doubles the picture: thirty of them, claimed by a file, would be a bomb."""
    resolution = sizes_of(tensors)["resolution"]
    if resolution > LARGEST:
        raise DeltaEditError(
            f"its layers would make pictures of {resolution} px, and {LARGEST} is the most that "
            "there are; fetch the file from its official page"
        )


def _seeded_noise(resolution: int) -> Tensors:
    """Noise pictures for files from before they were stored: always the same ones."""
    sides = [2**k for k in range(2, resolution.bit_length())]
    random = torch.Generator().manual_seed(0)
    return {
        f"noises.noise_{k}": torch.randn(1, 1, side, side, generator=random)
        for k, side in enumerate(sorted([*sides, *sides[1:]]))
    }


def _sizes(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    sizes = sizes_of(tensors)
    convs = [key for key in tensors if key.endswith("conv.modulation.bias") and "rgb" not in key]
    return {
        "resolution": sizes["resolution"],
        "style_channels": sum(tensors[key].numel() for key in convs),
        "rows_of_w_plus": len(convs) + 1,
        "w_width": sizes["style_dim"],
        "mapping_layers": sizes["mapping_layers"],
        "channels": ", ".join(f"{side}: {width}" for side, width in sizes["channels"].items()),
        "mean_w": "stored" if MEAN_W in tensors else "not stored",
    }


KIND = Kind("stylegan2", "StyleGAN2 generator", "load_stylegan2", _format_of, _tensors, _sizes)
