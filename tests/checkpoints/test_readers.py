"""Every reader, every container: what went in comes out, whatever the file is called."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from deltaedit_kit.io.checkpoints.arrays import open_codes
from deltaedit_kit.io.checkpoints.loaders import (
    load_arcface,
    load_delta_mapper,
    load_e4e,
    load_relevance,
    load_stylegan2,
)
from deltaedit_kit.io.checkpoints.reading import read
from deltaedit_kit.io.checkpoints.stylegan2_ada import LR_MUL
from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.support.errors import DeltaEditError
from tests.checkpoints import small
from tests.checkpoints.nvidia import ada_pickle, tf_pickle


@pytest.mark.parametrize("container", ["zip", "legacy"])
@pytest.mark.parametrize("with_mean", [True, False])
def test_the_rosinality_wrapping(container: str, with_mean: bool, tmp_path: Path) -> None:
    made = small.generator()
    tree = {"g": {}, "g_ema": made.state_dict()} | (
        {"latent_avg": made.mean_w} if with_mean else {}
    )
    read = load_stylegan2(small.write(tree, tmp_path / "g.pt", container))
    small.assert_same(read.state_dict(), made.state_dict())
    assert (read.mean_w is not None) == with_mean
    if with_mean:
        assert torch.equal(read.mean_w, made.mean_w)
    assert not read.training
    assert not any(value.requires_grad for value in read.parameters())


def test_files_from_before_noise_was_stored_get_the_same_noise_each_time(tmp_path: Path) -> None:
    made = small.generator()
    tree = {key: value for key, value in made.state_dict().items() if "noises" not in key}
    path = small.write({"g_ema": tree}, tmp_path / "old.pt", "zip")
    one, two = load_stylegan2(path), load_stylegan2(path)
    small.assert_same(one.state_dict(), two.state_dict())
    assert float(one.noises.get_buffer("noise_0").std()) > 0.5


@pytest.mark.parametrize("make", [ada_pickle, tf_pickle])
def test_nvidia_pickles_become_the_generator_they_were_made_from(make, tmp_path: Path) -> None:
    made = small.generator()
    for values in (*made.style.parameters(), made.conv1.noise.weight):
        torch.nn.init.normal_(values.requires_grad_(False))
    path = tmp_path / "network.pkl"
    path.write_bytes(make(made))
    read = load_stylegan2(path)
    assert read.state_dict().keys() == made.state_dict().keys()
    for key, value in made.state_dict().items():
        torch.testing.assert_close(read.state_dict()[key], value, msg=key)
    z = torch.randn(2, made.style_dim)
    with torch.no_grad():
        torch.testing.assert_close(read(z, truncation=0.7), made(z, truncation=0.7))


def test_another_learning_rate_of_the_mapping_network_is_made_up_for(tmp_path: Path) -> None:
    made = small.generator()
    path = tmp_path / "network.pkl"
    path.write_bytes(tf_pickle(made, mapping_lrmul=0.02))
    read = load_stylegan2(path)
    torch.testing.assert_close(read.style.state_dict()["1.weight"], made.style[1].weight.data * 2)


@pytest.mark.parametrize(
    ("make", "settings", "words"),
    [
        (ada_pickle, {"c_dim": 10}, "class-conditional"),
        (tf_pickle, {"label_size": 10}, "class-conditional"),
        (tf_pickle, {"architecture": "resnet"}, "architecture"),
        (tf_pickle, {"version": 3}, "StyleGAN1"),
    ],
)
def test_other_networks_of_nvidia_are_refused(make, settings, words, tmp_path: Path) -> None:
    path = tmp_path / "network.pkl"
    path.write_bytes(make(small.generator(), **settings))
    with pytest.raises(DeltaEditError, match=words) as refusal:
        load_stylegan2(path)
    assert str(path) in str(refusal.value)


def test_one_class_of_a_class_conditional_generator(tmp_path: Path) -> None:
    made, classes, k = small.generator(), 5, 6
    d = made.style_dim
    weight, embed, bias = torch.randn(d, d + k), torch.randn(k, classes), torch.randn(k)
    beside = {
        "mapping.fc0.weight": weight / LR_MUL,
        "mapping.embed.weight": embed,
        "mapping.embed.bias": bias,
    }
    path = tmp_path / "network.pkl"
    path.write_bytes(ada_pickle(made, replaced=beside, c_dim=classes))
    read, z = load_stylegan2(path, label=3), torch.randn(4, d)
    assert read.mean_w is None

    def unit(x: torch.Tensor) -> torch.Tensor:
        return x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()

    label = torch.eye(classes)[[3] * 4]
    both = torch.cat([unit(z), unit(label @ embed.T / classes**0.5 + bias)], dim=1)
    first = both @ weight.T / (d + k) ** 0.5 + made.style[1].bias * LR_MUL
    first = torch.nn.functional.leaky_relu(first, 0.2) * 2**0.5
    with torch.no_grad():
        torch.testing.assert_close(read.mapping(z), made.style[2:](first))
    for label, words in ((None, "--class 0"), (5, "no class 5"), (-1, "give 0 to 4")):
        with pytest.raises(DeltaEditError, match=words):
            load_stylegan2(path, label)
    path.write_bytes(ada_pickle(made))
    with pytest.raises(DeltaEditError, match="leave the class out"):
        load_stylegan2(path, 0)
    path.write_bytes(tf_pickle(made))
    with pytest.raises(DeltaEditError, match="leave the class out"):
        load_stylegan2(path, 0)


def test_a_mapper_and_its_sizes(tmp_path: Path) -> None:
    path = small.write(small.mapper().state_dict(), tmp_path / "net_face.pth", "zip")
    read = load_delta_mapper(path)
    assert (read.layout.total, read.clip_width) == (small.LAYOUT.total, small.CLIP_WIDTH)
    loaded = load_delta_mapper(path, small.LAYOUT)
    assert loaded.layout == small.LAYOUT
    inputs = torch.randn(2, small.LAYOUT.total), torch.randn(2, 12), torch.randn(2, 12)
    assert torch.equal(read(*inputs), loaded(*inputs))


def test_a_mapper_of_another_domain_is_refused(tmp_path: Path) -> None:
    path = small.write(small.mapper().state_dict(), tmp_path / "net.pth", "zip")
    with pytest.raises(DeltaEditError, match="another domain") as refusal:
        load_delta_mapper(path, StyleLayout((16,) * 10))
    assert str(path) in str(refusal.value)


@pytest.mark.parametrize("container", ["zip", "legacy"])
def test_e4e_with_its_namespace(container: str, tmp_path: Path) -> None:
    made = small.e4e()
    tree = small.e4e_file(made) | {"opts": argparse.Namespace(device="cuda", stylegan_size=64)}
    read = load_e4e(small.write(tree, tmp_path / "e4e.pt", container))
    small.assert_same(read.state_dict(), made.state_dict())
    assert torch.equal(read.mean_w, made.mean_w)
    pictures = torch.rand(1, 3, 256, 256)
    torch.testing.assert_close(read(pictures) - read.mean_w, made.eval().offsets(pictures))


def test_e4e_without_its_mean_code_says_so_when_it_is_asked(tmp_path: Path) -> None:
    read = load_e4e(
        small.write(small.e4e().state_dict(), tmp_path / "e.safetensors", "safetensors")
    )
    with pytest.raises(DeltaEditError, match="latent_avg"):
        read(torch.zeros(1, 3, 256, 256))


def test_relevance_from_npy_and_safetensors(tmp_path: Path) -> None:
    matrix = torch.nn.functional.normalize(torch.randn(40, 12), dim=1)
    matrix[3] = 0  # a channel without effect
    np.save(tmp_path / "fs3.npy", matrix.numpy())
    path = small.write({"relevance": matrix}, tmp_path / "r.safetensors", "safetensors")
    assert torch.equal(load_relevance(tmp_path / "fs3.npy"), matrix)
    assert torch.equal(load_relevance(path), matrix)
    np.save(tmp_path / "codes.npy", 5 * matrix.numpy())
    with pytest.raises(DeltaEditError, match="train --codes"):
        load_relevance(tmp_path / "codes.npy")


def test_codes_are_mapped_and_not_read(tmp_path: Path) -> None:
    for space, width in (("s", 6048), ("c", 512)):  # 5.2 GB; files of holes take no disk
        path, shape = tmp_path / f"{space}space_noise_feat.npy", (200_000, width)
        np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape).flush()
    store = open_codes(tmp_path)
    assert len(store) == 200_000
    assert float(store.shards[0].s[123_456].sum()) == 0.0


@pytest.mark.parametrize("container", ["zip", "legacy"])
def test_torch_files_are_read_as_torch_reads_them(container: str, tmp_path: Path) -> None:
    base = torch.randn(6, 5)
    state = {
        "float": base,
        "view": base.t()[1:, ::2],
        "half": torch.randn(4).half(),
        "bfloat16": torch.randn(3).bfloat16(),
        "long": torch.arange(5),
        "bool": torch.tensor([True, False]),
        "scalar": torch.tensor(2.5),
        "empty": torch.empty(0, 3),
        "parameter": torch.nn.Parameter(torch.randn(2, 2)),
    }
    other = {"step": 7, "size": torch.Size([2, 3]), "dtype": torch.int64, "seen": Counter("aab")}
    path = small.write({"inner": state, **other}, tmp_path / "x.pt", container)
    ours, theirs = read(path).tree, torch.load(path, weights_only=True)
    assert ours["step"] == theirs["step"] == 7
    assert (ours["size"], ours["dtype"]) == ((2, 3), "torch.int64")
    assert ours["seen"] == {"a": 2, "b": 1}
    small.assert_same(ours["inner"], theirs["inner"])
    assert [ours["inner"][key].dtype for key in state] == [value.dtype for value in state.values()]


def test_asking_the_wrong_reader_names_the_right_one(tmp_path: Path) -> None:
    path = small.write(small.mapper().state_dict(), tmp_path / "m.pt", "zip")
    with pytest.raises(
        DeltaEditError, match=r"no StyleGAN2.*a DeltaMapper; open it with load_delta"
    ):
        load_stylegan2(path)
    path = small.write({"weird": torch.zeros(1)}, tmp_path / "w.pt", "zip")
    with pytest.raises(DeltaEditError, match="weird"):
        load_arcface(path)
