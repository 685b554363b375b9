"""e4e: a photo in, a code w+ out that the generator can also edit.

Idea: codes close to what the mapping network makes can be edited, codes far away only
reconstruct. So the encoder predicts ONE w and small offsets from it for the later rows:

    w+_k = mean_w + w_0(c_3) + [k > 0] Δ_k(features_k)

The features come from three depths of one body, coarse rows from the deepest (a pyramid):

    c_3 -> rows 0..2      p_2 = up(c_3) + 1x1(c_2) -> rows 3..6      p_1 = up(p_2) + 1x1(c_1) -> 7..

Source: Tov et al. 2021, "Designing an Encoder for StyleGAN Image Manipulation"
(arXiv:2102.02766); pyramid: pixel2style2pixel (arXiv:2008.00951).

The published file is `e4e_ffhq_encode.pt`, of omertov/encoder4editing:

    {"state_dict": {"encoder.*": ..., "decoder.*": ...}, "latent_avg": [L, W], "opts": Namespace}

Only the encoder and the mean code are taken: the decoder is the generator again, which
`load_stylegan2` finds in the same file. pSp and ReStyle save encoders under the same keys, whose
numbers mean something else; `opts.encoder_type` tells them apart, see foreign.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from deltaedit_kit.io.checkpoints import ir_se
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
from deltaedit_kit.stylegan2.layers import EqualLinear
from deltaedit_kit.support.errors import DeltaEditError

INPUT_SIDE = 256  # pixels; the heads halve 16, 32 and 64 down to one
COARSE_END, MIDDLE_END = 3, 7  # rows of w+ read from c_3, p_2, p_1
KEYS = ("styles.0.linear.weight", "latlayer1.weight")
TYPE = "Encoder4Editing"  # the encoder_type of e4e
CHANNELS = 3  # of a picture
MOST_ROWS = 22  # of w+, for 4096 px


class StyleHead(nn.Module):
    """Strided 3x3 convolutions from side x side down to one pixel, then a linear layer."""

    def __init__(self, width: int, side: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(side.bit_length() - 1):
            layers += [nn.Conv2d(width, width, 3, stride=2, padding=1), nn.LeakyReLU()]
        self.convs = nn.Sequential(*layers)
        self.linear = EqualLinear(width, width)

    def forward(self, x: Float[Tensor, "n c h h"]) -> Float[Tensor, "n c"]:
        """Features of this head's side -> one row of w+, or an offset."""
        return self.linear(self.convs(x).flatten(1))


class E4e(nn.Module):
    """Photos -> w+ for a generator with `rows` rows of w+.

    `widths` are the channels of the body's stages; w+ is as wide as the last. `mean_w` [rows, W]
    is the mean code that the network's outputs are offsets from (`latent_avg` of the file).
    """

    mean_w: Float[Tensor, "l w"] | None

    def __init__(self, rows: int = 18, widths: tuple[int, ...] = ir_se.WIDTHS) -> None:
        super().__init__()
        self.rows = rows
        self.width = width = widths[3]
        self.input_layer = ir_se.input_layer(widths[0])
        self.body = ir_se.body(widths)
        self.styles = nn.ModuleList(StyleHead(width, _side_of(row)) for row in range(rows))
        self.latlayer1 = nn.Conv2d(widths[2], width, 1)
        self.latlayer2 = nn.Conv2d(widths[1], width, 1)
        self.register_buffer("mean_w", None, persistent=False)  # its key is not the encoder's

    def forward(self, pictures: Float[Tensor, "n 3 256 256"]) -> Float[Tensor, "n l w"]:
        """w+ of aligned pictures in [-1, 1].

        Raises DeltaEditError for another shape, or where the file brought no mean code.
        """
        if self.mean_w is None:
            raise DeltaEditError(
                "this e4e file has no 'latent_avg', so its offsets have no origin; "
                "set encoder.mean_w to the generator's mean_w"
            )
        return self.mean_w + self.offsets(pictures)

    def offsets(self, pictures: Float[Tensor, "n 3 256 256"]) -> Float[Tensor, "n l w"]:
        """What the network itself says: w+ minus the mean code. Raises as `forward`."""
        if pictures.ndim != 4 or pictures.shape[1:] != (3, INPUT_SIDE, INPUT_SIDE):
            raise DeltaEditError(
                f"e4e got pictures of the shape {list(pictures.shape)}; give "
                f"[n, 3, {INPUT_SIDE}, {INPUT_SIDE}], aligned, in [-1, 1]"
            )
        c1, c2, c3 = self._pyramid(pictures)
        p2 = add_upsampled(c3, self.latlayer1(c2))
        p1 = add_upsampled(p2, self.latlayer2(c1))
        features = [c3] * COARSE_END + [p2] * (MIDDLE_END - COARSE_END)
        features += [p1] * (self.rows - MIDDLE_END)
        heads = zip(self.styles, features[: self.rows], strict=True)
        first, *deltas = (head(x)[:, None] for head, x in heads)  # [n, 1, w] each
        return torch.cat([first, *(first + delta for delta in deltas)], dim=1)

    def _pyramid(self, pictures: Tensor) -> list[Tensor]:
        """Features after stages 2, 3 and 4: sides 64, 32, 16."""
        taps = {ir_se.last_of_stage(stage) for stage in (1, 2, 3)}
        x, kept = self.input_layer(pictures), []
        for index, unit in enumerate(self.body):
            x = unit(x)
            if index in taps:
                kept.append(x)
        return kept


def add_upsampled(
    small: Float[Tensor, "n c h h"], large: Float[Tensor, "n c H H"]
) -> Float[Tensor, "n c H H"]:
    """`small`, bilinearly enlarged with its corners kept in place, plus `large`."""
    size = large.shape[-2:]
    return F.interpolate(small, size=size, mode="bilinear", align_corners=True) + large


def _side_of(row: int) -> int:
    """Side of the features that a row's head reads."""
    return 16 if row < COARSE_END else 32 if row < MIDDLE_END else 64


def encoder_from(tensors: Tensors) -> E4e:
    """The encoder of tensors in our layout; `mean_w` is None where they have none.

    Raises DeltaEditError where keys or shapes differ.
    """
    own = {key: value for key, value in tensors.items() if key != MEAN_W}
    encoder = fill(lambda: E4e(_rows(own), ir_se.widths_of(own)), own, "e4e encoder")
    encoder.mean_w = tensors[MEAN_W].clone() if MEAN_W in tensors else None
    return encoder


def encoder_found(contents: Contents) -> tuple[Found, dict[str, Any]] | None:
    """A state dict with e4e's keys and the options beside it; None where there is none."""
    found = find(contents.tree, *KEYS)
    if found is None:
        return None
    options = found.beside("opts")
    return found, options if isinstance(options, dict) else {}


def match(contents: Contents) -> Match | None:
    """An encoder of e4e: those of others have the same keys, and are named in foreign.py."""
    found = encoder_found(contents)
    if found is None:
        return None
    state, options = found
    first = state.tensors.get("input_layer.0.weight")
    if options.get("encoder_type", TYPE) != TYPE:
        return None
    if first is None or first.dim() != 4 or first.shape[1] != CHANNELS:
        return None
    layout = f"encoder4editing layout, {contents.container.value}{state.choice}"
    return Match(layout, lambda: _tensors(state, options))


def _tensors(state: Found, options: dict[str, Any]) -> Tensors:
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


KIND = Kind("e4e", "e4e encoder", "load_e4e", match, _sizes)
