"""Parity cases: same numbers in, same numbers out as the public reference code.

A case is a checkpoint layout (keys and shapes), tensors made by a rule, and the arrays that
the reference computed in float32 on a CPU:

    case = load_case("stylegan2_32")
    model.load_state_dict(case.state_dict())
    assert_agrees(model(case["z"]), case["w"])

Agreement: |ours - expected| <= 1e-4 * std(expected) + 1e-4 * |expected|. In bfloat16 the root mean
square error is below two percent of std(expected).
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tests.fixtures.parity.rule import fir, tensor

BFLOAT16_BOUND = 0.02
FOLDER = Path(__file__).parent.parent / "fixtures" / "parity"


@dataclass(frozen=True)
class Case:
    """One parity case: `layout` as layouts.json tells it, `arrays` by short name."""

    name: str
    layout: dict[str, Any]
    arrays: dict[str, np.ndarray]

    def __getitem__(self, array: str) -> Tensor:
        """The array `array` of this case as a torch tensor (float32, bool or int)."""
        return torch.from_numpy(self.arrays[array].copy())

    def state_dict(self) -> dict[str, Tensor]:
        """Every key of the layout, filled by the rule."""
        return {key: self.value(key) for key in self.layout["keys"]}

    def value(self, key: str) -> Tensor:
        """The tensor of one checkpoint key; FIR kernels keep their usual values."""
        shape = tuple(self.layout["keys"][key])
        if key.endswith(("kernel", "resample_filter")):
            # An upsampling filter makes up for the zeros it is fed: gain 2 * 2.
            return torch.from_numpy(fir(shape, gain=4.0))
        return torch.from_numpy(np.asarray(tensor(key, shape, self.layout["equalized"])))


def load_case(name: str) -> Case:
    """The case `name` of layouts.json; KeyError lists the names there are."""
    layouts = json.loads((FOLDER / "layouts.json").read_text())
    if name not in layouts:
        raise KeyError(f"no parity case {name!r}; there are {sorted(layouts)}")
    with np.load(FOLDER / "expected.npz", allow_pickle=False) as stored:
        prefix = f"{name}/"
        arrays = {key[len(prefix) :]: stored[key] for key in stored if key.startswith(prefix)}
    return Case(name, layouts[name], arrays)


def assert_agrees(ours: Tensor, expected: Tensor) -> None:
    """Assert agreement within rtol 1e-4 and atol 1e-4 of the expected standard deviation."""
    atol = 1e-4 * float(expected.std())
    torch.testing.assert_close(ours.detach(), expected, rtol=1e-4, atol=atol)


def rounding(ours: Tensor, expected: Tensor) -> float:
    """Root mean square of the difference, in standard deviations of what is expected."""
    return ((ours - expected).square().mean().sqrt() / expected.std()).item()
