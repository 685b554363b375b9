"""The steps: resumed, skipped when done, made again when what they depend on has changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from deltaedit_kit.atomic import load_tensors
from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.labs.own_domain import Sizes, build, new_project, open_project
from deltaedit_kit.labs.own_domain.loop import Schedule, descend
from deltaedit_kit.labs.own_domain.steps import NAMES, marks_of
from deltaedit_kit.labs.own_domain.world import factors_of, paired_z


def test_pairs_differ_in_one_factor_each() -> None:
    factors = factors_of(paired_z(3, 32, 5), 5).unflatten(0, (-1, 2))
    changed = (factors[:, 0] - factors[:, 1]).abs() > 1e-4
    assert changed.sum(1).eq(1).all()
    assert changed.float().mean(0).sub(0.2).abs().max() < 0.01
    assert torch.equal(paired_z(3, 32, 5), paired_z(3, 32, 5))


def test_a_built_domain_is_built_once(built: Path, tiny: Sizes) -> None:
    said: list[str] = []
    build(built, tiny, say=said.append)
    assert len(said) == len(NAMES)
    assert all("already" in line for line in said)


def test_only_what_depends_on_a_change_is_made_again(tmp_path: Path, tiny: Sizes) -> None:
    project = open_project(new_project(tmp_path / "mine"))
    before = marks_of(project, tiny, adversarial=False)
    path = project.folder / "domain.json"
    content = json.loads(path.read_text())
    content["factors"][0]["low"]["says"].append("thin {}")
    path.write_text(json.dumps(content))
    after = marks_of(open_project(project.folder), tiny, adversarial=False)
    assert before["oracle"] == after["oracle"]
    path = project.folder / "renderer.py"
    path.write_text(path.read_text() + "\n")
    redrawn = marks_of(open_project(project.folder), tiny, adversarial=False)
    assert all(redrawn[name] != after[name] for name in NAMES)


class Stopped(Exception):
    """As if the machine went off."""


def test_a_stopped_training_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    def network() -> torch.nn.Module:
        torch.manual_seed(0)
        return torch.nn.Linear(3, 1)

    def run(net: torch.nn.Module, path: Path, stop: int) -> None:
        def loss_at(step: int) -> torch.Tensor:
            if step == stop:
                raise Stopped
            x = torch.randn(8, 3, generator=torch.Generator().manual_seed(step))
            return (net(x) - x.sum(1, keepdim=True)).square().mean()

        descend(net, loss_at, Schedule(20, 0.1, save_every=0), path, "m", lambda *_: None)

    whole, parts = network(), network()
    run(whole, tmp_path / "a", -1)
    with pytest.raises(Stopped):
        run(parts, tmp_path / "b", 7)
    parts = network()
    run(parts, tmp_path / "b", -1)
    assert torch.equal(whole.weight, parts.weight)  # pyright: ignore[reportArgumentType]


def test_the_oracle_is_data(built: Path) -> None:
    tensors, header = load_tensors(built / "oracle.safetensors")
    assert header["format"] == "deltaedit-oracle"
    assert tensors["readout.weight"].shape[0] == 5


def test_an_unknown_step_is_refused(built: Path) -> None:
    with pytest.raises(DeltaEditError, match="oracle"):
        build(built, until="wings")
