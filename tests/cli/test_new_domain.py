"""`deltaedit new-domain DIR --generator FILE`: somebody's files become a domain that edits."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from deltaedit_kit import Editor, load_domain
from deltaedit_kit.io.standin import by_rule
from deltaedit_kit.labs.cli import main as cli
from deltaedit_kit.relevance import Plan, make_relevance
from deltaedit_kit.stylegan2 import Generator
from tests.checkpoints.nvidia import ada_pickle, tf_pickle
from tests.cli.conftest import NewDomain


@pytest.mark.slow
def test_files_become_a_domain_that_only_lacks_mapper_and_relevance(
    files: Path, tmp_path: Path, new_domain: NewDomain
) -> None:
    folder = tmp_path / "my cats"
    code, _, err = new_domain(folder, "--generator", files / "generator.safetensors")
    assert (code, "--neutral is missing" in err) == (2, True)
    arguments = ["--generator", files / "generator.safetensors", "--neutral", "cat"]
    code, _, err = new_domain(folder, *arguments)
    assert (code, "cannot be called 'my cats'" in err) == (2, True)
    folder = tmp_path / "cats"
    arguments += [
        "--clip",
        files / "clip.safetensors",
        "--encoder",
        files / "inversion.safetensors",
    ]
    code, out, err = new_domain(folder, *arguments, "--licence", "CC0")
    assert (code, err) == (0, "")
    for command in ("codes", "train", "relevance"):
        (line,) = [line for line in out.splitlines() if line.startswith(f"  deltaedit {command} ")]
        assert "    about " in line
        assert "GiB" in line
        options = cli.make_parser().parse_args(line.split("    about")[0].split()[1:])
        assert options.domain == str(folder)
    domain = load_domain(folder)
    assert (domain.spec.neutral, domain.spec.licence) == ("cat", "CC0")
    faces = domain.sample(1)
    assert domain.inversion(faces.images).shape == faces.w_plus.shape
    make_relevance(domain, folder / "relevance.safetensors", Plan(pictures=1, method="gradient"))
    shutil.copy(files / "mapper.safetensors", folder)
    edit = Editor(load_domain(folder)).edit(faces, "a white cat")
    assert edit.after.shape == (1, 3, 64, 64)
    code, _, err = new_domain(folder, *arguments)
    assert (code, "declares a domain already" in err) == (2, True)


@pytest.mark.parametrize("resolution", [32, 128])
@pytest.mark.parametrize("kind", ["rosinality", "ada", "tf"])
@pytest.mark.parametrize("width", [16, 24])
def test_generators_of_every_kind_and_size(
    kind: str,
    resolution: int,
    width: int,
    files: Path,
    tmp_path: Path,
    new_domain: NewDomain,
) -> None:
    sides = [2**k for k in range(2, resolution.bit_length())]
    made = Generator(resolution, {side: 4 + 2 * (side < 64) for side in sides}, width, 3)
    made.load_state_dict(by_rule(made.state_dict()))
    made.estimate_mean_w(100)
    path = tmp_path / "network"
    if kind == "rosinality":
        torch.save({"g_ema": made.state_dict(), "latent_avg": made.mean_w}, path)
    else:
        path.write_bytes({"ada": ada_pickle, "tf": tf_pickle}[kind](made))
    arguments = ["--generator", path, "--neutral", "car", "--clip", files / "clip.safetensors"]
    code, out, err = new_domain(tmp_path / "mine", *arguments)
    assert (code, err, "deltaedit edit 'a white car'" in out) == (0, "", True)
    domain = load_domain(tmp_path / "mine")
    assert (domain.generator.resolution, domain.generator.style_dim) == (resolution, width)
    assert domain.spec.style_widths == made.style_widths


@pytest.mark.slow
@pytest.mark.parametrize(
    "channels", [(8, 8, 8, 8), (16, 12, 8, 4, 4)], ids=["32 px", "64 px, other widths each"]
)
def test_the_printed_commands_make_what_is_missing(
    channels: tuple[int, ...], files: Path, tmp_path: Path
) -> None:
    sides = [4 * 2**k for k in range(len(channels))]
    made = Generator(sides[-1], dict(zip(sides, channels, strict=True)), 16, 2)
    made.load_state_dict(by_rule(made.state_dict()))
    torch.save({"g_ema": made.state_dict()}, tmp_path / "cats.pt")
    folder = str(tmp_path / "cats")
    given = ["--generator", str(tmp_path / "cats.pt"), "--clip", str(files / "clip.safetensors")]
    for command, *arguments in (
        ["new-domain", folder, "--neutral", "cat", *given],
        ["codes", folder, "--samples", "100"],
        ["train", folder, "--steps", "3", "--batch", "4"],
        ["relevance", folder, "--method", "gradient", "--pictures", "1"],
        ["edit", "a white cat", "--domain", folder, "--out", str(tmp_path / "white.png")],
    ):
        assert cli.main([command, *arguments]) == 0, command
    domain = load_domain(folder)
    edit = Editor(domain).edit(domain.sample(1), "a white cat", threshold=0.0)
    assert edit.after.shape == (1, 3, sides[-1], sides[-1])
    for group in domain.layout.group_slices.values():
        assert bool(edit.delta_s[..., group].any())


@pytest.mark.slow
def test_times_are_told_before_a_clip_is_downloaded(
    files: Path, tmp_path: Path, new_domain: NewDomain
) -> None:
    generator = ["--generator", files / "generator.safetensors", "--neutral", "cat"]
    code, out, err = new_domain(tmp_path / "cats", *generator)
    assert (code, err) == (0, "")
    priced = [line.split()[1] for line in out.splitlines() if "    about " in line]
    assert priced == ["codes", "train", "relevance"]
    assert f"  deltaedit download {tmp_path / 'cats'} --only clip\n" in out


def test_a_machine_that_is_too_small_is_told_so_and_not_filled(
    files: Path, tmp_path: Path, new_domain: NewDomain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deltaedit_kit.labs.cli.estimating.memory_size", lambda: 0.001)
    given = ["--generator", files / "generator.safetensors", "--clip", files / "clip.safetensors"]
    code, out, err = new_domain(tmp_path / "cats", *given, "--neutral", "cat")
    assert (code, err, out.count("more than the 0.0 GiB")) == (0, "", 3)


def test_one_class_becomes_a_domain(files: Path, tmp_path: Path, new_domain: NewDomain) -> None:
    made = Generator(32, dict.fromkeys((4, 8, 16, 32), 4), 16, 2)
    made.estimate_mean_w(100)
    beside = {
        "mapping.fc0.weight": torch.randn(16, 20),
        "mapping.embed.weight": torch.randn(4, 3),
        "mapping.embed.bias": torch.randn(4),
    }
    path = tmp_path / "network.pkl"
    path.write_bytes(ada_pickle(made, replaced=beside, c_dim=3))
    arguments = ["--generator", path, "--neutral", "ship", "--clip", files / "clip.safetensors"]
    code, _, err = new_domain(tmp_path / "ships", *arguments)
    assert (code, "--class 0" in err) == (2, True)
    assert new_domain(tmp_path / "ships", *arguments, "--class", "2")[0] == 0
    assert load_domain(tmp_path / "ships").generator.mean_w is not None


def test_files_that_are_something_else_or_do_not_belong_together(
    files: Path, tmp_path: Path, new_domain: NewDomain
) -> None:
    generator = ["--generator", files / "generator.safetensors", "--neutral", "cat"]
    few = {
        key: value
        for key, value in load_file(files / "inversion.safetensors").items()
        if not key.startswith("styles.9.")
    } | {"latent_avg": torch.zeros(9, 32)}
    save_file(few, tmp_path / "short.safetensors")
    for arguments, words in (
        (["--generator", files / "mapper.safetensors", "--neutral", "cat"], "DeltaMapper"),
        ([*generator, "--clip", files / "identity.safetensors"], "ArcFace"),
        ([*generator, "--encoder", tmp_path / "short.safetensors"], "makes w+ of 9 rows"),
        ([*generator, "--class", "1"], "leave the class out"),
        (["--generator", files / "clip.safetensors", "--neutral", "cat"], "give it as --clip"),
        ([*generator, "--clip", "ViT-L14"], "did you mean ViT-L-14"),
        ([*generator, "--clip", "ViT-L-14-280"], "nobody has published weights"),
        (["--renderer", "--neutral", "cat"], "--neutral needs --generator"),
    ):
        code, _, err = new_domain(tmp_path / "new", *arguments)
        assert (code, words in err, err.count("\n")) == (2, True, 1), err
        assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("drawn", [True, False])
def test_a_disk_that_fills_half_way_leaves_nothing_in_the_way(
    drawn: bool,
    files: Path,
    tmp_path: Path,
    new_domain: NewDomain,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = ["--generator", files / "generator.safetensors", "--neutral", "cat"]
    arguments = [tmp_path / "mine", *(["--renderer"] if drawn else given)]

    def replaced(source: Path, target: Path) -> None:
        if target.name == "domain.json":
            raise OSError(28, "No space left on device")
        source.rename(target)

    with monkeypatch.context() as full:
        full.setattr("deltaedit_kit.support.atomic.os.replace", replaced)
        code, _, err = new_domain(*arguments)
    assert (code, err.count("\n")) == (cli.WRONG_INPUT, 1)
    assert "No space left" in err
    assert not list((tmp_path / "mine").iterdir())
    assert new_domain(*arguments)[0] == 0


@pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")
@pytest.mark.parametrize("kind", ["--generator", "--renderer"])
def test_nothing_is_written_through_a_link(
    kind: str, files: Path, tmp_path: Path, new_domain: NewDomain
) -> None:
    given = [kind] if kind == "--renderer" else [kind, files / "generator.safetensors"]
    (tmp_path / "mine").mkdir()
    for name in ("generator.safetensors", "renderer.py"):
        (tmp_path / "mine" / name).symlink_to(tmp_path / "elsewhere")
    word = [] if kind == "--renderer" else ["--neutral", "cat"]
    code, _, err = new_domain(tmp_path / "mine", *given, *word)
    assert (code, "is there already" in err, err.count("\n")) == (2, True, 1), err
    assert not (tmp_path / "elsewhere").exists()


def test_the_command_that_comes_next_can_be_pasted(tmp_path: Path, new_domain: NewDomain) -> None:
    _, out, _ = new_domain(tmp_path / "my domains" / "cups", "--renderer")
    last = out.strip().rpartition("then: ")[2]
    assert shlex.split(last)[:3] == ["deltaedit", "build", str(tmp_path / "my domains" / "cups")]
