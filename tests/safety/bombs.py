"""Small files that unfold: in a pickle, sharing is cheap, and whoever expands it pays.

Every function writes one file and returns its path. They are read by `read_under_limits.py`.
"""

from __future__ import annotations

import argparse
import io
import json
import pickle
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.checkpoints.nvidia import named
from tests.safety.hostile import Call

HEAD = b"\x80\x04"
Bomb = Callable[[Path], None]


def shared_lists(levels: int = 60) -> list:
    """2^60 lists for whoever walks, prints or compares them."""
    part: list = [1.0]
    for _ in range(levels):
        part = [part, part]
    return part


def deep(path: Path, new: bytes, put: bytes) -> None:
    """Half a million containers in each other, each put into memo 0's last one after its PUT."""
    step = new + b"q\x01" + put + b"h\x01q\x000"
    path.write_bytes(HEAD + new + b"q\x00q\x02" + step * 200_000 + b"h\x02.")


def lists_grown_after_they_were_remembered(path: Path) -> None:
    deep(path, b"]", b"h\x00h\x01a00")


def dicts_grown_after_they_were_remembered(path: Path) -> None:
    deep(path, b"}", b"h\x00K\x01h\x01s00")


def objects_in_objects(path: Path) -> None:
    made = b"cargparse\nNamespace\n)\x81"
    step = made + b"q\x01h\x00}X\x01\x00\x00\x00xh\x01sb0h\x01q\x0000"
    path.write_bytes(HEAD + made + b"q\x00q\x02" + step * 100_000 + b"h\x02.")


def key_of_grown_tuples(path: Path) -> None:
    path.write_bytes(HEAD + b"})q\x00" + b"0h\x00\x85q\x00" * 100_000 + b"K\x01s.")


def key_of_shared_tuples(path: Path) -> None:
    path.write_bytes(HEAD + b"}K\x01" + b"2\x86" * 60 + b"K\x01s.")


def device_of_shared_lists(path: Path) -> None:
    lists = b"]K\x01aq\x000" + b"]h\x00ah\x00aq\x000" * 60
    path.write_bytes(HEAD + lists + b"ctorch\ndevice\nh\x00\x85R.")


def class_name_of_shared_lists(path: Path) -> None:
    def rebuild(meta: dict) -> None: ...

    with named("torch_utils.persistence", "_reconstruct_persistent_obj", rebuild):
        meta = {"class_name": shared_lists(), "state": {}}
        path.write_bytes(pickle.dumps({"G_ema": Call(rebuild, meta)}, protocol=4))


def persistent(fields: dict) -> bytes:
    """A stylegan2-ada pickle whose generator has these fields."""

    def rebuild(meta: dict) -> None: ...

    def made(part: Any) -> Any:
        if id(part) not in done:
            done[id(part)] = Call(rebuild, {"class_name": "Module", "state": part})
            modules = part.get("_modules", {})
            part["_modules"] = {key: made(value) for key, value in modules.items()}
        return done[id(part)]

    done: dict[int, Any] = {}
    with named("torch_utils.persistence", "_reconstruct_persistent_obj", rebuild):
        return pickle.dumps({"G_ema": made(fields)}, protocol=4)


def module(**modules: Any) -> dict:
    return {"_parameters": {}, "_buffers": {}, "_modules": modules}


def modules_shared_by_modules(path: Path) -> None:
    part = module()
    for _ in range(60):
        part = module(a=part, b=part)
    path.write_bytes(persistent(module(synthesis=module(), mapping=module(fc0=module()), x=part)))


def settings_that_are_shared_lists(path: Path) -> None:
    path.write_bytes(persistent(module() | {"c_dim": shared_lists()}))


def tf(variables: Any = (), components: Any = None, **static: Any) -> bytes:
    """A TensorFlow-era pickle; the third network has what is given."""

    class Network:
        def __init__(self, **fields: Any) -> None:
            self.__dict__.update(fields)

    with named("dnnlib.tflib.network", "Network", Network):
        empty = [Network(version=5, components={}, variables=[]) for _ in range(2)]
        part: Any = components
        if components == "shared":
            part = {}
            for _ in range(60):
                inner = Network(version=5, components=part, variables=[])
                part = {"a": inner, "b": inner}
        last = Network(
            version=5, static_kwargs=static, components=part or {}, variables=list(variables)
        )
        return pickle.dumps((*empty, last), protocol=4)


def tf_components_shared(path: Path) -> None:
    path.write_bytes(tf(components="shared"))


def tf_names_that_are_shared_lists(path: Path) -> None:
    path.write_bytes(tf(variables=[(shared_lists(), 1.0)]))


def tf_one_array_under_many_names(path: Path) -> None:
    array = np.zeros(2_500_000, np.float32)
    names = [f"mapping/Dense{k}/{part}" for k in range(300) for part in ("weight", "bias")]
    path.write_bytes(tf(variables=[(name, array) for name in names]))


def tf_filter_of_many_taps(path: Path) -> None:
    path.write_bytes(tf(resample_kernel=[1.0] * 100_000))


def one_call_on_a_remembered_text(path: Path) -> None:
    text = b"X" + struct.pack("<I", 1_000_000) + b"a" * 1_000_000 + b"q\x00"
    call = b"c_codecs\nencode\nh\x00X\x06\x00\x00\x00latin1\x86R"
    path.write_bytes(HEAD + b"(" + text + call * 4_000 + b"t.")


def one_nested_file_many_times(path: Path) -> None:
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # storages with a type are of the past, as the format is
        storage = torch.FloatStorage(250_000)
        torch.save(storage, stream, _use_new_zipfile_serialization=False)
    raw = stream.getvalue()
    call = b"ctorch.storage\n_load_from_bytes\nh\x00\x85R"
    remembered = b"B" + struct.pack("<I", len(raw)) + raw + b"q\x00"
    path.write_bytes(HEAD + b"(" + remembered + call * 4_000 + b"t.")


def one_long_tuple_as_arguments(path: Path) -> None:
    call = b"ctorch\nSize\nh\x00R0"
    path.write_bytes(HEAD + b"(" + b"N" * 300_000 + b"tq\x00" + call * 30_000 + b".")


def one_long_state_many_times(path: Path) -> None:
    state = b"}(" + b"".join(b"X\x08\x00\x00\x00%08dN" % k for k in range(50_000)) + b"uq\x00"
    path.write_bytes(HEAD + state + b"cargparse\nNamespace\n)\x81" + b"h\x00b" * 100_000 + b".")


def one_long_list_of_pairs_many_times(path: Path) -> None:
    pairs = b"](" + b"".join(b"X\x08\x00\x00\x00%08dN\x86" % k for k in range(50_000)) + b"eq\x00"
    call = b"ccollections\nOrderedDict\nh\x00\x85R0"
    path.write_bytes(HEAD + pairs + call * 30_000 + b".")


def views_of_one_storage(path: Path) -> None:
    base = torch.zeros(5_000_000)
    state = {f"style.{k}.weight": base.view(1, -1) for k in range(300)}
    torch.save({"input.input": torch.zeros(1, 4, 4, 4)} | state, path)


def views_of_one_storage_before_1_6(path: Path) -> None:
    base = torch.zeros(5_000_000)
    state = {f"output_layer.{k}.weight": base.view(1, -1) for k in range(300)}
    state["body.0.res_layer.1.weight"] = torch.zeros(1)
    torch.save(state, path, _use_new_zipfile_serialization=False)


def nothing_but_memoize(path: Path) -> None:
    path.write_bytes(HEAD + b"N" + b"\x94" * 30_000_000 + b".")


def nothing_but_dup(path: Path) -> None:
    path.write_bytes(HEAD + b"N" + b"2" * 30_000_000 + b".")


def keys_with_one_hash(path: Path) -> None:
    """Python's numbers k (2^61 - 1) all have the hash 0."""
    items = (b"\x8a\x0b" + (k * (2**61 - 1)).to_bytes(11, "little") + b"N" for k in range(150_000))
    path.write_bytes(HEAD + b"}(" + b"".join(items) + b"u.")


def mean_code_of_shared_lists(path: Path) -> None:
    state = {"input.input": torch.zeros(1, 4, 4, 4), "style.1.weight": torch.zeros(4, 4)}
    torch.save({"g_ema": state, "latent_avg": shared_lists()}, path)


def options_of_shared_lists(path: Path) -> None:
    state = {"encoder.styles.0.linear.weight": torch.zeros(4, 4)}
    state["encoder.latlayer1.weight"] = torch.zeros(4, 4, 1, 1)
    options = argparse.Namespace(encoder_type=shared_lists())
    torch.save({"state_dict": state, "opts": options}, path)


def keys_that_look_like_prefixes(path: Path) -> None:
    state = {f"{'module.' * (k % 50)}{k}.input.input": torch.zeros(1) for k in range(5_000)}
    torch.save(state, path)


def scripted_chain_of_long_names(path: Path) -> None:
    """The name of a tensor is the sum of the names above it."""
    name = b"X" + struct.pack("<I", 100_000) + b"n" * 100_000 + b"q\x00"
    tree = b"}" + b"h\x00}q\x01sh\x01" * 190
    data = HEAD + name + b"0}q\x02" + tree + b"."
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("m/data.pkl", data)
        archive.writestr("m/constants.pkl", b"")


def zip_list_of_a_million_members(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("m/data.pkl", b"\x80\x02}.")
        start, member = archive.fp.tell(), archive.filelist[0]  # type: ignore[union-attr]
    head = path.read_bytes()[:start]
    entry = struct.pack(
        "<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 3, 20, 0, 0, 0, 0, 0, member.CRC, 4, 4, 1, 0, 0, 0, 0,
        0, 0,
    )  # fmt: skip
    entries = (entry + b"x") * 600_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, len(entries), len(head), 0)
    path.write_bytes(head + entries + end)


def zip_members_on_top_of_each_other(path: Path) -> None:
    """Ten thousand storages, all of them the same ten megabytes of the file."""
    body, count = bytes(10_000_000), 10_000
    kind = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\n"
    storage = kind + b"X\x04\x00\x00\x00%04dX\x03\x00\x00\x00cpuK\x01tQ0"
    data = b"\x80\x02N" + b"".join(storage % k for k in range(count)) + b"."
    crc = zlib.crc32(body)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("m/data.pkl", data)
        archive.writestr("m/data/0000", body)
        first = archive.getinfo("m/data/0000")
        for k in range(1, count):
            again = zipfile.ZipInfo(f"m/data/{k:04d}")
            again.header_offset, again.CRC = first.header_offset, crc
            again.file_size = again.compress_size = len(body)
            archive.filelist.append(again)


def safetensors_header(path: Path, megabytes: int) -> None:
    one = '"%09d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
    header = "{" + ",".join(one % k for k in range(megabytes * 16_000)) + "}"
    path.write_bytes(len(header).to_bytes(8, "little") + header.encode())


def safetensors_header_of_77_mb(path: Path) -> None:
    safetensors_header(path, 77)


def safetensors_header_of_3_mb(path: Path) -> None:
    safetensors_header(path, 3)


def array_of_no_numbers(path: Path) -> None:
    header = json.dumps({"descr": "<f4", "fortran_order": False}).replace("false", "False")[:-1]
    text = (header + f", 'shape': ({10**15}, 0)}}\n").encode()
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text)


def encoder_of_many_rows(path: Path) -> None:
    zero = torch.zeros(1, 1)
    state = {f"styles.{k}.linear.weight": zero for k in range(5_000)}
    state |= {
        "latlayer1.weight": torch.zeros(1, 1, 1, 1),
        "input_layer.0.weight": torch.zeros(1, 3, 1, 1),
    }
    torch.save(state, path)


BOMBS: tuple[Bomb, ...] = tuple(
    made
    for name, made in list(globals().items())
    if getattr(made, "__annotations__", None) == {"path": "Path", "return": "None"}
)
