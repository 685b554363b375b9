"""ArcFace: a face in, a unit vector of the person out.

Idea: faces of one person lie close together on a sphere, those of two people far apart, so the
cosine of two vectors says whether an edit kept the identity:

    identity(a, b) = <f(a), f(b)>,    f(x) = normalise(BN(W vec(body(x)) + b))

Source: Deng et al. 2019 (arXiv:1801.07698). The published file is `model_ir_se50.pth`, a bare state
dict; its keys are those of TreB1eN/InsightFace_Pytorch. The crop is the one that e4e's and
DeltaEdit's identity measure use.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from deltaedit_kit.io.checkpoints import ir_se
from deltaedit_kit.io.checkpoints.filling import fill
from deltaedit_kit.io.checkpoints.kind import Kind, Tensors, state_dict
from deltaedit_kit.support.errors import DeltaEditError

INPUT_SIDE = 112
FINAL_SIDE = INPUT_SIDE // 2 ** len(ir_se.UNITS)  # 7: every stage halves
ALIGNED_SIDE = 256  # of the pictures that the crop below is measured in
CROP = (slice(35, 223), slice(32, 220))  # rows and columns of the face in an aligned picture


class ArcFace(nn.Module):
    """Faces [n, 3, 112, 112] in [-1, 1] -> unit vectors; `widths` are those of the body's stages.

    For evaluation: batch norm must be in its `eval()` state.
    """

    def __init__(self, embedding: int = 512, widths: tuple[int, ...] = ir_se.WIDTHS) -> None:
        super().__init__()
        self.input_layer = ir_se.input_layer(widths[0])
        self.body = ir_se.body(widths)
        self.output_layer = nn.Sequential(
            nn.BatchNorm2d(widths[3]),
            nn.Dropout(),  # without effect in evaluation; it keeps its number in the keys
            nn.Flatten(),
            nn.Linear(widths[3] * FINAL_SIDE**2, embedding),
            nn.BatchNorm1d(embedding),
        )

    def forward(self, faces: Float[Tensor, "n 3 112 112"]) -> Float[Tensor, "n e"]:
        """Unit vectors, cosine 1 for the same person. Raises DeltaEditError for another shape."""
        if faces.ndim != 4 or faces.shape[1:] != (3, INPUT_SIDE, INPUT_SIDE):
            raise DeltaEditError(
                f"ArcFace got faces of the shape {list(faces.shape)}; give "
                f"[n, 3, {INPUT_SIDE}, {INPUT_SIDE}] in [-1, 1], as face_crop makes them"
            )
        return F.normalize(self.output_layer(self.body(self.input_layer(faces))), dim=1)


def face_crop(pictures: Float[Tensor, "n 3 h h"]) -> Float[Tensor, "n 3 112 112"]:
    """The face of aligned square pictures of any size, as ArcFace was asked in the reference.

    Area average to 256 px, a fixed crop of 188 px, area average to 112 px.
    """
    if pictures.shape[-1] != ALIGNED_SIDE:
        pictures = F.adaptive_avg_pool2d(pictures, (ALIGNED_SIDE, ALIGNED_SIDE))
    return F.adaptive_avg_pool2d(pictures[:, :, CROP[0], CROP[1]], (INPUT_SIDE, INPUT_SIDE))


def arcface_from(tensors: Tensors) -> ArcFace:
    """The network of tensors in our layout. Raises DeltaEditError where keys or shapes differ."""
    embedding, widths = tensors["output_layer.3.weight"].shape[0], ir_se.widths_of(tensors)
    return fill(lambda: ArcFace(embedding, widths), tensors, "ArcFace IR-SE-50")


def _sizes(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    units = sum(key.startswith("body.") and key.endswith("res_layer.1.weight") for key in tensors)
    return {
        "embedding": tensors["output_layer.3.weight"].shape[0],
        "residual_units": units,
        "input": "112 px, cropped to the face",
    }


MATCH = state_dict("InsightFace layout", "output_layer.3.weight", "body.0.res_layer.1.weight")
KIND = Kind("arcface", "ArcFace network", "load_arcface", MATCH, _sizes)
