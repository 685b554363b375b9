"""CLIP from weights in OpenAI's key layout, built by open_clip.

Idea: the shapes of the weights say every size, so no configuration is needed:

    width = rows of visual.conv1,  patch = its side,  picture = patch * sqrt(positions - 1)

Before anything is built, the widths are compared with the square matrices that they must have, so
that a damaged or hostile file cannot ask for a network of a size that it does not hold.

Source: CLIP (Radford et al. 2021, arXiv:2103.00020); keys of github.com/openai/CLIP.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from deltaedit_kit.errors import DeltaEditError

# Numbers that OpenAI's archives carry as tensors; no weights.
NUMBERS = ("input_resolution", "context_length", "vocab_size")


def load_openai_layout(source: str | Path | Mapping[str, Tensor]) -> nn.Module:
    """The CLIP whose weights in OpenAI's key layout are in a safetensors file or a state dict.

    Built with QuickGELU, as OpenAI's own weights need; float32, evaluation mode, no gradients for
    the weights. Raises DeltaEditError if the file cannot be read or a tensor is missing.
    """
    from open_clip.model import build_model_from_openai_state_dict
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if isinstance(source, Mapping):
        weights = dict(source)
    else:
        try:
            weights = load_file(source)
        except (OSError, SafetensorError) as cause:
            raise DeltaEditError(f"cannot read CLIP from {source}: {cause}; check it") from cause
    weights = {key: value.float() for key, value in weights.items() if key not in NUMBERS}
    try:
        check_widths(weights)
        model = build_model_from_openai_state_dict(dict(weights), cast_dtype=torch.float32).float()
        # The builder rounds to float16 on the way; the second reading is exact.
        model.load_state_dict(weights)
    except (KeyError, RuntimeError, IndexError, ValueError, AssertionError) as cause:
        if isinstance(cause, DeltaEditError):
            raise
        raise DeltaEditError(
            f"these weights are not in OpenAI's CLIP layout ({cause}); convert them first"
        ) from cause
    return model.eval().requires_grad_(False)


def check_widths(weights: Mapping[str, Tensor]) -> None:
    """Raise DeltaEditError unless the widths that size the towers are those of their matrices.

    KeyError where the keys are not OpenAI's.
    """
    towers = {"transformer.resblocks.": weights["ln_final.weight"].shape[0]}
    if "visual.proj" in weights:
        towers["visual.transformer.resblocks."] = weights["visual.conv1.weight"].shape[0]
    for prefix, width in towers.items():
        layers = {key.split(".")[prefix.count(".")] for key in weights if key.startswith(prefix)}
        for layer in layers:
            key = f"{prefix}{layer}.attn.in_proj_weight"
            if tuple(weights[key].shape) != (3 * width, width):
                raise DeltaEditError(
                    f"these weights are not in OpenAI's CLIP layout: {key} has the shape "
                    f"{list(weights[key].shape)}, the width {width} needs {[3 * width, width]}"
                )
