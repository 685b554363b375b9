"""Any supported file -> safetensors: numbers with a header, which no reader can execute.

    8 bytes: length of the header | header (JSON: names, types, shapes, text) | the numbers

The text in the header says where the numbers come from (SHA-256 of the source) and what they are
(kind, format, sizes), and holds a checksum of them, so that a flipped bit shows.

Source: github.com/huggingface/safetensors (format).
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from deltaedit_kit.io.cache import sha256
from deltaedit_kit.io.checkpoints.arrays import CODES, mapped_tensor
from deltaedit_kit.io.checkpoints.container import Container, naming, same_file
from deltaedit_kit.io.checkpoints.kind import Kind, tensors_of
from deltaedit_kit.io.checkpoints.kinds import recognise, what_it_is
from deltaedit_kit.io.checkpoints.reading import Contents, read
from deltaedit_kit.support.atomic import CHECKSUM, check_path, checksum, replacing, save_tensors
from deltaedit_kit.support.errors import DeltaEditError

SUFFIX = ".safetensors"
ORIGIN = ("domain", "networks")  # what a file of the kit says of the networks that it belongs to
FORMAT = "deltaedit checkpoint 1"
DTYPES = {"f2": "F16", "f4": "F32", "f8": "F64"}  # numpy -> safetensors


def convert(source: str | Path, out: str | Path) -> Path:
    """Write the contents of `source` as safetensors at `out`, atomically; returns `out`.

    Raises DeltaEditError for a source that is not recognised or broken, and an `out` that is no
    .safetensors path, is the source itself, or cannot be written.
    """
    out = check_path(out)
    if out.suffix != SUFFIX:
        raise DeltaEditError(f"the result is a safetensors file; call it {out.stem}{SUFFIX}")
    contents = read(source)
    with naming(contents.path):
        kind = recognise(contents)
    if kind is None:
        raise DeltaEditError(f"{contents.path} cannot be converted: it is {what_it_is(contents)}")
    try:
        if same_file(contents.path, out):
            raise DeltaEditError(f"{out} is the source itself; give another path for the result")
        if kind is CODES and contents.container is Container.NUMPY:
            return _copy_array(contents, out)
        with naming(contents.path):
            tensors = tensors_of(contents, kind)
            header = header_of(contents, kind) | {
                key: str(value) for key, value in kind.sizes(tensors).items()
            }
        return save_tensors(out, tensors, header)
    except OSError as cause:
        raise DeltaEditError(
            f"cannot write {out}: {cause.strerror or cause}; choose a folder with room and rights"
        ) from None


def header_of(contents: Contents, kind: Kind) -> dict[str, str]:
    """What a converted file says of its origin."""
    kept = {key: contents.metadata[key] for key in ORIGIN if key in contents.metadata}
    return kept | {
        "format": FORMAT,
        "kind": kind.name,
        "source_file": contents.path.name,
        "source_format": str(kind.format_of(contents)),
        "source_sha256": sha256(contents.path),
    }


def _copy_array(contents: Contents, out: Path) -> Path:
    """A mapped array -> safetensors with the tensor "codes", never whole in memory.

    The safetensors library would want it there, hence a header of our own.
    """
    array: np.ndarray = contents.tree
    code = array.dtype.newbyteorder("=").str[1:]
    if code not in DTYPES:
        raise DeltaEditError(f"{contents.path} holds {array.dtype}; codes are floats")
    plain = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))  # itself where it is so
    text = header_of(contents, CODES)
    text |= {CHECKSUM: checksum({"codes": mapped_tensor(plain)}, text)}
    entry = {"dtype": DTYPES[code], "shape": array.shape, "data_offsets": [0, array.nbytes]}
    header = json.dumps({"__metadata__": text, "codes": entry}).encode()
    header += b" " * (-len(header) % 8)  # numbers begin at a multiple of 8
    with replacing(out) as beside, beside.open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        plain.tofile(file)
    return out
