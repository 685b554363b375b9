"""Exercises on photographs: turn one upright, cut out a face, stay near a code, name what is lost.

    square     c = eyes + m / 10,   x = unit(e - rot90(m)) · max(2 |e|, 1.8 |m|)
    refine     mean (G(w) - x)² + λ mean (w - w_0)²
    lost       the k factors with the largest mean |f' - f|

Citation: Karras et al., arXiv:1812.04948, appendix A; EXIF 2.32, tag 274 for the orientation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray

from deltaedit_kit.labs.course.exercise import Answer, Exercise, Inputs

Picture = Float[ndarray, "H W 3"]
Point = Float[ndarray, " 2"]
Readings = Float[ndarray, "n K"]

TURNS = {1: 0, 3: 2, 6: 3, 8: 1}  # orientation -> quarter turns against the clock


def _normal(random: torch.Generator, *shape: int) -> ndarray:
    return torch.randn(shape, generator=random, dtype=torch.float64).numpy()


# --- upright


def upright(picture: Picture, orientation: int) -> Picture:
    """The picture as it was taken; the orientation is 1, 3, 6 or 8, as EXIF counts."""
    return np.rot90(picture, TURNS[orientation])


def _turned(turns: dict[int, int]) -> Answer:
    return lambda picture, orientation: np.rot90(picture, turns[orientation])


def _photos(random: torch.Generator) -> Sequence[Inputs]:
    return [(_normal(random, 4, 4, 3), orientation) for orientation in TURNS]


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


def _square(
    down: float = 0.1,
    mix: Callable[[Point, Point], Point] = lambda e, m: e - quarter(m),
    size: Callable[[float, float], float] = lambda e, m: max(2 * e, 1.8 * m),
    scaled: bool = True,
) -> Answer:
    def answer(left: Point, right: Point, mouth: Point) -> tuple[Point, Point]:
        e, m = right - left, mouth - (left + right) / 2
        x = mix(e, m)
        x = x / np.linalg.norm(x) if scaled else x
        reach = size(float(np.linalg.norm(e)), float(np.linalg.norm(m)))
        return (left + right) / 2 + down * m, x * reach

    return answer


def _faces(random: torch.Generator) -> Sequence[Inputs]:
    places = (
        ([40, 50], [80, 48], [62, 90]),
        ([30, 42], [70, 50], [45, 62]),
        ([5, 9], [9, 6], [9, 16]),
    )
    return [tuple(np.array(one) + _normal(random, 2) / 4 for one in face) for face in places]


# --- refinement


def refine_loss(
    drawn: ndarray, photo: ndarray, w: ndarray, start: ndarray, nearness: float
) -> float:
    """Mean squared error of the pixels + nearness · mean squared distance of the code."""
    return float(np.square(drawn - photo).mean() + nearness * np.square(w - start).mean())


def _refine(
    pixels: Callable[[ndarray], ndarray] = lambda x: np.square(x).mean(),
    code: Callable[[ndarray], ndarray] = lambda x: np.square(x).mean(),
) -> Answer:
    return lambda drawn, photo, w, start, nearness: (
        pixels(drawn - photo) + nearness * code(w - start)
    )


def _codes(random: torch.Generator) -> Sequence[Inputs]:
    return [
        (
            *(_normal(random, 3, side, side) for _ in "ab"),
            *(_normal(random, 4, 5) for _ in "ab"),
            nearness,
        )
        for side, nearness in ((4, 0.1), (5, 0.5), (6, 2.0))
    ]


# --- what is lost


def lost(true: Readings, found: Readings, k: int) -> Int[ndarray, " k"]:
    """The k factors with the largest mean |found - true|, the worst first."""
    error = np.abs(found - true).mean(axis=0)
    return np.argsort(-error)[:k]


def _worst(of: Callable[[ndarray], ndarray]) -> Answer:
    """What `of` makes of the differences [n, K] is an error for each factor."""
    return lambda true, found, k: np.argsort(-of(found - true))[:k]


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
        true = torch.rand(4, 6, generator=random, dtype=torch.float64).numpy()
        order = torch.randperm(6, generator=random).numpy()
        cases.append((true, true + columns[order].T + 0.001 * _normal(random, 4, 6), k))
    return cases


EXERCISES = (
    Exercise(
        "05.upright",
        "upright(picture [H, W, 3], orientation 1, 3, 6 or 8) -> the picture as it was taken",
        upright,
        _photos,
        {
            "6 and 8 are exchanged: turned the wrong way": _turned({1: 0, 3: 2, 6: 1, 8: 3}),
            "nothing is turned": _turned({1: 0, 3: 0, 6: 0, 8: 0}),
            "only 3 is turned": _turned({1: 0, 3: 2, 6: 0, 8: 0}),
            "rows and columns are exchanged: that also mirrors the picture": lambda p, o: (
                p if o == 1 else p[::-1, ::-1] if o == 3 else p.transpose(1, 0, 2)
            ),
            "turned and mirrored": lambda p, o: upright(p, o)[:, ::-1],
            "3 mirrors the picture top to bottom instead of turning it": lambda p, o: (
                p[::-1] if o == 3 else upright(p, o)
            ),
            "the order of the colours is reversed, too": lambda p, o: upright(p, o)[..., ::-1],
        },
    ),
    Exercise(
        "05.face_square",
        "face_square(left [2], right [2], mouth [2]) -> (centre [2], x [2])",
        face_square,
        _faces,
        {
            "the centre is not moved towards the mouth": _square(down=0.0),
            "the centre is moved all the way to the mouth": _square(down=1.0),
            "turned the other way: e + rot90(m)": _square(mix=lambda e, m: e + quarter(m)),
            "the mouth is not used for the tilt of the head": _square(mix=lambda e, m: e),
            "the eyes are not used for the tilt of the head": _square(mix=lambda e, m: -quarter(m)),
            "the smaller of both sizes instead of the larger": _square(
                size=lambda e, m: min(2 * e, 1.8 * m)
            ),
            "always the size from the eyes: too small for a long face": _square(
                size=lambda e, m: 2 * e
            ),
            "x is not brought to length 1 before it is scaled": _square(scaled=False),
            "left and right eye are exchanged": lambda a, b, mouth: face_square(b, a, mouth),
        },
    ),
    Exercise(
        "05.refine_loss",
        "refine_loss(drawn, photo [3, H, W], w, start [L, W], nearness) -> a number",
        refine_loss,
        _codes,
        {
            "the pixels are summed instead of averaged": _refine(lambda x: np.square(x).sum()),
            "the code is summed instead of averaged": _refine(code=lambda x: np.square(x).sum()),
            "absolute instead of squared differences of pixels": _refine(
                lambda x: np.abs(x).mean()
            ),
            "the distance of the code is not squared": _refine(code=lambda x: np.abs(x).mean()),
            "the second term is missing: nothing keeps the code near its start": _refine(
                code=lambda x: np.zeros(())
            ),
            "the distance is that from zero, not from the encoder's code": lambda d, p, w, s, a: (
                refine_loss(d, p, w, np.zeros_like(w), a)
            ),
            "nearness multiplies the pixel term": lambda d, p, w, s, a: (
                a * np.square(d - p).mean() + np.square(w - s).mean()
            ),
            "the second term has the wrong sign: it pushes the code away": lambda d, p, w, s, a: (
                refine_loss(d, p, w, s, -a)
            ),
        },
    ),
    Exercise(
        "05.lost",
        "lost(true [n, K], found [n, K], k) -> numbers of the k worst factors, the worst first",
        lost,
        _differences,
        {
            "errors in both directions cancel: the absolute value comes before the mean": _worst(
                lambda d: np.abs(d.mean(axis=0))
            ),
            "signed errors: a value that is too low counts as good": _worst(
                lambda d: d.mean(axis=0)
            ),
            "squared errors: one bad portrait dominates the mean": _worst(
                lambda d: np.square(d).mean(axis=0)
            ),
            "the k best instead of the worst": lambda f, g, k: np.argsort(
                np.abs(g - f).mean(axis=0)
            )[:k],
            "the worst comes last": lambda f, g, k: lost(f, g, k)[::-1],
            "the first two are left out": lambda f, g, k: lost(f, g, k + 2)[2:],
            "errors instead of numbers of factors": lambda f, g, k: np.sort(
                np.abs(g - f).mean(axis=0)
            )[::-1][:k],
        },
    ),
)
