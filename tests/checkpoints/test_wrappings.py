"""State dicts as people save them: wrappings, prefixes, forms of the mean code, without noise."""

from __future__ import annotations

import argparse
import io
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from deltaedit_kit.io.checkpoints.converting import convert
from deltaedit_kit.io.checkpoints.describing import describe
from deltaedit_kit.io.checkpoints.kind import find
from deltaedit_kit.io.checkpoints.loaders import (
    load_arcface,
    load_clip,
    load_delta_mapper,
    load_e4e,
    load_relevance,
    load_stylegan2,
)
from deltaedit_kit.support.errors import DeltaEditError
from tests.checkpoints import small
from tests.checkpoints.nvidia import ada_pickle, tf_pickle

MAKERS = {
    "stylegan2": (lambda: small.generator().state_dict(), load_stylegan2),
    "delta_mapper": (lambda: small.mapper().state_dict(), load_delta_mapper),
    "e4e": (lambda: small.e4e().state_dict(), load_e4e),
    "arcface": (lambda: small.arcface().state_dict(), load_arcface),
    "clip": (small.clip_state, lambda path: load_clip(path).model),
}


def test_one_dict_in_hundreds_of_places_is_looked_at_once(tmp_path: Path) -> None:
    """Each place times each prefix took minutes for a file of 170 kB."""
    names = ("g_ema.", "params_ema.", "ema.", "module.", "generator.", "net.", "model.", "G.")
    wrapped = ("g_ema", "params_ema", "ema", "state_dict", "generator", "model", "net", "params")
    prefixes = ["".join(parts) for k in range(4) for parts in product(names, repeat=k)]
    deepest = {f"{prefix}input.input": torch.zeros(1) for prefix in prefixes}
    middle = dict.fromkeys(wrapped, deepest)
    torch.save(dict.fromkeys(wrapped, middle), path := tmp_path / "x.pt")
    looked: list[int] = []

    class Counted(dict):
        def __iter__(self):
            looked.append(1)
            return super().__iter__()

    assert find(dict.fromkeys(wrapped, dict.fromkeys(wrapped, Counted(deepest))), "no.such") is None
    assert len(looked) == 1
    with pytest.raises(DeltaEditError):
        load_stylegan2(path)


def spoilt(state: dict) -> dict:
    """Another network of the same sizes."""
    return {key: value + 1 for key, value in state.items()}


def prefixed(prefix: str, state: dict) -> dict:
    return {f"{prefix}{key}": value for key, value in state.items()}


WRAPPINGS = {
    "bare": lambda state: state,
    "parallel": lambda state: prefixed("module.", state),
    "compiled": lambda state: prefixed("_orig_mod.module.", state),
    "state_dict": lambda state: {"epoch": 3, "state_dict": prefixed("model.", state)},
    "net": lambda state: {"net": state, "optimizer": {"lr": 0.1}},
    "params_ema": lambda state: {"params": prefixed("x.", state), "params_ema": state},
    "model in state_dict": lambda state: {"model": {"state_dict": prefixed("net.", state)}},
    "generator": lambda state: {"generator": prefixed("module.", state)},
    "ema of others": lambda state: {"netG": spoilt(state), "ema_state_dict": prefixed("g.", state)},
    "prefixes": lambda state: (
        prefixed("online_model.", spoilt(state)) | prefixed("ema_model.", state)
    ),
    "a part": lambda state: {"model": {"net": {"state_dict": prefixed("decoder.g.", state)}}},
    "twice": lambda state: {"model": state, "state_dict": prefixed("module.", state)},
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("kind", MAKERS)
def test_every_network_from_every_wrapping(kind: str, wrapping: str, tmp_path: Path) -> None:
    make, load = MAKERS[kind]
    state = make()
    torch.save(WRAPPINGS[wrapping](state), path := tmp_path / "x.pt")
    small.assert_same(load(path).state_dict(), state)


@pytest.mark.parametrize("container", ["zip", "legacy", "safetensors"])
@pytest.mark.parametrize("kind", MAKERS)
def test_every_network_from_every_container(kind: str, container: str, tmp_path: Path) -> None:
    make, load = MAKERS[kind]
    state = make()
    path = small.write(state, tmp_path / "cat.jpg", container)  # the name says nothing
    small.assert_same(load(path).state_dict(), state)


def test_the_averaged_generator_is_taken_before_the_other(tmp_path: Path) -> None:
    state = small.generator().state_dict()
    for name in ("g_ema", "G_ema", "model_ema", "generator_ema", "netG_ema", "params-ema", "g_avg"):
        averaged = {name: prefixed("module.", state), "d": {"final_linear.0.weight": torch.ones(1)}}
        torch.save({"g": spoilt(state)} | averaged, path := tmp_path / "g.pt")
        small.assert_same(load_stylegan2(path).state_dict(), state)
        assert f"'{name}.module.' of 2" in describe(path).format  # which one is said
    torch.save({"G_A": state, "G_B": spoilt(state)}, path)
    for refused in (load_stylegan2, describe, lambda p: convert(p, tmp_path / "x.safetensors")):
        with pytest.raises(DeltaEditError, match=r"g\.pt.* 2 networks of a kind .'G_A\.', 'G_B\.'"):
            refused(path)


def test_an_encoders_file_has_its_generator_too(tmp_path: Path) -> None:
    made, state = small.e4e(), small.generator().state_dict()
    tree = small.e4e_file(made)
    del tree["state_dict"]["decoder.x"]
    tree["state_dict"] |= prefixed("decoder.", state)
    torch.save(tree, path := tmp_path / "e4e.pt")
    assert describe(path).what == "e4e encoder"
    small.assert_same(load_e4e(path).state_dict(), made.state_dict())
    del tree["latent_avg"]  # of an encoder of other sizes than this generator's
    torch.save(tree, path)
    small.assert_same(load_stylegan2(path).state_dict(), state)


MEANS = {
    "tensor": lambda mean: mean,
    "array": lambda mean: mean.numpy(),
    "array of doubles": lambda mean: mean.double().numpy(),
    "list": lambda mean: mean.tolist(),
    "one row": lambda mean: mean[None],
    "rows": lambda mean: mean[None].repeat(10, 1),
    "batch of rows": lambda mean: mean[None, None].repeat(1, 10, 1),
    "list of rows": lambda mean: mean[None].repeat(10, 1).tolist(),
    "list of tensors": lambda mean: [mean, mean],
    "expanded": lambda mean: mean.expand(10, -1),
}


@pytest.mark.parametrize("form", MEANS)
@pytest.mark.parametrize("place", ["inside", "beside", "of an encoder"])
def test_the_mean_code_in_every_form(form: str, place: str, tmp_path: Path) -> None:
    path, load, made = tmp_path / "x.pt", load_stylegan2, small.generator()
    expected = made.mean_w
    assert expected is not None
    mean, state = {"latent_avg": MEANS[form](expected)}, made.state_dict()
    if place == "of an encoder":
        load, expected = load_e4e, torch.randn(small.WIDTHS[3])
        rows = MEANS[form](expected)
        rows = rows[:1] if form == "list of tensors" else rows  # ten of them, or one
        torch.save(small.e4e_file(small.e4e()) | {"latent_avg": rows}, path)
        expected = expected.expand(10, -1)
    else:
        torch.save({"g_ema": state | mean} if place == "inside" else {"g_ema": state} | mean, path)
    for file in (path, convert(path, tmp_path / "x.safetensors")):
        assert describe(file).sizes["mean_w"] == "stored"
        assert torch.equal(load(file).mean_w, expected)


@pytest.mark.slow
@pytest.mark.parametrize(
    "mean",
    [
        *(torch.zeros(7), np.zeros((2, 5)), "text", [1.0, "x"], {"a": 1}, [float("inf")] * 16),
        *(torch.full((32,), float("nan")), torch.full((10, 16), float("nan")), [float("nan")] * 32),
    ],
    ids=str,
)
def test_a_mean_code_that_is_none_is_named(mean: Any, tmp_path: Path) -> None:
    torch.save(
        {"g_ema": small.generator().state_dict(), "latent_avg": mean}, path := tmp_path / "g"
    )
    torch.save(small.e4e_file(small.e4e()) | {"latent_avg": mean}, encoder := tmp_path / "e")
    for load, file in ((load_stylegan2, path), (load_e4e, encoder)):
        with pytest.raises(DeltaEditError, match="latent_avg") as refusal:
            load(file)
        assert "fetch it again" not in str(refusal.value)
        assert ("NaN" in str(refusal.value)) == ("nan" in str(mean))
        assert "latent_avg" in describe(file).problem
        with pytest.raises(DeltaEditError, match="latent_avg"):
            convert(file, tmp_path / "x.safetensors")


def test_a_mean_code_of_rows_that_differ_and_one_that_is_absent(tmp_path: Path) -> None:
    tree = {"g_ema": small.generator().state_dict()}
    width = tree["g_ema"]["style.1.weight"].shape[1]
    torch.save(tree | {"latent_avg": torch.randn(10, width)}, path := tmp_path / "g.pt")
    with pytest.raises(DeltaEditError, match="10 rows that differ"):
        load_stylegan2(path)
    torch.save(tree, path)
    for file in (path, convert(path, tmp_path / "g.safetensors")):
        assert describe(file).sizes["mean_w"] == "not stored"
        assert load_stylegan2(file).mean_w is None


@pytest.mark.slow
@pytest.mark.parametrize("start", [False, 0])
@pytest.mark.parametrize("options", [argparse.Namespace, dict])
def test_codes_that_are_no_offsets(options: type, start: object, tmp_path: Path) -> None:
    """`start_from_latent_avg=False`: the network's outputs are w+ themselves."""
    made = small.e4e().eval()
    opts = options(encoder_type="Encoder4Editing", start_from_latent_avg=start)
    torch.save(small.e4e_file(made) | {"opts": opts}, path := tmp_path / "e4e.pt")
    pictures = torch.rand(1, 3, 256, 256) * 2 - 1
    for file in (path, convert(path, tmp_path / "e.safetensors")):
        torch.testing.assert_close(load_e4e(file)(pictures), made.offsets(pictures))
        assert "no offsets" in describe(file).sizes["mean_w"]


@pytest.mark.parametrize("form", ["pt", "ada", "tf", "ada state dict"])
def test_a_generator_without_noise_draws_the_same(form: str, tmp_path: Path) -> None:
    made = small.generator()
    for key, value in made.state_dict().items():
        if key.endswith("noise.weight"):
            value.zero_()
    path = tmp_path / "network"
    if form in ("ada", "tf"):
        write = ada_pickle if form == "ada" else tf_pickle
        path.write_bytes(write(made, without="noise"))
    else:
        state = made.state_dict()
        if form == "ada state dict":
            from tests.checkpoints.nvidia import ada_state

            state = ada_state(made)
        torch.save({key: x for key, x in state.items() if "noise" not in key}, path)
    read = load_stylegan2(path)
    w_plus = made.expand(made.mapping(torch.randn(2, made.style_dim)))
    with torch.no_grad():
        torch.testing.assert_close(
            read.synthesize(read.to_style(w_plus), w_plus),
            made.synthesize(made.to_style(w_plus), w_plus),
        )
    assert describe(path).sizes["noise"] == "none"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda r: 3 * r, "3 to 3 long"),
        (lambda r: r * torch.linspace(0.5, 1, len(r))[:, None], "0.5 to 1 long"),
        (lambda r: r.index_fill(0, torch.tensor([2]), float("nan")), "holds NaN"),
        (lambda r: r.index_fill(0, torch.tensor([2]), float("inf")), "infinity"),
    ],
)
@pytest.mark.parametrize("form", ["npy", "safetensors", "pt"])
def test_a_relevance_matrix_that_is_none_says_why(spoil, words, form, tmp_path: Path) -> None:
    matrix = spoil(torch.nn.functional.normalize(torch.randn(40, 12), dim=1))
    path = tmp_path / f"r.{form}"
    if form == "npy":
        np.save(path, matrix.numpy())
    else:
        small.write({"relevance": matrix}, path, form if form == "safetensors" else "zip")
    with pytest.raises(DeltaEditError, match=words) as refusal:
        load_relevance(path)
    assert "fetch it again" not in str(refusal.value)


def test_a_file_of_bytes_is_read_as_its_path(tmp_path: Path, monkeypatch) -> None:
    """ "~" in a path, as a terminal would understand it; a user that is not there is one line."""
    monkeypatch.setenv("HOME", str(tmp_path))
    stream = io.BytesIO()
    torch.save(small.mapper().state_dict(), stream)
    (tmp_path / "m.pt").write_bytes(stream.getvalue())
    assert load_delta_mapper("~/m.pt").clip_width == small.CLIP_WIDTH
    with pytest.raises(DeltaEditError, match="does not exist"):
        load_delta_mapper("~nosuchuser/m.pt")


@pytest.mark.parametrize("dtype", [torch.int8, torch.int32, torch.complex64, torch.bool])
def test_weights_that_are_no_floats_are_called_so(dtype: torch.dtype, tmp_path: Path) -> None:
    path = tmp_path / "generator.safetensors"
    save_file({key: x.to(dtype) for key, x in small.generator().state_dict().items()}, path)
    with pytest.raises(DeltaEditError, match="floats"):
        load_stylegan2(path)
