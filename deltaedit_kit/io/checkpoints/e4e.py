"""e4e encoders: the published `e4e_ffhq_encode.pt`, or safetensors.

    {"state_dict": {"encoder.*": ..., "decoder.*": ...}, "latent_avg": [L, W], "opts": Namespace}

Only the encoder and the mean code are taken: the decoder is the generator again, which the kit
loads from its own file.

Source: github.com/omertov/encoder4editing (key names).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.io.checkpoints.filling import fill
from deltaedit_kit.io.checkpoints.kind import Kind, Tensors, flat_tensors, open_as
from deltaedit_kit.io.checkpoints.reading import Contents
from deltaedit_kit.io.checkpoints.restricted import naming
from deltaedit_kit.io.e4e import E4e

MARKS = ("styles.0.linear.weight", "latlayer1.weight")
MEAN_W = "latent_avg"


def load_e4e(path: str | Path) -> E4e:
    """The encoder in a file, float32, on the CPU, frozen; `mean_w` is None where it has none.

    Raises DeltaEditError naming file, cause and remedy.
    """
    tensors = open_as(path, KIND)
    with naming(path):
        mean_w = tensors.pop(MEAN_W, None)
        encoder = fill(lambda: E4e.skeleton(tensors), tensors, "e4e encoder")
        if mean_w is not None:
            encoder.mean_w = _mean_code(mean_w, encoder.rows, encoder.latlayer1.out_channels)
        return encoder


def _mean_code(mean_w: Tensor, rows: int, width: int) -> Tensor:
    """[L, W] from [L, W], [1, L, W] or one row for all."""
    rows_given, rest = divmod(mean_w.numel(), width)
    if rest or rows_given not in (1, rows):
        raise DeltaEditError(
            f"latent_avg has the shape {list(mean_w.shape)}, the encoder needs [{rows}, {width}]; "
            "fetch the file again"
        )
    return mean_w.reshape(rows_given, width).expand(rows, width).float().clone()


def _encoder(contents: Contents) -> Tensors:
    """The encoder's tensors, from the published file or a flat one."""
    tree = contents.tree
    inner = tree.get("state_dict") if isinstance(tree, Mapping) else None
    return flat_tensors(inner, "encoder.") or flat_tensors(tree)


def _format_of(contents: Contents) -> str | None:
    tensors = _encoder(contents)
    if not all(mark in tensors for mark in MARKS):
        return None
    return f"encoder4editing layout, {contents.container.value}"


def _tensors(contents: Contents) -> Tensors:
    mean_w = contents.tree.get(MEAN_W)
    tensors = _encoder(contents)
    return tensors if not isinstance(mean_w, Tensor) else tensors | {MEAN_W: mean_w}


def _sizes(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    rows = sum(key.startswith("styles.") and key.endswith("linear.weight") for key in tensors)
    return {
        "rows_of_w_plus": rows,
        "resolution": 2 ** (rows // 2 + 1),
        "w_width": tensors["styles.0.linear.weight"].shape[0],
        "input": "256 px, aligned",
        "mean_w": "stored" if MEAN_W in tensors else "not stored",
    }


KIND = Kind("e4e", "e4e encoder", "load_e4e", _format_of, _tensors, _sizes)
