"""Damaged, cut and misleading files: one line that names file, cause and remedy, never a traceback.

A flipped bit in raw numbers is noticed where the container has a checksum (torch zip, safetensors
that the kit wrote); elsewhere the file may still be read, and then its numbers are finite.
"""

from __future__ import annotations

import io
import pickletools
from collections.abc import Callable
from functools import partial
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from deltaedit_kit.io.checkpoints.converting import convert
from deltaedit_kit.io.checkpoints.describing import describe
from deltaedit_kit.io.checkpoints.loaders import (
    load_arcface,
    load_clip,
    load_delta_mapper,
    load_e4e,
    load_relevance,
    load_stylegan2,
)
from deltaedit_kit.io.checkpoints.reading import read
from deltaedit_kit.support.errors import DeltaEditError
from tests.checkpoints import small
from tests.checkpoints.nvidia import ada_pickle, tf_pickle

FORMATS = ("zip", "legacy", "safetensors", "ada", "tf", "npy", "converted")
READERS = (
    load_stylegan2,
    load_delta_mapper,
    load_e4e,
    load_arcface,
    load_relevance,
    load_clip,
    describe,
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A small file of every format."""
    folder = tmp_path_factory.mktemp("whole")
    torch.manual_seed(0)
    generator = small.generator()
    for container in ("zip", "legacy", "safetensors"):
        small.write(small.mapper().state_dict(), folder / container, container)
    (folder / "ada").write_bytes(ada_pickle(generator))
    (folder / "tf").write_bytes(tf_pickle(generator))
    np.save(folder / "npy.npy", np.eye(20, dtype=np.float32))
    (folder / "npy.npy").rename(folder / "npy")
    convert(folder / "zip", folder / "converted.safetensors")
    (folder / "converted.safetensors").rename(folder / "converted")
    return {name: (folder / name).read_bytes() for name in FORMATS}


def opener(name: str) -> Callable[[Path], object]:
    """What opens the file of that format."""
    if name in ("ada", "tf"):
        return load_stylegan2
    return load_relevance if name == "npy" else load_delta_mapper


def assert_clear(error: DeltaEditError, path: Path) -> None:
    """One line: the file, then cause and remedy."""
    message = str(error)
    assert str(path) in message
    assert "\n" not in message
    assert 30 < len(message) - len(str(path)) < 500
    assert any(mark in message for mark in (";", ":")), message


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_cut_short_anywhere(name: str, whole: dict[str, bytes], tmp_path: Path) -> None:
    random, path, data = np.random.default_rng(7), tmp_path / "weights", whole[name]
    offsets = {*random.integers(0, len(data), 50).tolist(), 1, 9, len(data) - 1}
    for offset in sorted(offsets):
        path.write_bytes(data[:offset])
        with pytest.raises(DeltaEditError) as refusal:
            opener(name)(path)
        assert_clear(refusal.value, path)


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_flipped_bytes(name: str, whole: dict[str, bytes], tmp_path: Path) -> None:
    random, path, refused = np.random.default_rng(8), tmp_path / "weights", 0
    structure = random.integers(0, min(400, len(whole[name])), 15)
    for offset in (*structure.tolist(), *random.integers(0, len(whole[name]), 15).tolist()):
        data = bytearray(whole[name])
        data[offset] ^= 0xFF
        path.write_bytes(bytes(data))
        try:
            network = opener(name)(path)
        except DeltaEditError as error:
            assert_clear(error, path)
            refused += 1
        else:
            values = network.parameters() if isinstance(network, torch.nn.Module) else [network]
            assert all(bool(value.isfinite().all()) for value in values)
    assert refused >= 4


@pytest.mark.parametrize("name", ["zip", "converted"])
def test_a_flipped_number_is_noticed_where_there_is_a_checksum(
    name: str, whole: dict[str, bytes], tmp_path: Path
) -> None:
    path, data = tmp_path / "weights", bytearray(whole[name])
    data[len(data) // 2] ^= 1  # the lowest bit of some float in the middle
    path.write_bytes(bytes(data))
    with pytest.raises(DeltaEditError, match=r"CRC-32|checksum"):
        load_delta_mapper(path)


def test_no_flipped_bit_of_a_file_of_the_kit_goes_unnoticed(
    whole: dict[str, bytes], tmp_path: Path
) -> None:
    """48 places in numbers, names, shapes and text of what `convert` wrote."""
    random, path = np.random.default_rng(3), tmp_path / "weights"
    whole_file = whole["converted"]
    header = 8 + int.from_bytes(whole_file[:8], "little")
    places = [*random.integers(0, header, 16), *random.integers(header, len(whole_file), 32)]
    for place in map(int, places):
        data = bytearray(whole_file)
        data[place] ^= 1 << int(random.integers(8))
        path.write_bytes(bytes(data))
        with pytest.raises(DeltaEditError) as refusal:
            load_delta_mapper(path)
        assert_clear(refusal.value, path)


PAGE = b"\n<!DOCTYPE html><html><title>Google Drive - Quota exceeded</title>"
TERABYTE = (2**40).to_bytes(8, "little") + b'{"x":'
NO_CHECKPOINTS = {  # content -> what a refusal says of it
    b"": "empty",
    b"GIF89a and so on and on": "GIF89a",
    PAGE: "web page",
    b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n": "git lfs pull",
    TERABYTE: "1,099,511,627,776",
    b"\x1f\x8b\x08" + bytes(40): "unpack",
}


def plain_zip(path: Path) -> None:
    with ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")


def python_objects(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.mkdir(), "folder"),
        (plain_zip, "readme.txt"),
        (python_objects, "Python objects"),
        *((partial(Path.write_bytes, data=x), words) for x, words in NO_CHECKPOINTS.items()),
    ],
)
def test_what_is_no_checkpoint(make, words: str, tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    make(path)
    for reader in READERS:
        with pytest.raises(DeltaEditError, match=words) as refusal:
            reader(path)
        assert_clear(refusal.value, path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("container", ["zip", "safetensors"])
def test_weights_that_are_no_numbers(value: float, container: str, tmp_path: Path) -> None:
    state = small.mapper().state_dict()
    state["fm_coarse.mapping.0.bias"][3] = value
    path = small.write(state, tmp_path / "mapper", container)
    with pytest.raises(DeltaEditError, match=r"fm_coarse.mapping.0.bias holds (NaN|infinity)"):
        load_delta_mapper(path)
    described = describe(path)
    assert described.what == "DeltaMapper"
    assert "fm_coarse.mapping.0.bias" in described.problem
    matrix = np.eye(5, dtype=np.float32)
    matrix[2, 2] = value
    np.save(tmp_path / "r.npy", matrix)
    with pytest.raises(DeltaEditError, match="relevance holds"):
        load_relevance(tmp_path / "r.npy")


@pytest.mark.parametrize(
    "spoil",
    [
        {"conv1.activate.bias": None},  # missing
        {"convs.0.another.weight": torch.zeros(2)},
        {"convs.1.conv.weight": torch.zeros(1, 16, 16, 1, 1)},
        {"style.1.weight": torch.zeros(8, 8)},
        {"latent_avg": torch.zeros(7)},
        {"input.input": "not a tensor"},
    ],
    ids=lambda spoil: next(iter(spoil)),
)
def test_parts_that_do_not_belong_together(spoil: dict[str, object], tmp_path: Path) -> None:
    state = small.generator().checkpoint() | spoil
    torch.save({key: x for key, x in state.items() if x is not None}, tmp_path / "g.pt")
    with pytest.raises(DeltaEditError) as refusal:
        load_stylegan2(tmp_path / "g.pt")
    assert_clear(refusal.value, tmp_path / "g.pt")


def test_sizes_that_a_file_only_claims_cost_nothing(tmp_path: Path) -> None:
    """Thirty upsampling layers would be a picture of 2^32 pixels a side."""
    state = small.generator().state_dict()
    for layer in range(60):
        state[f"convs.{layer}.conv.weight"] = torch.zeros(1, 1, 1, 1, 1)
    path = small.write(state, tmp_path / "huge.safetensors", "safetensors")
    with pytest.raises(DeltaEditError, match="px, and 4096 is the most") as refusal:
        load_stylegan2(path)
    assert_clear(refusal.value, path)


def test_a_file_that_cannot_be_opened_or_named() -> None:
    for name in ("a\0b", "x" * 5000, 7, None):
        with pytest.raises(DeltaEditError):
            read(name)  # pyright: ignore[reportArgumentType]


def test_reading_a_terabyte_header_takes_no_memory(tmp_path: Path) -> None:
    import tracemalloc

    (tmp_path / "x").write_bytes(TERABYTE)
    tracemalloc.start()
    with pytest.raises(DeltaEditError):
        read(tmp_path / "x")
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_a_refused_conversion_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "page.pt").write_bytes(PAGE)
    state = small.mapper().state_dict()
    state["fm_coarse.mapping.0.bias"][0] = float("nan")
    save_file(state, tmp_path / "nan.pt")
    for name in ("page.pt", "nan.pt"):
        with pytest.raises(DeltaEditError):
            convert(tmp_path / name, tmp_path / "out" / "x.safetensors")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize("step", [b"\x85", b"\x85\x94", b"K\x01\x86", b"2\x86"])
def test_tuples_inside_tuples_do_not_end_the_interpreter(step: bytes, tmp_path: Path) -> None:
    """Hashing the key of a dictionary would descend a hundred thousand levels in C."""
    path = tmp_path / "deep.pt"
    path.write_bytes(b"\x80\x04}()" + step * 100_000 + b"K\x01u.")
    with pytest.raises(DeltaEditError, match="tuples into each other"):
        read(path)


@pytest.mark.parametrize("container", ["zip", "legacy"])
def test_nor_do_they_in_a_torch_file(container: str, tmp_path: Path) -> None:
    """torch's own reader builds such a key and dies of it, with weights_only too."""
    deep = b"\x80\x02}()" + b"\x85" * 100_000 + b"K\x01u."
    small.write({"x": torch.zeros(1)}, whole := tmp_path / "whole.pt", container)
    path, data = tmp_path / "deep.pt", whole.read_bytes()
    if container == "zip":
        with ZipFile(whole) as old, ZipFile(path, "w") as new:
            for name in old.namelist():
                new.writestr(name, deep if name.endswith("data.pkl") else old.read(name))
    else:
        stream = io.BytesIO(data)
        for _ in range(3):  # the tree is the fourth pickle
            list(pickletools.genops(stream))
        path.write_bytes(data[: stream.tell()] + deep)
    with pytest.raises(DeltaEditError, match="tuples into each other"):
        read(path)


def test_a_bomb_in_a_member_that_is_only_glanced_at(tmp_path: Path) -> None:
    """`byteorder` has six bytes; compressed ones would unfold to whatever they like."""
    torch.save({"x": torch.zeros(1)}, whole := tmp_path / "whole.pt")
    with ZipFile(whole) as old, ZipFile(tmp_path / "bomb.pt", "w") as new:
        for name in old.namelist():
            bomb = name.endswith("byteorder")
            packed = ZIP_DEFLATED if bomb else ZIP_STORED
            new.writestr(name, bytes(10**6) if bomb else old.read(name), packed)
    with pytest.raises(DeltaEditError, match="byteorder in the archive is compressed"):
        read(tmp_path / "bomb.pt")
