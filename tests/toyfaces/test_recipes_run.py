"""Each recipe that trains, in miniature: it runs, what it writes loads, it is not begun twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from deltaedit_kit.labs.own_domain.world import World
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.support.atomic import load_tensors
from deltaedit_kit.toyfaces.encoder import Encoder
from deltaedit_kit.toyfaces.factors import factors_from_z
from deltaedit_kit.toyfaces.identity import IdentityNetwork
from deltaedit_kit.toyfaces.oracle import Oracle
from deltaedit_kit.toyfaces.renderer import render
from recipes.toyfaces import encoder, generator, generator_loss, identity, oracle
from recipes.toyfaces.renders import latents, renders

pytestmark = pytest.mark.slow
Train = Callable[[Path, Path, Path], object]  # (renders, folder of the state, file to write)


def train_oracle(cache: Path, run: Path, out: Path) -> None:
    oracle.train(oracle.Config(renders=20, held_out=4, pictures=32), "cpu", cache, out, run)


def train_identity(_: Path, run: Path, out: Path) -> None:
    identity.train(identity.Config(people=3, portraits=2, steps=2, batch=4), "cpu", out, run)


def train_encoder(cache: Path, run: Path, out: Path) -> None:
    names = ("damaged", "clean", "pictures")
    stages = tuple(encoder.Part(name, 4, 2, 1e-3, 1e-4) for name in names)
    encoder.train(encoder.Config(stages, renders=20, probes=8), cache, out, run)


def train_generator(cache: Path, run: Path, out: Path) -> None:
    phases = tuple(
        generator.Phase(size, n, 5e-4, 1e-4) for size, n in ((32, 12), (64, 0), (128, 6))
    )
    config = generator.Config(phases=phases, renders=20, held_out=4)
    generator.train(config, "cpu", cache, out, None, run)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("renders")


@pytest.mark.parametrize(
    ("train", "read"),
    [
        (train_oracle, lambda x: Oracle().load_state_dict(x)),
        (train_identity, lambda x: IdentityNetwork().load_state_dict(x)),
        (train_encoder, lambda x: Encoder().load_state_dict(x)),
        (train_generator, Generator.from_state_dict),
    ],
    ids=lambda x: x.__name__,
)
def test_a_recipe_runs_and_a_finished_one_is_not_begun_again(
    train: Train, read: Callable[[dict], object], cache: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(generator, "rescale", lambda *_: None)  # half a minute
    monkeypatch.setattr(generator_loss, "PORTRAITS", 2)
    out, state = tmp_path / "out.safetensors", tmp_path / "state.safetensors"
    train(cache, tmp_path, out)
    read({name: x.float() for name, x in load_tensors(out)[0].items()})
    made, trained = out.read_bytes(), state.stat().st_mtime_ns
    out.unlink()
    train(cache, tmp_path, out)
    assert (out.read_bytes(), state.stat().st_mtime_ns) == (made, trained)


def test_renders_are_those_of_their_z_and_a_longer_set_begins_with_a_shorter(cache: Path) -> None:
    few, more = renders(20, 4, cache), renders(120, 30, cache)
    assert isinstance(few, World)
    assert (few.rows, more.rows) == (20, 120)
    assert torch.equal(few.at(slice(0, 24)), more.at(slice(0, 24)))
    assert torch.equal(more.z, latents(0)[:150])
    drawn = render(factors_from_z(more.z[140:141]))
    torch.testing.assert_close(more.at(slice(140, 141)), drawn, atol=0.005, rtol=0)
