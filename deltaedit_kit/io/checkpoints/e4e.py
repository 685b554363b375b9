"""e4e encoders: the published `e4e_ffhq_encode.pt`, or safetensors.

    {"state_dict": {"encoder.*": ..., "decoder.*": ...}, "latent_avg": [L, W], "opts": Namespace}

Only the encoder and the mean code are taken: the decoder is the generator again, which
`load_stylegan2` finds in the same file. pSp and ReStyle save encoders under the same keys, whose
numbers mean something else; `opts.encoder_type` tells them apart, see foreign.py.

Source: github.com/omertov/encoder4editing (key names, `start_from_latent_avg`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from deltaedit_kit.io.checkpoints.filling import fill
from deltaedit_kit.io.checkpoints.kind import (
    MEAN_CODES,
    MEAN_W,
    Found,
    Kind,
    Tensors,
    find,
    mean_code,
)
from deltaedit_kit.io.checkpoints.reading import Contents
from deltaedit_kit.io.e4e import E4e
from deltaedit_kit.support.errors import DeltaEditError

KEYS = ("styles.0.linear.weight", "latlayer1.weight")
TYPE = "Encoder4Editing"  # the encoder_type of e4e
CHANNELS = 3  # of a picture
MOST_ROWS = 22  # of w+, for 4096 px


def encoder_from(tensors: Tensors) -> E4e:
    """The encoder of tensors in our layout; `mean_w` is None where they have none.

    Raises DeltaEditError where keys or shapes differ.
    """
    own = {key: value for key, value in tensors.items() if key != MEAN_W}
    encoder = fill(lambda: E4e.skeleton(own), own, "e4e encoder")
    encoder.mean_w = tensors[MEAN_W].clone() if MEAN_W in tensors else None
    return encoder


def encoder_found(contents: Contents) -> tuple[Found, dict[str, Any]] | None:
    """A state dict with e4e's keys and the options beside it; None where there is none."""
    found = find(contents.tree, *KEYS)
    if found is None:
        return None
    options = found.beside("opts")
    return found, options if isinstance(options, dict) else {}


def _format_of(contents: Contents) -> str | None:
    found = encoder_found(contents)
    if found is None:
        return None
    first, kind = found[0].tensors.get("input_layer.0.weight"), found[1].get("encoder_type", TYPE)
    if kind != TYPE or first is None or first.dim() != 4 or first.shape[1] != CHANNELS:
        return None
    return f"encoder4editing layout, {contents.container.value}{found[0].choice}"


def _tensors(contents: Contents) -> Tensors:
    found = encoder_found(contents)
    assert found is not None
    state, options = found
    tensors = {key: value for key, value in state.tensors.items() if key not in MEAN_CODES}
    count, width = _rows(tensors), tensors[KEYS[0]].shape[0]
    if count > MOST_ROWS:
        raise DeltaEditError(f"it makes {count} rows of w+, no StyleGAN2 has so many; refused")
    start = options.get("start_from_latent_avg")
    if isinstance(start, int | float) and not start:  # False: its codes are no offsets
        return tensors | {MEAN_W: torch.zeros(count, width, dtype=torch.float32)}
    rows = mean_code(state.beside(*MEAN_CODES), width)
    if rows is None:
        return tensors
    if len(rows) not in (1, count):
        raise DeltaEditError(
            f"its latent_avg has {len(rows)} rows, the encoder makes {count}; give one or {count}, "
            "or drop the entry, and the generator's mean is taken"
        )
    return tensors | {MEAN_W: rows.expand(count, width).contiguous()}


def _rows(tensors: Mapping[str, Tensor]) -> int:
    return sum(key.startswith("styles.") and key.endswith("linear.weight") for key in tensors)


def _sizes(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    rows = _rows(tensors)
    mean_w = "stored" if MEAN_W in tensors else "not stored"
    if MEAN_W in tensors and not bool(tensors[MEAN_W].any()):
        mean_w = "none: its codes are no offsets"
    return {
        "rows_of_w_plus": rows,
        "resolution": 2 ** (rows // 2 + 1),
        "w_width": tensors["styles.0.linear.weight"].shape[0],
        "input": "256 px, aligned",
        "mean_w": mean_w,
    }


KIND = Kind("e4e", "e4e encoder", "load_e4e", _format_of, _tensors, _sizes)
