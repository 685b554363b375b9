"""StyleGAN2 generators from five formats, as one network with one layout of s.

    rosinality .pt      {"g_ema": ..., "latent_avg": ...} or the bare state dict (DeltaEdit's LSUN)
    NVIDIA .pkl         stylegan2_ada.py (PyTorch)         stylegan2_tf.py (TensorFlow)
    .pt of NVIDIA's     `G_ema.state_dict()`, the names of stylegan2-ada
    safetensors         the state dict with `latent_avg`, as `deltaedit convert` writes it

Noise pictures, mean of w, filters and ToRGB layers come along. A network that was trained without
noise gets noise of weight 0, which is the same network.

Source: the key layout is that of github.com/rosinality/stylegan2-pytorch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from deltaedit_kit.io.checkpoints.filling import fill
from deltaedit_kit.io.checkpoints.kind import (
    MEAN_CODES,
    MEAN_W,
    Found,
    Kind,
    Match,
    Tensors,
    find,
    mean_code,
)
from deltaedit_kit.io.checkpoints.reading import Contents
from deltaedit_kit.io.checkpoints.stylegan2_ada import (
    ADA_KEYS,
    LR_MUL,
    ada_layout,
    ada_state_dict,
    is_ada,
)
from deltaedit_kit.io.checkpoints.stylegan2_tf import is_tf, tf_state_dict
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.stylegan2.layout import infer_sizes
from deltaedit_kit.support.errors import DeltaEditError

KEYS = ("input.input", "style.1.weight")
LARGEST = 4096  # px
FIRST = 4  # px, of the constant that every picture begins with
COLOURS = 3
OTHER_COLOURS = {  # channels -> what it is, and what to do
    1: (
        "grey-scale ",
        "repeat weight and bias of each ToRGB three times, and it draws the same in RGB",
    ),
    4: ("transparent (RGBA) ", "keep red, green and blue of weight and bias of each ToRGB"),
}


def generator_from(tensors: Mapping[str, Tensor]) -> Generator:
    """The generator of tensors in our layout. Raises DeltaEditError where keys or shapes differ."""
    own = {key: value for key, value in tensors.items() if key != MEAN_W}
    generator = fill(lambda: Generator(**infer_sizes(own)), own, "StyleGAN2 generator")
    generator.mean_w = tensors[MEAN_W].float().clone() if MEAN_W in tensors else None
    return generator


def kind_for(label: int | None) -> Kind:
    """The kind, whose class-conditional generators become those of one class."""
    return KIND if label is None else replace(KIND, match=partial(match, label=label))


def match(contents: Contents, label: int | None = None) -> Match | None:
    """A generator in any of its formats, of the class `label`."""
    tree, budget, container = contents.tree, contents.budget, contents.container.value
    read: Callable[[], dict[str, Any]]
    if is_ada(tree):
        layout = "stylegan2-ada-pytorch pickle (persistent classes)"
        return Match(layout, lambda: _completed(ada_state_dict(tree, budget, label)))
    if is_tf(tree):
        layout = "TensorFlow-era pickle (tuple of three networks)"
        read = partial(tf_state_dict, tree, budget)
    elif found := find(tree, *ADA_KEYS):
        layout = f"stylegan2-ada-pytorch state dict, {container}{found.choice}"
        read = partial(ada_layout, found.tensors, LR_MUL)
    elif found := find(tree, *KEYS):
        layout = f"rosinality layout, {container}{found.choice}"
        read = partial(_rosinality, found)
    else:
        return None

    def tensors() -> Tensors:
        if label is not None:
            raise DeltaEditError(
                "it has no classes to choose from: leave the class out (class-conditional "
                "generators are read from pickles of stylegan2-ada-pytorch)"
            )
        return _completed(read())

    return Match(layout, tensors)


def _rosinality(found: Found) -> dict[str, Any]:
    tensors = {key: value for key, value in found.tensors.items() if key not in MEAN_CODES}
    return tensors | {MEAN_W: found.beside(*MEAN_CODES)}


def _completed(given: Mapping[str, Any]) -> Tensors:
    """The tensors, the mean of w in whatever form made one row, and noise where there is none."""
    tensors: Tensors = {key: value for key, value in given.items() if key != MEAN_W}
    _check_pictures(tensors)
    rows = mean_code(given.get(MEAN_W), infer_sizes(tensors)["style_dim"])
    if rows is not None:
        if not torch.equal(rows, rows[:1].expand_as(rows)):
            raise DeltaEditError(
                f"its latent_avg has {len(rows)} rows that differ, and the mean of w is one; keep "
                "the first, or drop the entry, and it is estimated"
            )
        tensors[MEAN_W] = rows[0]
    return _without_noise(infer_sizes(tensors)["resolution"], tensors) | tensors


def _check_pictures(tensors: Tensors) -> None:
    """Refuse a generator of pictures that are too large, not square or not in colour.

    A layer more doubles the picture: thirty of them, claimed by a file, would be a bomb.
    """
    side = infer_sizes(tensors)["resolution"]
    if side > LARGEST:
        raise DeltaEditError(
            f"its layers would make pictures of {side} px, and {LARGEST} is the most that "
            "there are; get the file from its official page"
        )
    height, width = (edge * side // FIRST for edge in tensors["input.input"].shape[-2:])
    if (height, width) != (side, side):
        what = "non-square pictures" if height != width else "pictures"
        raise DeltaEditError(
            f"it is a generator of {what}, {width} x {height} px; give one whose pictures are "
            "square with a side that is a power of 2: padded or cropped before training"
        )
    channels = tensors["to_rgb1.bias"].numel()
    if channels != COLOURS:
        kind, remedy = OTHER_COLOURS.get(channels, ("", "give one that was trained on RGB"))
        raise DeltaEditError(
            f"it is a {kind}generator whose pictures have {channels} channel(s); {remedy}"
        )


def _without_noise(resolution: int, tensors: Tensors) -> Tensors:
    """What a file without noise lacks: weights of 0, and the same pictures at every reading."""
    sides = [2**k for k in range(2, resolution.bit_length())]
    layers = ["conv1", *(f"convs.{k}" for k in range(2 * len(sides) - 2))]
    made = {f"{layer}.noise.weight": torch.zeros(1, dtype=torch.float32) for layer in layers}
    if not any(key.startswith("noises.") for key in tensors):
        random = torch.Generator().manual_seed(0)
        for k, side in enumerate(sorted([*sides, *sides[1:]])):
            shape = (1, 1, side, side)
            made[f"noises.noise_{k}"] = torch.randn(
                shape, generator=random, dtype=torch.float32, device="cpu"
            )
    return made


def _sizes(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    sizes = infer_sizes(tensors)
    convs = [key for key in tensors if key.endswith("conv.modulation.bias") and "rgb" not in key]
    noise = any(bool(x.any()) for key, x in tensors.items() if key.endswith("noise.weight"))
    return {
        "resolution": sizes["resolution"],
        "style_channels": sum(tensors[key].numel() for key in convs),
        "rows_of_w_plus": len(convs) + 1,
        "w_width": sizes["style_dim"],
        "mapping_layers": sizes["mapping_layers"],
        "channels": ", ".join(f"{side}: {width}" for side, width in sizes["channels"].items()),
        "mean_w": "stored" if MEAN_W in tensors else "not stored",
        "noise": "added" if noise else "none",
    }


KIND = Kind("stylegan2", "StyleGAN2 generator", "load_stylegan2", match, _sizes)
