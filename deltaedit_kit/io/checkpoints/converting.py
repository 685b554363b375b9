"""Any supported file -> safetensors: numbers with a header, which no reader can execute.

    8 bytes: length of the header | header (JSON: names, types, shapes, text) | the numbers

The text in the header says where the numbers come from (SHA-256 of the source) and what they are
(kind, format, sizes), and holds a checksum of them, so that a flipped bit shows.

Source: github.com/huggingface/safetensors (format).
"""

from __future__ import annotations

from pathlib import Path

from deltaedit_kit.io.cache import sha256
from deltaedit_kit.io.checkpoints.arrays import CODES
from deltaedit_kit.io.checkpoints.container import Container, naming
from deltaedit_kit.io.checkpoints.kind import tensors_of
from deltaedit_kit.io.checkpoints.kinds import recognise, what_it_is
from deltaedit_kit.io.checkpoints.reading import read
from deltaedit_kit.support.atomic import check_path, save_tensors
from deltaedit_kit.support.errors import DeltaEditError

SUFFIX = ".safetensors"
ORIGIN = ("domain", "networks")  # what a file of the kit says of the networks that it belongs to
FORMAT = "deltaedit checkpoint 1"


def convert(source: str | Path, out: str | Path) -> Path:
    """Write the contents of `source` as safetensors at `out`, atomically; returns `out`.

    Raises DeltaEditError for a source that is not recognised or broken or an array of codes, and an
    `out` that is no .safetensors path, is the source itself, or cannot be written.
    """
    out = check_path(out)
    if out.suffix != SUFFIX:
        raise DeltaEditError(f"the result is a safetensors file; call it {out.stem}{SUFFIX}")
    contents = read(source)
    with naming(contents.path):
        found = recognise(contents)
    if found is None:
        raise DeltaEditError(f"{contents.path} cannot be converted: it is {what_it_is(contents)}")
    kind, match = found
    if kind is CODES and contents.container is Container.NUMPY:
        raise DeltaEditError(
            f"{contents.path} is an array of codes, which is plain numbers already; train on its "
            "folder as it is (`deltaedit train --codes`)"
        )
    try:
        if out.exists() and out.samefile(contents.path):
            raise DeltaEditError(f"{out} is the source itself; give another path for the result")
        with naming(contents.path):
            tensors = tensors_of(contents, kind, match)
            header = {key: contents.metadata[key] for key in ORIGIN if key in contents.metadata}
            header |= {
                "format": FORMAT,
                "kind": kind.name,
                "source_file": contents.path.name,
                "source_format": match.layout,
                "source_sha256": sha256(contents.path),
            }
            header |= {key: str(value) for key, value in kind.sizes(tensors).items()}
        return save_tensors(out, tensors, header)
    except OSError as cause:
        raise DeltaEditError(
            f"cannot write {out}: {cause.strerror or cause}; choose a folder with room and rights"
        ) from None
