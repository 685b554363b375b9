"""ArcFace: the published `model_ir_se50.pth` (a bare state dict), or safetensors.

Source: github.com/TreB1eN/InsightFace_Pytorch (key names).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from deltaedit_kit.io.arcface import ArcFace
from deltaedit_kit.io.checkpoints.filling import fill
from deltaedit_kit.io.checkpoints.kind import Kind, Tensors, find
from deltaedit_kit.io.checkpoints.reading import Contents

KEYS = ("output_layer.3.weight", "body.0.res_layer.1.weight")


def arcface_from(tensors: Tensors) -> ArcFace:
    """The network of tensors in our layout. Raises DeltaEditError where keys or shapes differ."""
    return fill(lambda: ArcFace.skeleton(tensors), tensors, "ArcFace IR-SE-50")


def _format_of(contents: Contents) -> str | None:
    found = find(contents.tree, *KEYS)
    return f"InsightFace layout, {contents.container.value}{found.choice}" if found else None


def _tensors(contents: Contents) -> Tensors:
    found = find(contents.tree, *KEYS)
    return found.tensors if found else {}


def _sizes(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    units = sum(key.startswith("body.") and key.endswith("res_layer.1.weight") for key in tensors)
    return {
        "embedding": tensors["output_layer.3.weight"].shape[0],
        "residual_units": units,
        "input": "112 px, cropped to the face",
    }


KIND = Kind("arcface", "ArcFace network", "load_arcface", _format_of, _tensors, _sizes)
