"""Networks that only look like the kit's are called by their own names."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
import torch

from deltaedit_kit.io.checkpoints.converting import convert
from deltaedit_kit.io.checkpoints.describing import describe
from deltaedit_kit.io.checkpoints.loaders import load_e4e, load_stylegan2
from deltaedit_kit.support.errors import DeltaEditError
from tests.checkpoints import small


@pytest.mark.slow
@pytest.mark.parametrize(
    ("encoder", "channels", "name"),
    [
        ("GradualStyleEncoder", 3, "pSp encoder"),
        ("BackboneEncoderUsingLastLayerIntoWPlus", 3, "pSp encoder"),
        ("ProgressiveBackboneEncoder", 6, "ReStyle encoder"),
        ("ResNetProgressiveBackboneEncoder", 3, "ReStyle encoder"),
        (None, 6, "ReStyle encoder"),
        ("MineOfToday", 3, "encoder_type 'MineOfToday'"),
    ],
)
def test_encoders_of_others_are_called_by_their_names(
    encoder: str | None, channels: int, name: str, tmp_path: Path
) -> None:
    tree = small.e4e_file(small.e4e())
    first = tree["state_dict"]["encoder.input_layer.0.weight"]
    tree["state_dict"]["encoder.input_layer.0.weight"] = torch.zeros(16, channels, 3, 3).type_as(
        first
    )
    options = {"encoder_type": encoder} if encoder else {"n_iters_per_batch": 5}
    torch.save(tree | {"opts": argparse.Namespace(**options)}, path := tmp_path / "psp.pt")
    for refused in (load_e4e, load_stylegan2, lambda p: convert(p, tmp_path / "x.safetensors")):
        with pytest.raises(DeltaEditError, match=name) as refusal:
            refused(path)
        assert "give one, such as e4e" in str(refusal.value)
    assert name.split()[0] in describe(path).what


def test_stylegan3_is_called_so(tmp_path: Path) -> None:
    from tests.safety.bombs import module, persistent

    layers = module(input=module(), L0_36_512=module(), L1_36_512=module())
    path = tmp_path / "stylegan3.pkl"
    path.write_bytes(persistent(module(synthesis=layers, mapping=module(fc0=module()))))
    torch.save({"synthesis.input.transform": torch.eye(3)}, state := tmp_path / "stylegan3.pt")
    for file in (path, state):
        with pytest.raises(DeltaEditError, match="StyleGAN3") as refusal:
            load_stylegan2(file)
        assert "fetch it again" not in str(refusal.value)
        assert "StyleGAN3" in describe(file).what
    of_classes = module(fc0=module(), embed_proj=module())
    layers = module(input=module(), L0_36_512=module())
    path.write_bytes(persistent(module(synthesis=layers, mapping=of_classes)))
    assert "StyleGAN-XL" in describe(path).what


@pytest.mark.parametrize("wrapping", ["generator", None])
def test_a_state_of_stylegan1_is_called_so(wrapping: str | None, tmp_path: Path) -> None:
    style = "generator.progression.0.adain1.style.linear"
    state = {f"{style}.weight_orig": torch.ones(4, 4), f"{style}.bias": torch.ones(4)}
    torch.save({wrapping: state} if wrapping else state, path := tmp_path / "stylegan1.model")
    with pytest.raises(DeltaEditError, match="StyleGAN1"):
        load_stylegan2(path)
    assert "StyleGAN1" in describe(path).what


def test_a_whole_pickled_model_is_told_to_save_its_state(tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(2, 2), path := tmp_path / "model.pt")
    with pytest.raises(DeltaEditError, match="state_dict") as refusal:
        load_stylegan2(path)
    assert "torch.nn.modules.linear.Linear" in str(refusal.value)
    assert "fetch it again" not in str(refusal.value)
