"""Files: NVIDIA's pickles, the way through safetensors, half precision."""

from pathlib import Path

import numpy as np
import pytest
import torch

from deltaedit_kit.io.checkpoints.converting import convert
from deltaedit_kit.io.checkpoints.loaders import load_clip, load_delta_mapper, load_stylegan2
from tests.fixtures.parity.rule import rnd
from tests.parity.cases import assert_agrees, load_case

pytestmark = pytest.mark.slow

SHARED = Path(__file__).parents[3] / "shared" / "parity"
NVIDIA = {"nvidia_stylegan2_32": "nvidia_expected", "nvidia_tf_stylegan2_32": "nvidia_tf_expected"}


def shared(name: str) -> Path:
    """A file beside the checkout, or the reason why the test is skipped."""
    if not (SHARED / name).exists():
        pytest.skip(
            f"{name} is NVIDIA's or made from it, not in the repository; it goes to {SHARED}"
        )
    return SHARED / name


@pytest.mark.parametrize("converted", [False, True])
@pytest.mark.parametrize("name", NVIDIA)
def test_nvidia_pickles(name: str, converted: bool, tmp_path: Path) -> None:
    path = shared(f"{name}.pkl")
    if converted:
        path = convert(path, tmp_path / "network.safetensors")
    generator = load_stylegan2(path)
    with np.load(shared(f"{NVIDIA[name]}.npz")) as stored:
        expected = {key: torch.from_numpy(stored[key]) for key in stored}
    w_plus = generator.expand(generator.mapping(expected["z"], truncation=0.7))
    assert_agrees(w_plus, expected["ws_psi07"])
    assert_agrees(generator(expected["z"], truncation=0.7), expected["image_psi07"])
    if "image" in expected:
        assert_agrees(generator(expected["z"]), expected["image"])


@pytest.mark.parametrize("converted", [False, True])
def test_rosinality_generator_from_a_file(converted: bool, tmp_path: Path) -> None:
    case = load_case("stylegan2_32")
    torch.save({"g_ema": case.state_dict()}, path := tmp_path / "g.pt")
    if converted:
        path = convert(path, tmp_path / "g.safetensors")
    generator = load_stylegan2(path)
    style = generator.to_style(case["wplus"])
    assert_agrees(style, case["s"])
    assert_agrees(generator.synthesize(style, case["wplus"]), case["image"])


def test_mapper_after_conversion(tmp_path: Path) -> None:
    case = load_case("delta_mapper")
    torch.save(case.state_dict(), tmp_path / "net_face.pth")
    mapper = load_delta_mapper(convert(tmp_path / "net_face.pth", tmp_path / "m.safetensors"))
    assert_agrees(mapper(case["s"], case["clip"], case["delta"]), case["delta_s"])


def test_clip_after_conversion(tmp_path: Path) -> None:
    case = load_case("clip_tiny")
    torch.save(case.state_dict(), tmp_path / "clip.pt")
    model = load_clip(convert(tmp_path / "clip.pt", tmp_path / "c.safetensors")).model
    pictures = torch.from_numpy(rnd("img64", 2, 3, 64, 64))
    assert_agrees(model.encode_image(pictures), case["image_features"])
    assert_agrees(model.encode_text(case["tokens"].long()), case["text_features"])
