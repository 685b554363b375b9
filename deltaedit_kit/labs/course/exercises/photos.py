"""Exercises on photographs: turn one upright, cut out a face, stay near a code, name what is lost.

    square     c = eyes + m / 10,   x = unit(e - rot90(m)) · max(2 |e|, 1.8 |m|)
    refine     mean (G(w) - x)² + λ mean (w - w_0)²
    lost       the k factors with the largest mean |f' - f|

Citation: Karras et al., arXiv:1812.04948, appendix A; EXIF 2.32, tag 274 for the orientation.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray

from deltaedit_kit.labs.course.exercise import Exercise, Inputs, normal, uniform

Picture = Float[ndarray, "H W 3"]
Point = Float[ndarray, " 2"]
Readings = Float[ndarray, "n K"]

TURNS = {1: 0, 3: 2, 6: 3, 8: 1}  # orientation -> quarter turns against the clock


def upright(picture: Picture, orientation: int) -> Picture:
    """The picture as it was taken; the orientation is 1, 3, 6 or 8, as EXIF counts."""
    return np.rot90(picture, TURNS[orientation])


# --- the square around a face


def quarter(v: Point) -> Point:
    """v turned by 90 degrees: (x, y) -> (-y, x)."""
    return np.array([-v[1], v[0]])


def face_square(left: Point, right: Point, mouth: Point) -> tuple[Point, Point]:
    """Centre c and half side x of FFHQ's square, from the eyes and the middle of the mouth."""
    e, m = right - left, mouth - (left + right) / 2
    x = e - quarter(m)
    x = x / np.linalg.norm(x) * max(2 * np.linalg.norm(e), 1.8 * np.linalg.norm(m))
    return (left + right) / 2 + 0.1 * m, x


def _faces(random: torch.Generator) -> Sequence[Inputs]:
    places = (
        ([40, 50], [80, 48], [62, 90]),
        ([30, 42], [70, 50], [45, 62]),
        ([5, 9], [9, 6], [9, 16]),
    )
    return [tuple(np.array(one) + normal(random, 2).numpy() / 4 for one in face) for face in places]


# --- refinement


def refine_loss(
    drawn: ndarray, photo: ndarray, w: ndarray, start: ndarray, nearness: float
) -> float:
    """Mean squared error of the pixels + nearness · mean squared distance of the code."""
    return float(np.square(drawn - photo).mean() + nearness * np.square(w - start).mean())


def _codes(random: torch.Generator) -> Sequence[Inputs]:
    return [
        (
            *(normal(random, 3, side, side).numpy() for _ in "ab"),
            *(normal(random, 4, 5).numpy() for _ in "ab"),
            nearness,
        )
        for side, nearness in ((4, 0.1), (5, 0.5), (6, 2.0))
    ]


# --- what is lost


def lost(true: Readings, found: Readings, k: int) -> Int[ndarray, " k"]:
    """The k factors with the largest mean |found - true|, the worst first."""
    error = np.abs(found - true).mean(axis=0)
    return np.argsort(-error)[:k]


def _differences(random: torch.Generator) -> Sequence[Inputs]:
    """Six factors in three orders: one errs to both sides, one errs on one portrait only."""
    columns = np.array(
        [
            [0.3, -0.3, 0.3, -0.3],
            [0.25, 0.25, 0.25, 0.25],
            [0.9, 0.0, 0.0, 0.0],
            [-0.1, -0.1, -0.1, -0.1],
            [0.05, 0.05, 0.05, 0.05],
            [0.01, 0.01, 0.01, 0.01],
        ]
    )
    cases: list[Inputs] = []
    for k in (2, 3, 4):
        true = uniform(random, 4, 6).numpy()
        order = torch.randperm(6, generator=random).numpy()
        cases.append((true, true + columns[order].T + 0.001 * normal(random, 4, 6).numpy(), k))
    return cases


EXERCISES = (
    Exercise(
        "05.upright",
        "upright(picture [H, W, 3], orientation 1, 3, 6 or 8) -> the picture as it was taken",
        upright,
        lambda random: [(normal(random, 4, 4, 3).numpy(), orientation) for orientation in TURNS],
        {
            "6 and 8 are exchanged: turned the wrong way": (
                "TURNS[orientation] → -TURNS[orientation]"
            ),
            "nothing is turned": "TURNS[orientation] → 0",
            "only 3 is turned": "TURNS[orientation] → 2 * (orientation == 3)",
            "rows and columns are exchanged: that also mirrors the picture": (
                "return → return picture.transpose(1, 0, 2) if orientation > 3 else"
            ),
            "turned and mirrored": "[orientation]) → [orientation])[:, ::-1]",
            "3 mirrors the picture top to bottom instead of turning it": (
                "return → return picture[::-1] if orientation == 3 else"
            ),
            "the order of the colours is reversed, too": (
                "[orientation]) → [orientation])[..., ::-1]"
            ),
        },
    ),
    Exercise(
        "05.face_square",
        "face_square(left [2], right [2], mouth [2]) -> (centre [2], x [2])",
        face_square,
        _faces,
        {
            "the centre is not moved towards the mouth": "+ 0.1 * m →",
            "the centre is moved all the way to the mouth": "0.1 * m → m",
            "turned the other way: e + rot90(m)": "e - quarter(m) → e + quarter(m)",
            "the mouth is not used for the tilt of the head": "- quarter(m) →",
            "the eyes are not used for the tilt of the head": "e - quarter(m) → -quarter(m)",
            "the smaller of both sizes instead of the larger": "max( → min(",
            "always the size from the eyes: too small for a long face": (
                "1.8 * np.linalg.norm(m) → 0"
            ),
            "x is not brought to length 1 before it is scaled": "/ np.linalg.norm(x) →",
            "left and right eye are exchanged": "e, m = → left, right = right, left; e, m =",
        },
    ),
    Exercise(
        "05.refine_loss",
        "refine_loss(drawn, photo [3, H, W], w, start [L, W], nearness) -> a number",
        refine_loss,
        _codes,
        {
            "the pixels are summed instead of averaged": "photo).mean() → photo).sum()",
            "the code is summed instead of averaged": "start).mean() → start).sum()",
            "absolute instead of squared differences of pixels": "np.square(drawn → np.abs(drawn",
            "the distance of the code is not squared": "np.square(w → np.abs(w",
            "the second term is missing: nothing keeps the code near its start": (
                "+ nearness * np.square(w - start).mean() →"
            ),
            "the distance is that from zero, not from the encoder's code": "w - start → w",
            "nearness multiplies the pixel term": "nearness * →\nfloat( → float(nearness *",
            "the second term has the wrong sign: it pushes the code away": (
                "+ nearness → - nearness"
            ),
        },
    ),
    Exercise(
        "05.lost",
        "lost(true [n, K], found [n, K], k) -> numbers of the k worst factors, the worst first",
        lost,
        _differences,
        {
            "errors in both directions cancel: the absolute value comes before the mean": (
                "np.abs(found - true).mean(axis=0) → np.abs((found - true).mean(axis=0))"
            ),
            "signed errors: a value that is too low counts as good": (
                "np.abs(found - true) → (found - true)"
            ),
            "squared errors: one bad portrait dominates the mean": "np.abs( → np.square(",
            "the k best instead of the worst": "-error → error",
            "the worst comes last": "[:k] → [:k][::-1]",
            "the first two are left out": "[:k] → [2 : k + 2]",
            "errors instead of numbers of factors": "np.argsort(-error) → -np.sort(-error)",
        },
    ),
)
