"""The steps: resumed, skipped when done, made again when what they depend on has changed."""

from __future__ import annotations

import json
import math
import shlex
import shutil
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
import torch
from PIL import Image

from deltaedit_kit import Editor, load_domain
from deltaedit_kit.io.declaration import read_declaration
from deltaedit_kit.labs.cli.main import main
from deltaedit_kit.labs.own_domain import (
    Sizes,
    build,
    context,
    new_project,
    open_project,
    oracle,
)
from deltaedit_kit.labs.own_domain.captions import caption, draw_captions
from deltaedit_kit.labs.own_domain.context import BuildContext
from deltaedit_kit.labs.own_domain.generator import psnr_to_renders
from deltaedit_kit.labs.own_domain.loop import Schedule, descend
from deltaedit_kit.labs.own_domain.muon import muon_and_adam
from deltaedit_kit.labs.own_domain.steps import NAMES, Clock, fingerprints_of, steps_until
from deltaedit_kit.labs.own_domain.world import factors_of, paired_z
from deltaedit_kit.support.atomic import load_tensors
from deltaedit_kit.support.errors import DeltaEditError

pytestmark = pytest.mark.slow


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
    before = fingerprints_of(project, tiny, adversarial=False)
    path = project.folder / "domain.json"
    content = json.loads(path.read_text())
    content["factors"][0]["low"]["says"].append("thin {}")
    path.write_text(json.dumps(content))
    after = fingerprints_of(open_project(project.folder), tiny, adversarial=False)
    assert before["oracle"] == after["oracle"]
    path = project.folder / "renderer.py"
    path.write_text(path.read_text() + "\n")
    redrawn = fingerprints_of(open_project(project.folder), tiny, adversarial=False)
    assert all(redrawn[name] != after[name] for name in NAMES)


class Stopped(Exception):
    """As if the machine went off."""


@pytest.mark.parametrize("stop", [7, 13])
@pytest.mark.parametrize("optimizer", ["adam", "muon", "adamw"])
def test_a_stopped_training_goes_on_to_the_same_weights(
    tmp_path: Path, optimizer: str, stop: int
) -> None:
    def network() -> torch.nn.ModuleList:
        torch.manual_seed(0)
        norm = torch.nn.BatchNorm1d(1, momentum=0.5)
        return torch.nn.ModuleList([torch.nn.Linear(3, 1), torch.nn.Linear(3, 1), norm])

    def optimizers(net: torch.nn.Module) -> list[torch.optim.Optimizer]:
        if optimizer == "adamw":
            return [torch.optim.AdamW(net.parameters(), weight_decay=0.1)]
        return [] if optimizer == "adam" else muon_and_adam(net, pace=1.0)

    def run(net: torch.nn.ModuleList, path: Path, stop: int) -> None:
        def loss_at(step: int) -> torch.Tensor:
            if step == stop:
                raise Stopped
            x = torch.randn(8, 3, generator=torch.Generator().manual_seed(step))
            drawn = net[0](x) + (net[1](x) if step >= 10 else 0)  # as a generator that grows
            return (net[2](drawn) - x.sum(1, keepdim=True)).square().mean()

        schedule = Schedule(20, 0.1, memory=0 if optimizer == "adamw" else 0.02, save_every=0)
        descend(net, loss_at, schedule, path, "m", lambda *_: None, optimizers(net))

    whole, parts = network(), network()
    run(whole, tmp_path / "a", -1)
    with pytest.raises(Stopped):
        run(parts, tmp_path / "b", stop)
    parts = network()
    run(parts, tmp_path / "b", -1)
    for one, other in zip(whole.state_dict().values(), parts.state_dict().values(), strict=True):
        assert torch.equal(one, other)


def test_without_memory_the_last_weights_are_kept(tmp_path: Path) -> None:
    ours, theirs = torch.nn.Linear(1, 1, bias=False), torch.nn.Linear(1, 1, bias=False)
    theirs.load_state_dict(ours.state_dict())
    schedule, adam = Schedule(5, 0.1, memory=0), torch.optim.AdamW(theirs.parameters())
    own = [torch.optim.AdamW(ours.parameters())]
    state = tmp_path / "state"
    descend(ours, lambda _: 9 * ours.weight.sum(), schedule, state, "m", print, own, math.inf)
    for step in range(5):
        adam.param_groups[0]["lr"] = schedule.rate_at(step)
        adam.zero_grad()
        (9 * theirs.weight.sum()).backward()
        adam.step()
    assert torch.equal(ours.weight, theirs.weight)


def test_a_generator_is_compared_with_the_renders_of_the_same_z(built: Path, tiny: Sizes) -> None:
    project, generator = open_project(built), load_domain(built).generator
    fingerprints = fingerprints_of(project, tiny, adversarial=False)
    place = BuildContext(project, tiny, fingerprints, "generator", lambda *_: None)
    world = place.world()
    singles: list[torch.Tensor] = []
    for row in range(world.rows, world.rows + tiny.held_out):
        w_plus = generator.expand(generator.mapping(world.z[row : row + 1]))
        drawn = generator.synthesize(generator.to_style(w_plus), w_plus).clamp(-1, 1)
        error = (drawn - world.at(slice(row, row + 1))).square().mean()
        singles.append(10 * torch.log10(4 / error))
    mean = torch.stack(singles).mean().item()
    assert psnr_to_renders(generator, world) == pytest.approx(mean, abs=1e-3)
    assert f"{mean:.1f} dB" in (built / "card.md").read_text()


def test_the_oracle_is_data(built: Path) -> None:
    tensors, header = load_tensors(built / "oracle.safetensors")
    assert header["format"] == "deltaedit-oracle"
    assert tensors["readout.weight"].shape[0] == 5


@pytest.mark.parametrize(
    "command", [["codes", "--samples", "100"], ["train"], ["relevance"]], ids=lambda x: x[0]
)
def test_what_a_build_made_is_not_replaced_by_a_command_for_hours(
    built: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    made = {path: path.stat().st_mtime_ns for path in built.rglob("*.safetensors")}
    assert main([command[0], str(built), *command[1:]]) == 2
    assert "give another" in capsys.readouterr().err.splitlines()[-1]
    assert {path: path.stat().st_mtime_ns for path in built.rglob("*.safetensors")} == made


def test_a_build_keeps_what_another_command_made(
    built: Path, tiny: Sizes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As after `build --step codes`, and hours of `deltaedit train` and `relevance`."""
    folder = Path(shutil.copytree(built, tmp_path / "toadstools"))
    done = json.loads((folder / "build" / "done.json").read_text())
    for name in ("mapper", "relevance", "settings", "card"):
        done.pop(name)
        (folder / f"{name}.safetensors").unlink(missing_ok=True)
    (folder / "build" / "done.json").write_text(json.dumps(done))
    steps = ["--steps", "3", "--batch", "4", "--held-out", "0.1"]
    assert main(["train", str(folder), *steps]) == 0
    assert main(["relevance", str(folder), "--method", "gradient", "--pictures", "1"]) == 0
    files = [folder / f"{name}.safetensors" for name in ("mapper", "relevance")]
    own = [file.read_bytes() for file in files]
    said: list[str] = []
    build(folder, tiny, say=said.append)
    assert sum("kept" in line for line in said) == 2
    assert [file.read_bytes() for file in files] == own
    assert (folder / "card.md").exists()


def test_an_unknown_step_is_refused(built: Path) -> None:
    with pytest.raises(DeltaEditError, match="oracle"):
        build(built, until="wings")


def test_a_domain_comes_out_that_edits(built: Path) -> None:
    domain = load_domain(built)
    assert domain.factors == ("cap_width", "cap_color", "stem_height", "spot_size", "daylight")
    faces = domain.sample(2, seed=0)
    edit = Editor(domain).edit(faces, "mushroom with a red cap")
    assert edit.after.shape == (2, 3, 64, 64)
    assert bool((edit.after != edit.before).any())
    assert "| red_cap | mushroom with a red cap |" in (built / "card.md").read_text()


def test_the_first_step_shows_what_each_factor_draws(built: Path) -> None:
    with Image.open(built / "build" / "factors.png") as shown:
        assert shown.width > 300


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(["build", *arguments])
    return code, capsys.readouterr().out


def test_the_command_says_what_came_out_and_what_comes_next(
    tmp_path: Path,
    tiny: Sizes,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(context, "MINIATURE", tiny)
    folder = str(new_project(tmp_path / "my own" / "mushrooms"))
    code, out = run(capsys, folder, "--miniature", "--step", "renders")
    assert (code, "without --step" in out) == (0, True)

    def stop(_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(BuildContext, "world", stop)
        code, out = run(capsys, folder, "--miniature", "--step", "oracle")
    assert (code, "goes on" in out) == (130, True)
    code, out = run(capsys, folder, "--miniature")
    assert code == 0
    assert "mean success" in out
    printed = [shlex.split(line) for line in out.splitlines() if line.startswith("  deltaedit ")]
    assert [words[1] for words in printed] == ["edit", "evaluate"]
    figure = str(tmp_path / "edit.png")
    assert main([*printed[0][1:], "--faces", "1", "--out", figure]) == 0
    assert "deltaedit build --miniature`" in (Path(folder) / "card.md").read_text()


def test_every_step_is_named_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["build", "--help"])
    words = capsys.readouterr().out.replace(",", " ").split()
    assert set(NAMES) <= set(words)


def test_words_that_nobody_taught_are_refused(built: Path) -> None:
    domain = load_domain(built)
    assert domain.clip.encode_texts(["mushroom by day"]).shape == (1, 16)
    table = domain.clip.model.token_embedding.weight
    assert int((table.abs().sum(1) > 0).sum()) < 100


def test_a_stopped_build_goes_on(tmp_path: Path, tiny: Sizes) -> None:
    folder = new_project(tmp_path / "mine")

    def stop(line: str) -> None:
        if "oracle: done" in line:
            raise Stopped

    with pytest.raises(Stopped):
        build(folder, tiny, say=stop)
    said: list[str] = []
    build(folder, tiny, until="generator", say=said.append)
    assert "already" in said[0]
    assert "already" in said[1]
    assert any("generator: done" in line for line in said[2:])


def test_factors_that_cannot_be_read_are_named(
    tmp_path: Path, tiny: Sizes, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = {"cap_width": 0.02, "spot_size": 0.24}
    monkeypatch.setattr(oracle, "reading_errors", lambda _: errors)
    said: list[str] = []
    build(new_project(tmp_path / "mine"), tiny, "oracle", say=said.append)
    advice = said[-1].partition("factors.png")[2]
    assert ("spot_size" in advice, "cap_width" in advice) == (True, False)


def test_a_critic_may_teach_the_generator(tmp_path: Path, tiny: Sizes) -> None:
    folder = build(
        new_project(tmp_path / "mine"), tiny, "scales", adversarial=True, say=lambda _: None
    )
    drawn = load_domain(folder).generator(torch.randn(2, tiny.style_dim))
    assert drawn.shape == (2, 3, 64, 64)
    assert "--adversarial" in load_tensors(folder / "generator.safetensors")[1]["made_by"]
    project = open_project(folder)
    fingerprints, others = (
        fingerprints_of(project, tiny, adversarial) for adversarial in (True, False)
    )
    assert fingerprints["generator"] != others["generator"]
    assert fingerprints["oracle"] == others["oracle"]


def test_the_time_left_counts_the_minutes_of_a_critic(monkeypatch: pytest.MonkeyPatch) -> None:
    now, said = [0.0], []
    monkeypatch.setattr("deltaedit_kit.labs.own_domain.steps.time.monotonic", lambda: now[0])
    steps = steps_until(NAMES[-1], context.FULL, adversarial=True)
    clock = Clock(steps, said.append)
    for step in steps[: NAMES.index("clip")]:
        told = clock.begin(step)
        for done in (0, 1, 2):  # each as long as expected
            told(done, 2)
            now[0] += 60 * step.minutes / 2 * (done < 2)
        clock.end(step)
    half = next(line for line in said if "generator: 1/2" in line)
    left = float(half.split("; ")[1].split()[0])
    rest = sum(step.minutes for step in steps[NAMES.index("clip") :])
    assert left == pytest.approx(40 + rest, abs=0.1)


def test_more_factors_than_w_holds_are_refused(tmp_path: Path, tiny: Sizes) -> None:
    with pytest.raises(DeltaEditError, match="at most 4"):
        build(
            new_project(tmp_path / "mine"),
            replace(tiny, style_dim=20),
            "renders",
            say=lambda _: None,
        )


def test_captions_say_what_holds() -> None:
    example = files("deltaedit_kit.labs.own_domain") / "mushroom" / "domain.json"
    spec = read_declaration(Path(str(example)))
    factors = torch.tensor([[0.1, 0.9, 0.5, 0.5, 0.5]])
    texts, named = draw_captions(spec, factors, 30, seed=0)
    assert named.any(0).nonzero().flatten().tolist() == [0, 3]
    assert all("mushroom" in text and "{}" not in text for text in texts)
    assert caption("house", ["{} with a door", "red {}"]) == "red house with a door"
