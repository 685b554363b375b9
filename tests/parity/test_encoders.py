"""e4e encoder and ArcFace IR-SE-50 against the arrays of the public reference code."""

from pathlib import Path

import pytest
import torch

from deltaedit_kit.io.checkpoints.converting import convert
from deltaedit_kit.io.checkpoints.e4e import encoder_from
from deltaedit_kit.io.checkpoints.loaders import load_arcface
from tests.fixtures.parity.rule import rnd
from tests.parity.cases import assert_agrees, load_case

pytestmark = pytest.mark.slow


def test_e4e_encoder() -> None:
    case = load_case("e4e_encoder")
    encoder = encoder_from(case.state_dict())  # no key is missing or unexpected
    pictures = (torch.from_numpy(rnd("img256", 1, 3, 256, 256)) * 0.5).clamp(-1, 1)
    with torch.no_grad():
        assert_agrees(encoder.offsets(pictures), case["codes"])


@pytest.mark.parametrize("form", ["zip", "legacy", "converted"])
def test_arcface_from_a_file(form: str, tmp_path: Path) -> None:
    case = load_case("arcface_ir_se50")
    path = tmp_path / "model_ir_se50.pth"
    torch.save(case.state_dict(), path, _use_new_zipfile_serialization=form != "legacy")
    if form == "converted":
        path = convert(path, tmp_path / "arcface.safetensors")
    faces = (torch.from_numpy(rnd("img112", 2, 3, 112, 112)) * 0.5).clamp(-1, 1)
    assert_agrees(load_arcface(path)(faces), case["embedding"])
