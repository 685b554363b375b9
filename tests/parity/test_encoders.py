"""e4e encoder and ArcFace IR-SE-50 against the arrays of the public reference code."""

from pathlib import Path

import pytest
import torch

from deltaedit_kit.io.checkpoints.converting import convert
from deltaedit_kit.io.checkpoints.filling import fill
from deltaedit_kit.io.checkpoints.loaders import load_arcface
from deltaedit_kit.io.e4e import E4e
from tests.fixtures.parity.rule import rnd
from tests.parity.cases import assert_agrees, load_case

pytestmark = pytest.mark.slow


def test_e4e_encoder() -> None:
    case = load_case("e4e_encoder")
    state = case.state_dict()
    with torch.device("meta"):
        encoder = E4e.skeleton(state)
    encoder.load_state_dict(state, assign=True)  # strict: no key is missing or unexpected
    pictures = (torch.from_numpy(rnd("img256", 1, 3, 256, 256)) * 0.5).clamp(-1, 1)
    with torch.no_grad():
        assert_agrees(encoder.eval().offsets(pictures), case["codes"])


@pytest.mark.parametrize("form", ["zip", "legacy", "converted"])
def test_arcface_from_a_file(form: str, tmp_path: Path) -> None:
    case = load_case("arcface_ir_se50")
    path = tmp_path / "model_ir_se50.pth"
    torch.save(case.state_dict(), path, _use_new_zipfile_serialization=form != "legacy")
    if form == "converted":
        path = convert(path, tmp_path / "arcface.safetensors")
    faces = (torch.from_numpy(rnd("img112", 2, 3, 112, 112)) * 0.5).clamp(-1, 1)
    assert_agrees(load_arcface(path)(faces), case["embedding"])


@pytest.mark.parametrize("name", ["e4e_encoder"])
def test_the_key_list_loads_with_nothing_missing(name: str) -> None:
    keys = load_case(name).layout["keys"]
    shapes = {key: torch.empty(shape, device="meta") for key, shape in keys.items()}
    filled = fill(lambda: E4e.skeleton(shapes), shapes, "e4e encoder")
    assert {key: list(value.shape) for key, value in filled.state_dict().items()} == keys
