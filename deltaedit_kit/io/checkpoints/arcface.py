"""ArcFace: the published `model_ir_se50.pth` (a bare state dict), or safetensors.

Source: github.com/TreB1eN/InsightFace_Pytorch (key names).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from deltaedit_kit.io.arcface import ArcFace
from deltaedit_kit.io.checkpoints.filling import fill
from deltaedit_kit.io.checkpoints.kind import Kind, Tensors, flat_tensors, open_as
from deltaedit_kit.io.checkpoints.reading import Contents
from deltaedit_kit.io.checkpoints.restricted import naming

MARKS = ("output_layer.3.weight", "body.0.res_layer.1.weight")


def load_arcface(path: str | Path) -> ArcFace:
    """The network in a file, float32, on the CPU, frozen, in evaluation mode.

    Raises DeltaEditError naming file, cause and remedy.
    """
    tensors = open_as(path, KIND)
    with naming(path):
        return fill(lambda: ArcFace.skeleton(tensors), tensors, "ArcFace IR-SE-50")


def _format_of(contents: Contents) -> str | None:
    tensors = flat_tensors(contents.tree)
    if all(mark in tensors for mark in MARKS):
        return f"InsightFace layout, {contents.container.value}"
    return None


def _tensors(contents: Contents) -> Tensors:
    return flat_tensors(contents.tree)


def _sizes(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    units = sum(key.startswith("body.") and key.endswith("res_layer.1.weight") for key in tensors)
    return {
        "embedding": tensors["output_layer.3.weight"].shape[0],
        "residual_units": units,
        "input": "112 px, cropped to the face",
    }


KIND = Kind("arcface", "ArcFace network", "load_arcface", _format_of, _tensors, _sizes)
