"""Small networks of every kind, and files of every format with them inside."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from deltaedit_kit.io.checkpoints.arcface import ArcFace
from deltaedit_kit.io.checkpoints.e4e import E4e
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.stylespace import StyleLayout
from tests.fixtures.parity.rule import tensor as by_rule
from tests.parity.cases import load_case
from tests.tiny_domain import tiny_generator

WIDTHS = (16, 16, 32, 32)  # of the residual body; attention needs 16
LAYOUT = StyleLayout((16,) * 9 + (8,))
CLIP_WIDTH, WORDS, CONTEXT = 12, 60, 16


def generator() -> Generator:
    made = tiny_generator()
    made.estimate_mean_w(100)
    return made


def mapper() -> DeltaMapper:
    return DeltaMapper(LAYOUT, CLIP_WIDTH)


def e4e() -> E4e:
    made = E4e(rows=10, widths=WIDTHS)
    made.mean_w = torch.randn(10, WIDTHS[3])
    return made


def arcface() -> ArcFace:
    return ArcFace(embedding=8, widths=WIDTHS).eval()


def clip_state() -> dict[str, Tensor]:
    """The parity CLIP's layout with a vocabulary of 60 and a context of 16."""
    keys = dict(load_case("clip_tiny").layout["keys"])
    keys["token_embedding.weight"] = [WORDS, 128]
    keys["positional_embedding"] = [CONTEXT, 128]
    return {
        key: torch.as_tensor(by_rule(key, tuple(shape), False)).float()
        for key, shape in keys.items()
    }


def e4e_file(encoder: E4e) -> dict[str, Any]:
    """The tree of an `e4e_ffhq_encode.pt`, but for the Namespace."""
    state = {f"encoder.{key}": value for key, value in encoder.state_dict().items()}
    return {"state_dict": state | {"decoder.x": torch.zeros(2)}, "latent_avg": encoder.mean_w}


def write(tree: Any, path: Path, container: str) -> Path:
    """`tree` in one of the containers: zip, legacy, safetensors (flat trees only)."""
    if container == "safetensors":
        save_file({key: value.contiguous() for key, value in tree.items()}, path)
    else:
        torch.save(tree, path, _use_new_zipfile_serialization=container == "zip")
    return path


def assert_same(ours: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    assert ours.keys() == expected.keys()
    for key, value in expected.items():
        assert torch.equal(ours[key], value), key
