"""Files: NVIDIA's pickles, the way through safetensors, half precision."""

from pathlib import Path

import numpy as np
import pytest
import torch

from deltaedit_kit.checkpoints import convert, load_clip, load_delta_mapper, load_stylegan2
from tests.fixtures.parity.rule import rnd
from tests.parity.cases import assert_agrees, load_case

SHARED = Path(__file__).parents[3] / "shared" / "parity"
NVIDIA = {"nvidia_stylegan2_32": "nvidia_expected", "nvidia_tf_stylegan2_32": "nvidia_tf_expected"}


@pytest.mark.parametrize("converted", [False, True])
@pytest.mark.parametrize("name", NVIDIA)
def test_nvidia_pickles(name: str, converted: bool, tmp_path: Path) -> None:
    path = SHARED / f"{name}.pkl"
    if not path.exists():
        pytest.skip(f"{name}.pkl is NVIDIA's and not in the repository; put it into {SHARED}")
    if converted:
        path = convert(path, tmp_path / "network.safetensors")
    generator = load_stylegan2(path)
    with np.load(SHARED / f"{NVIDIA[name]}.npz") as stored:
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


def test_half_precision_stays_within_two_percent() -> None:
    """fp16 convolutions: root mean square error below 2 % of the picture's deviation."""
    from deltaedit_kit.checkpoints.stylegan2 import generator_from

    case = load_case("stylegan2_32")
    generator = generator_from(case.state_dict())
    with torch.no_grad(), torch.autocast("cpu", torch.float16):
        w_plus = case["wplus"][:1]
        pictures = generator.synthesize(generator.to_style(w_plus), w_plus)
    error = (pictures.float() - case["image"][:1]).square().mean().sqrt() / case["image"].std()
    assert 0 < float(error) < 0.02


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
