"""Hostile files: refused with the name they asked for, or read as plain data; never executed."""

from __future__ import annotations

import argparse
import io
import pickle
import struct
import zipfile
from pathlib import Path

import pytest
import torch

from deltaedit_kit.io.checkpoints.describing import describe
from deltaedit_kit.io.checkpoints.loaders import load_clip, load_e4e, load_stylegan2
from deltaedit_kit.io.checkpoints.reading import read
from deltaedit_kit.support.errors import DeltaEditError
from tests.safety import hostile

CONTAINERS = ("zip", "legacy", "pickle2", "pickle4")
READERS = (
    load_stylegan2,
    load_e4e,
    load_clip,
    describe,
)


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("tree", hostile.TREES, ids=lambda tree: tree.__name__)
def test_hostile_pickles_are_refused_by_name_and_never_run(tree, container, tmp_path: Path) -> None:
    canary, path = tmp_path / "canary", tmp_path / "weights.pt"
    path.write_bytes(hostile.as_file(tree(canary), container))
    for reader in READERS:
        with pytest.raises(DeltaEditError) as refusal:
            reader(path)
        message = str(refusal.value)
        assert message.startswith(str(path))
        assert any(word in message for word in ("system", "eval", "dict", "getattr", "array"))
        assert not canary.exists()


def test_the_canary_would_sing(tmp_path: Path) -> None:
    """The same bytes under an ordinary unpickler: otherwise the tests above would prove nothing."""
    for tree in (hostile.system, hostile.evaluated, hostile.namespace):
        canary = tmp_path / tree.__name__
        pickle.loads(hostile.as_file(tree(canary), "pickle4"))  # noqa: S301 that is the point
        assert canary.exists()


def test_the_source_text_of_a_persistent_class_is_not_looked_at(tmp_path: Path) -> None:
    canary, path = tmp_path / "canary", tmp_path / "network.pkl"
    path.write_bytes(hostile.persistent(canary))
    tree = read(path).tree
    assert tree["G_ema"].name == "Generator"
    with pytest.raises(DeltaEditError, match="lacks"):
        load_stylegan2(path)
    assert not canary.exists()


def test_a_hostile_namespace_attribute_stays_a_name(tmp_path: Path) -> None:
    """Attributes that Python gives a meaning to are keys of a dict here."""
    namespace = argparse.Namespace()
    vars(namespace).update({"__setstate__": 1, "__reduce__": [2], "update": 3, "fields": 4})
    path = tmp_path / "opts.pt"
    torch.save({"opts": namespace, "n": 1}, path)
    tree = read(path).tree
    assert type(tree["opts"]) is dict
    assert tree["opts"]["update"] == 3
    assert tree["n"] == 1


def test_the_code_of_a_torchscript_archive_is_not_run(tmp_path: Path) -> None:
    canary, path = tmp_path / "canary", tmp_path / "model.pt"
    data = hostile.opcodes(
        b"c__torch__\nModel\n)\x81}(X\x06\x00\x00\x00numberK\x05X\x04\x00\x00\x00nameX\x01\x00\x00\x00xub"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("m/data.pkl", data)
        archive.writestr("m/constants.pkl", pickle.dumps(()))
        archive.writestr("m/code/__torch__.py", f"import os\nos.system('touch {canary}')\n")
    assert read(path).tree == {}
    with pytest.raises(DeltaEditError, match="TorchScript"):
        load_clip(path)
    assert not canary.exists()


@pytest.mark.parametrize(
    ("pickled", "words"),
    [
        # BUILD on a stand-in: {"x": 1} shall become its state.
        (hostile.opcodes(b"cnumpy\ndtype\n}X\x01\x00\x00\x00xK\x01sb"), "no state"),
        # The class of a Namespace itself gets a state.
        (hostile.opcodes(b"cargparse\nNamespace\n}X\x01\x00\x00\x00xK\x01sb"), "no state"),
        # A name with dots in it.
        (hostile.opcodes(b"\x8c\x05torch\x8c\x0bhub.os.name\x93"), "hub.os.name"),
        # A table of two billion remembered objects.
        (hostile.opcodes(b"Nr\xff\xff\xff\x7f"), "2147483647"),
        # An extension code.
        (b"\x80\x04\x82\x01.", "extension"),
        # A tensor that is no storage's.
        (hostile.opcodes(b"ctorch._utils\n_rebuild_tensor_v2\n(NK\x00)))tR"), "cannot be"),
    ],
)
def test_single_instructions(pickled: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "x.pkl"
    path.write_bytes(pickled)
    with pytest.raises(DeltaEditError, match=words) as refusal:
        read(path)
    assert str(path) in str(refusal.value)


def test_a_hostile_file_leaves_nothing_behind_for_the_next(tmp_path: Path) -> None:
    plain, hostile_one = tmp_path / "plain.pkl", tmp_path / "hostile.pkl"
    plain.write_bytes(hostile.opcodes(b"cargparse\nNamespace\n)\x81"))
    hostile_one.write_bytes(hostile.opcodes(b"cargparse\nNamespace\n}X\x01\x00\x00\x00xK\x01sb"))
    before = read(plain).tree
    with pytest.raises(DeltaEditError, match="no state"):
        read(hostile_one)
    after = read(plain).tree
    assert before.name == after.name == "Namespace"
    assert before.fields == after.fields == {}


def test_a_terabyte_of_strides_is_refused(tmp_path: Path) -> None:
    """One number, shown as 2^38 of them: torch's own reader would allow it."""
    path = tmp_path / "wide.pt"
    torch.save({"input.input": torch.zeros(1).as_strided((2**19, 2**19), (0, 0))}, path)
    with pytest.raises(DeltaEditError, match="524288"):
        read(path)


def test_a_torch_file_may_not_be_compressed(tmp_path: Path) -> None:
    whole = io.BytesIO()
    torch.save({"x": torch.zeros(1_000_000)}, whole)
    path = tmp_path / "bomb.pt"
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    assert path.stat().st_size < 20_000
    with pytest.raises(DeltaEditError, match="compressed"):
        read(path)


def test_shared_parts_do_not_unfold(tmp_path: Path) -> None:
    """2^60 paths lead through sixty dicts; each is looked at once."""
    tree: dict = {"x": torch.zeros(2)}
    for _ in range(60):
        tree = {"a": tree, "b": tree}
    path = tmp_path / "laughs.pt"
    torch.save(tree, path)
    assert set(read(path).tree) == {"a", "b"}


def test_a_length_that_the_file_cannot_hold(tmp_path: Path) -> None:
    path = tmp_path / "long.pkl"
    path.write_bytes(b"\x80\x04\x8e" + struct.pack("<Q", 2**40) + b"abc.")
    with pytest.raises(DeltaEditError, match="damaged or cut short"):
        read(path)
