"""Every kind of picture file comes out as the same upright RGB; what is none is refused."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from deltaedit_kit.labs.photo.photos import read_photo, to_tensor
from deltaedit_kit.support.errors import DeltaEditError
from tests.photo.conftest import saved

ORIENTATION = 0x0112


@pytest.fixture
def scene() -> Image.Image:
    """A smooth picture whose corners all differ, 48 x 32."""
    y, x = np.mgrid[0:32, 0:48]
    levels = np.stack([x * 5, y * 7, 255 - x * 5], axis=-1)
    return Image.fromarray(levels.astype(np.uint8))


def difference(one: Image.Image, two: Image.Image) -> float:
    """Mean absolute difference in levels."""
    return float(np.abs(np.asarray(one, np.float64) - np.asarray(two, np.float64)).mean())


@pytest.mark.parametrize(
    ("kind", "within"),
    [("PNG", 0), ("BMP", 0), ("TIFF", 0), ("GIF", 12), ("JPEG", 4), ("WEBP", 6)],
)
def test_formats(scene: Image.Image, kind: str, within: float) -> None:
    read = read_photo(saved(scene, kind))
    assert (read.mode, read.size) == ("RGB", scene.size)
    assert difference(read, scene) <= within


def test_every_way_of_giving_a_photo(scene: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / "me.png"
    scene.save(path)
    tensor = to_tensor(scene)
    assert tensor.shape == (3, 32, 48)
    assert float(tensor.abs().max()) <= 1
    with open(path, "rb") as file:
        sources = [path, str(path), path.read_bytes(), file, scene, np.asarray(scene), tensor]
        for source in [*sources, tensor[None]]:
            assert difference(read_photo(source), scene) == 0


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_rotation_a_camera_noted_is_undone(scene: Image.Image, orientation: int) -> None:
    stored = {  # how a camera that was held so writes the scene down
        1: lambda p: p,
        2: lambda p: p.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: lambda p: p.transpose(Image.Transpose.ROTATE_180),
        4: lambda p: p.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: lambda p: p.transpose(Image.Transpose.TRANSPOSE),
        6: lambda p: p.transpose(Image.Transpose.ROTATE_90),
        7: lambda p: p.transpose(Image.Transpose.TRANSVERSE),
        8: lambda p: p.transpose(Image.Transpose.ROTATE_270),
    }[orientation](scene)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[0x010F] = "a camera that knows its owner"
    read = read_photo(saved(stored, "PNG", exif=exif))
    assert read.size == scene.size
    assert difference(read, scene) == 0
    assert not read.getexif()
    assert not read.info


def test_transparency_lies_on_white(scene: Image.Image) -> None:
    half = scene.copy()
    half.putalpha(128)
    expected = np.asarray(scene) * (128 / 255) + 255 * (127 / 255)
    assert np.abs(np.asarray(read_photo(saved(half, "PNG"))) - expected).max() <= 1
    clear = scene.quantize(16)
    clear.info["transparency"] = clear.getpixel((0, 0))
    assert read_photo(saved(clear, "PNG")).getpixel((0, 0)) == (255, 255, 255)
    grey = Image.merge("LA", (scene.getchannel(0), Image.new("L", scene.size, 0)))
    assert np.asarray(read_photo(grey)).min() == 255


def test_grey_palette_one_bit_and_cmyk(scene: Image.Image) -> None:
    grey = scene.convert("L")
    assert difference(read_photo(saved(grey, "PNG")), grey.convert("RGB")) == 0
    assert difference(read_photo(scene.quantize(256)), scene) < 12
    assert set(np.unique(np.asarray(read_photo(scene.convert("1"))))) == {0, 255}
    assert difference(read_photo(saved(scene.convert("CMYK"), "TIFF")), scene) < 2
    assert difference(read_photo(scene.convert("YCbCr")), scene) < 2
    assert difference(read_photo(scene.convert("HSV")), scene) < 4


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits(scene: Image.Image, kind: str) -> None:
    grey = np.asarray(scene.convert("L")).astype(np.uint16)
    read = read_photo(saved(Image.fromarray(grey * 257), kind))
    assert np.abs(np.asarray(read)[..., 0].astype(int) - grey).max() <= 1
    dark = read_photo(saved(Image.fromarray(np.full((20, 20), 2000, np.uint16)), kind))
    assert np.unique(np.asarray(dark)).tolist() == [8]  # 2000 of 65535, not brightened


def test_an_embedded_colour_profile_is_obeyed(scene: Image.Image) -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert difference(read_photo(saved(scene, "PNG", icc_profile=profile)), scene) < 1
    assert difference(read_photo(saved(scene, "PNG", icc_profile=b"nonsense")), scene) == 0


def test_thirty_megapixels() -> None:
    large = read_photo(saved(Image.new("RGB", (6000, 5000), "teal"), "JPEG"))
    assert large.size == (6000, 5000)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (b"", "cannot be read as a picture"),
        (b"GIF89a", "cannot be read as a picture"),
        ("no/such/file.jpg", "does not exist"),
        ("~nosuchuser/me.jpg", "does not exist"),
        ("a" * 5000, "cannot be opened"),
        ("me\0.jpg", "cannot be opened"),
        ("", "folder"),
        ("/dev/zero", "device"),
        ("/", "folder"),
        (3.5, "of type float is not supported"),
        (np.zeros((20, 20, 2), np.uint8), "is not a photo"),
        (np.zeros((20, 20), complex), "is not a photo"),
        (np.zeros((8, 40, 3), np.uint8), "at least 16"),
        (torch.full((3, 20, 20), torch.nan), "NaN"),
        (torch.zeros(2, 3, 20, 20), "one picture at a time"),
        (torch.full((3, 20, 20), 90.0), "127.5"),  # meant for [0, 255]
        (io.StringIO("text"), "Binary"),
    ],
)
def test_what_is_no_photo_is_refused_in_one_line(source: object, words: str) -> None:
    with pytest.raises(DeltaEditError, match=words) as caught:
        read_photo(source)
    assert "\n" not in str(caught.value)
