"""Where everything in a portrait is: factors in [0, 1] -> lengths and places on the sheet.

All lengths are in units of the sheet (its half side is 1), shaped [n, 1, 1] so that they broadcast
over pixels. Only this file turns a factor into geometry; the painters ask for an eye's width, not
for column 3. Turning the head moves a part by its depth: nose most, eyes less, skull least.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from deltaedit_kit.toyfaces.factors import FACTORS, GLASSES_ABSENT, GLASSES_PRESENT
from deltaedit_kit.toyfaces.renderer import palette
from deltaedit_kit.toyfaces.renderer.canvas import PerPicture, smoothstep

Colour = Float[Tensor, "n 3"]


@dataclass(frozen=True)
class Anatomy:
    """Measures and colours of a batch of heads: lengths and shares [n, 1, 1], colours [n, 3]."""

    turn: PerPicture  # -1 to the viewer's left .. 1 to the right
    center_x: PerPicture  # of the skull
    center_y: float
    half_width: PerPicture  # of the face at the cheeks
    chin: PerPicture  # from center_y down to the chin
    crown: float  # from center_y up to the top of the skull
    jaw_power: PerPicture  # exponent of the superellipse below the cheeks
    feature_x: PerPicture  # the face's middle line between the eyes
    nose_x: PerPicture
    eye_y: float
    eye_gap: PerPicture  # from the middle line to an eye's centre
    eye_width: PerPicture  # half of it
    eye_height: PerPicture  # half of it
    brow_tilt: PerPicture  # -1 worried .. 1 angry
    brow_half: PerPicture  # half the thickness of a brow
    nose_size: PerPicture
    nose_y: float  # the tip
    smile: PerPicture  # -1 frown .. 1 smile
    mouth_y: float
    mouth_width: PerPicture  # half of it
    mouth_open: PerPicture  # half the gap between the lips
    lip: PerPicture  # thickness of a lip
    hair_bottom: PerPicture  # y where the hair ends beside the face
    hair_length: PerPicture  # the factor itself
    hair_extra: PerPicture  # how far the hair stands off the skull
    bangs: PerPicture
    beard: PerPicture
    glasses: PerPicture  # visibility of the frame, 0 .. 1
    glasses_bold: PerPicture  # size and weight of the frame, 0 .. 1
    age: PerPicture
    skin: Colour
    hair: Colour
    iris: Colour
    clothes: Colour
    background: Colour


def anatomy(factors: Float[Tensor, "n K"]) -> Anatomy:
    """Measure the heads that `factors` describe."""
    column = dict(zip(FACTORS, factors.unbind(dim=1), strict=True))
    f = {name: values.view(-1, 1, 1) for name, values in column.items()}
    turn = 2 * f["head_turn"] - 1
    age, beard = f["age"], f["beard"]
    half_width = 0.40 + 0.13 * f["face_width"]
    glasses = (f["glasses"] - GLASSES_ABSENT) / (GLASSES_PRESENT - GLASSES_ABSENT)
    one = torch.ones_like(column["skin"])
    return Anatomy(
        turn=turn,
        center_x=0.03 * turn,
        center_y=-0.06,
        half_width=half_width,
        chin=0.585 + 0.055 * (1 - f["jaw"]),
        crown=0.60,
        jaw_power=1.45 + 2.0 * f["jaw"].square() + 0.35 * f["jaw"],
        feature_x=0.130 * turn,
        nose_x=0.200 * turn,
        eye_y=-0.10,
        eye_gap=0.146 + 0.100 * f["eye_gap"],
        eye_width=0.072 + 0.056 * f["eye_size"],
        eye_height=(0.032 + 0.056 * f["eye_size"]) * (1 - 0.18 * age),
        brow_tilt=2 * f["brow_tilt"] - 1,
        brow_half=0.011 + 0.030 * f["brow_thickness"],
        nose_size=f["nose"],
        nose_y=0.115,
        smile=2 * f["smile"] - 1,
        mouth_y=0.305,
        mouth_width=0.165 + 0.03 * (2 * f["smile"] - 1),
        mouth_open=0.075 * smoothstep(0.12, 1.0, f["mouth_open"]),
        lip=0.011 + 0.048 * f["lips"],
        hair_bottom=-0.12 + 1.02 * f["hair_length"],
        hair_length=f["hair_length"],
        hair_extra=0.035 + 0.19 * f["hair_volume"],
        bangs=f["bangs"],
        beard=beard,
        glasses=glasses.clamp(0, 1),
        glasses_bold=((f["glasses"] - GLASSES_PRESENT) / (1 - GLASSES_PRESENT)).clamp(0, 1),
        age=age,
        skin=palette.ramp(palette.SKIN, column["skin"]),
        hair=palette.ramp(palette.HAIR, column["hair_color"]),
        iris=palette.ramp(palette.IRIS, column["eye_color"]),
        clothes=palette.hsv(
            column["clothes_hue"], 0.80 * one, 0.16 + 0.74 * column["clothes_value"]
        ),
        background=palette.hsv(
            column["background_hue"], 0.52 * one, 0.14 + 0.82 * column["background_value"]
        ),
    )
