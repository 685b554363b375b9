"""`deltaedit codes` and `deltaedit train`, end to end on a tiny domain; the examiner of edits."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from deltaedit_kit.codes import CodeStore
from deltaedit_kit.domain.spec import PublishedFile
from deltaedit_kit.io import loading
from deltaedit_kit.labs.cli import main as cli
from deltaedit_kit.labs.cli import train
from deltaedit_kit.labs.cli.places import home_of
from deltaedit_kit.labs.training.edit_accuracy import EditAccuracy
from deltaedit_kit.labs.training.experiment import ExperimentConfig
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.support.errors import DeltaEditError
from tests.tiny_domain import tiny_domain

TRAIN = ("--steps", "4", "--batch", "8", "--held-out", "0.2", "--report-every", "2")


@pytest.fixture
def tiny(monkeypatch):
    domain = tiny_domain()
    monkeypatch.setattr(loading, "load_domain", lambda *_, **__: domain, raising=False)
    return domain


def test_codes_then_training_then_a_mapper_that_loads(tiny, tmp_path, capsys):
    store, run = str(tmp_path / "codes"), str(tmp_path / "run")
    assert cli.main(["codes", "tiny", "--samples", "20", "--out", store, "--chunk", "8"]) == 0
    assert "20 codes of tiny" in capsys.readouterr().out
    assert CodeStore.open(store).complete
    assert cli.main(["train", "tiny", "--codes", store, "--out", run, *TRAIN]) == 0
    printed = capsys.readouterr().out
    assert "step 4  loss" in printed
    assert "of peak" in printed
    state = load_file(f"{run}/mapper.safetensors")
    assert DeltaMapper.from_state_dict(state, tiny.layout).clip_width == tiny.clip.width
    assert cli.main(["train", "tiny", "--codes", store, "--out", run, *TRAIN]) == 0  # done before
    printed = capsys.readouterr().out
    assert "step 4  held out" in printed
    assert "nan" not in printed


def test_without_folders_both_use_the_domains_own(tiny, tmp_path, capsys):
    tiny._folder = tmp_path / "own"
    assert cli.main(["codes", "tiny", "--samples", "20"]) == 0
    assert CodeStore.open(tmp_path / "own" / "codes").complete
    assert cli.main(["train", "tiny", *TRAIN]) == 0
    assert f"saved {tmp_path / 'own' / 'mapper.safetensors'}" in capsys.readouterr().out


def test_a_place_that_cannot_be_is_refused_before_the_work(tiny, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(
        "deltaedit_kit.io.checkpoints.arrays.open_codes",
        lambda *_: pytest.fail("opened codes"),
    )
    (tmp_path / "file").write_text("")
    assert cli.main(["train", "tiny", "--out", str(tmp_path / "file"), *TRAIN]) == 2
    assert "is not a folder; give another" in capsys.readouterr().err


@pytest.mark.parametrize(
    "variant", [["--no-image"], ["--group", "fine"], ["--space", "w_plus"]], ids=str
)
def test_an_ablation_does_not_take_the_place_of_the_domains_mapper(tiny, tmp_path, capsys, variant):
    tiny._folder = tmp_path / "own"
    assert cli.main(["train", "tiny", *variant]) == 2
    assert "with --out" in capsys.readouterr().err


def test_a_mapper_that_nobody_would_read_needs_a_place(tiny, tmp_path, capsys):
    for given in (
        {"files": {"mapper": "mapper.safetensors"}},  # comes with the kit
        {"published": {"mapper": (PublishedFile("net_face.pth"),)}},
    ):
        tiny.spec = replace(tiny.spec, **given)
        assert cli.main(["train", "tiny"]) == 2
        assert "has a mapper already" in capsys.readouterr().err
    declared = {"mapper": (PublishedFile("mapper.safetensors"),)}  # one's own, to be made
    tiny.spec = replace(tiny.spec, files={}, published=declared)
    tiny._folder = tmp_path
    assert home_of(tiny, "mapper") == tmp_path / "mapper.safetensors"


@pytest.mark.parametrize("network", ["mapper", "relevance"])
def test_a_network_that_lies_there_is_not_replaced(tiny, tmp_path, capsys, network):
    """As `deltaedit build` leaves it: hours of another command must not end in its place."""
    tiny._folder = tmp_path
    (tmp_path / f"{network}.safetensors").write_bytes(b"of a build")
    command = {"mapper": ["train", "tiny"], "relevance": ["relevance", "tiny"]}[network]
    assert cli.main(command) == 2
    said = capsys.readouterr().err
    assert (said.count("\n"), "--out" in said, f"{network}.safetensors" in said) == (1, True, True)
    assert (tmp_path / f"{network}.safetensors").read_bytes() == b"of a build"


def test_a_training_that_lies_beside_its_mapper_goes_on(tiny, tmp_path, capsys):
    tiny._folder = tmp_path
    assert cli.main(["codes", "tiny", "--samples", "20"]) == 0
    assert cli.main(["train", "tiny", *TRAIN]) == 0
    before = (tmp_path / "mapper.safetensors").read_bytes()
    assert cli.main(["codes", "tiny", "--samples", "20"]) == 0  # a script, run again
    assert cli.main(["train", "tiny", *TRAIN]) == 0
    assert "step 4  held out" in capsys.readouterr().out
    assert (tmp_path / "mapper.safetensors").read_bytes() == before


def test_a_folder_is_no_domains_name(tmp_path, capsys, monkeypatch):
    """Released arrays do not say whose they are, and a mapper's header must."""
    domain = tiny_domain("mine")
    monkeypatch.setattr(loading, "load_domain", lambda *_, **__: domain)
    faces = domain.sample(20, truncation=1.0)
    for space, codes in (("s", faces.s), ("c", faces.clip), ("wplus", faces.w_plus)):
        name = space if space == "wplus" else f"{space}space"
        np.save(tmp_path / f"{name}_noise_feat.npy", codes.numpy())
    folders = ("--codes", str(tmp_path), "--out", str(tmp_path / "run"))
    assert cli.main(["train", "./a folder", *folders, *TRAIN]) == 0, capsys.readouterr().err
    with safe_open(str(tmp_path / "run" / "mapper.safetensors"), "pt") as stored:
        assert stored.metadata()["domain"] == "mine"


def test_what_a_user_can_put_right_is_one_line(tiny, tmp_path, capsys):
    store = str(tmp_path / "codes")
    assert cli.main(["codes", "tiny", "--out", store]) == 2
    assert "either --samples N or --photos" in capsys.readouterr().err
    assert cli.main(["codes", "tiny", "--samples", "0", "--out", store]) == 2
    assert cli.main(["codes", "tiny", "--samples", "8", "--out", store]) == 0
    with torch.no_grad():
        tiny.generator.style[1].weight += 1
    tiny._fingerprints.clear()  # computed once: networks do not change while they are used
    capsys.readouterr()
    assert cli.main(["train", "tiny", "--codes", store, "--out", store, *TRAIN]) == 2
    assert "made with other networks" in capsys.readouterr().err
    assert cli.main(["train", "tiny", "--codes", str(tmp_path), "--out", store, *TRAIN]) == 2
    assert "holds no codes" in capsys.readouterr().err


def test_another_mapper_leaves_the_domain_as_it_was(tiny):
    other = DeltaMapper(tiny.layout, tiny.clip.width)
    copied = tiny.with_mapper(other)
    assert copied.mapper is other
    assert tiny.mapper is not other
    assert copied.generator is tiny.generator
    with pytest.raises(DeltaEditError, match="no oracle"):
        EditAccuracy(tiny_domain(oracle=False))


@pytest.mark.slow
def test_edit_accuracy_tells_a_mapper_that_edits_from_one_that_does_not(toyfaces):
    names = ("glasses", "dark_skin")
    accuracy = EditAccuracy(toyfaces, names=names, faces=3)
    asleep = DeltaMapper(toyfaces.layout, toyfaces.clip.width)
    with torch.no_grad():
        for weight in asleep.parameters():
            weight.zero_()
    assert accuracy(asleep) == 0.0  # every face lacks what is asked
    assert accuracy(toyfaces.mapper) > 0.5
    in_w = EditAccuracy(toyfaces, ExperimentConfig(space="w_plus"), names=names, faces=2)
    from deltaedit_kit.stylespace import StyleLayout

    rows, width = toyfaces.generator.latent_rows, toyfaces.generator.style_dim
    still = DeltaMapper(StyleLayout((width,) * rows), toyfaces.clip.width)
    with torch.no_grad():
        for weight in still.parameters():
            weight.zero_()
    assert in_w(still) == 0.0


def test_compile_without_a_compiler_is_told_before_anything_loads(
    capsys, monkeypatch, tmp_path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    code = cli.main(["train", "toyfaces", "--compile", "--out", str(tmp_path / "out")])
    assert code == 2
    assert "--compile needs a C++ compiler; install one" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_defaults_in_the_help_are_those_of_the_config() -> None:
    config, compared = ExperimentConfig(), 0
    for option, (_, meaning) in train.SETTINGS.items():
        default = getattr(config, option.split()[0][2:].replace("-", "_"))
        if stated := re.search(r"default ([\d.]+)", meaning):
            assert float(stated[1]) == default, option
            compared += 1
    assert compared > 10
