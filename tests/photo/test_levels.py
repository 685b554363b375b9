"""Which range a picture's numbers lie in: decided by nearly all of them, and said."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from deltaedit_kit.labs.photo.photos import read_photo
from deltaedit_kit.support.errors import DeltaEditError
from tests.photo.conftest import saved

RAMP = np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(64, 64)


def as_tiff(values: np.ndarray) -> bytes:
    return saved(Image.fromarray(values), "TIFF")


def grey(source: object) -> np.ndarray:
    return np.asarray(read_photo(source))[..., 0].astype(float)  # type: ignore[arg-type]


@pytest.mark.parametrize("top", [1.0, 255.0, 65535.0])
def test_every_range_of_floats_is_recognised_and_said(top: float) -> None:
    read = read_photo(as_tiff(RAMP * top))
    assert np.abs(np.asarray(read)[..., 0] - RAMP * 255).max() <= 1
    assert f"[0, {top:.0f}]" in read.info["range"]
    assert "outside" not in read.info["range"]


@pytest.mark.parametrize("top", [1.0, 255.0])
@pytest.mark.parametrize(("share", "factor"), [(1 / 4096, 1.02), (0.04, 30.0), (0.5, 1.4)])
def test_highlights_do_not_turn_a_picture_black(top: float, share: float, factor: float) -> None:
    """One bright pixel; a few far beyond the range (specular); many a little beyond (a sky)."""
    values = (RAMP * top).ravel()
    bright = round(share * values.size)
    values[-bright:] = top * factor
    values = values.reshape(64, 64)
    read = read_photo(as_tiff(values))
    wanted = np.minimum(values / top, 1) * 255
    assert np.abs(np.asarray(read)[..., 0] - wanted).max() <= 1
    assert f"{bright:,} of 4,096" in read.info["range"]


def test_a_few_small_negative_numbers_are_cut_and_many_are_refused() -> None:
    values = RAMP.copy()
    values[0, :9] = -0.1
    read = read_photo(as_tiff(values))
    assert read.getpixel((0, 0)) == (0, 0, 0)
    assert "9 of 4,096" in read.info["range"]
    with pytest.raises(DeltaEditError, match="negative"):
        read_photo(as_tiff(RAMP * 2 - 1))


def test_stars_on_black_are_judged_by_the_stars() -> None:
    night = np.zeros((64, 64), np.float32)
    night[::16, ::16] = 200.0
    assert grey(as_tiff(night)).max() == 200


def test_whole_numbers_of_32_bits() -> None:
    for top in (255, 65535):
        values = (RAMP * top).astype(np.int32)
        values[0, 0] = top + 5
        assert np.abs(grey(as_tiff(values))[1:] - RAMP[1:] * 255).max() <= 1
    with pytest.raises(DeltaEditError, match="scale them"):
        read_photo(as_tiff((RAMP * 2**30).astype(np.int32)))


def test_sixteen_bits_are_never_guessed() -> None:
    for order in ("<u2", ">u2"):
        dark = np.full((64, 64), 2000).astype(order)
        assert np.unique(grey(dark)).tolist() == [8]
        assert "range" not in read_photo(dark).info
    picture = Image.fromarray((RAMP * 65535).astype(np.uint16))
    big_endian = Image.frombytes("I;16B", picture.size, np.asarray(picture).astype(">u2").tobytes())
    assert np.abs(grey(big_endian) - RAMP * 255).max() <= 1


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("top", [1.0, 255.0])
def test_arrays_of_floats(dtype: type, top: float) -> None:
    colour = np.stack([RAMP, RAMP[::-1], RAMP.T], axis=-1)
    read = read_photo((colour * top).astype(dtype))
    assert np.abs(np.asarray(read) - colour * 255).max() <= 1
    assert f"[0, {top:.0f}]" in read.info["range"]
    assert grey(RAMP.astype(dtype)[..., None]).shape == (64, 64)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused_wherever_it_comes_from(wrong: float) -> None:
    values = RAMP.copy()
    values[3, 3] = wrong
    for source in (as_tiff(values), values, torch.from_numpy(values).expand(3, -1, -1)):
        with pytest.raises(DeltaEditError, match="NaN or infinity"):
            read_photo(source)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_tensors_of_any_precision(dtype: torch.dtype) -> None:
    tensor = (torch.from_numpy(RAMP) * 2 - 1).expand(3, -1, -1).to(dtype).requires_grad_(True)
    assert np.abs(grey(tensor) - RAMP * 255).max() <= 2  # bfloat16 keeps 8 bits
    hot = tensor.detach().clone()
    hot[0, 0, 0] = 400.0  # one pixel decides nothing here either
    assert np.abs(grey(hot)[1:] - RAMP[1:] * 255).max() <= 2


@pytest.mark.parametrize("values", [np.full((20, 20), 300), np.full((20, 20, 3), 1.6)])
def test_a_picture_that_would_be_all_white_is_refused(values: np.ndarray) -> None:
    with pytest.raises(DeltaEditError, match="100% of the photo's values lie outside"):
        read_photo(values)
