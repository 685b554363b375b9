"""Pickles that would leave a canary file behind, if anything in them ever ran."""

from __future__ import annotations

import argparse
import io
import os
import pickle
import pickletools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.checkpoints.nvidia import named


class Call:
    """Pickles as a call of `function` when it is read."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> Any:
        return self.function, self.arguments


def system(canary: Path) -> Any:
    return {"g_ema": Call(os.system, f"touch {canary}")}


def evaluated(canary: Path) -> Any:
    return {"g_ema": Call(eval, f"open({str(canary)!r}, 'w').close()")}


def nested(canary: Path) -> Any:
    """The call hides in the arguments of a harmless one, inside lists."""
    inner = Call(os.system, f"touch {canary}")
    return {"g_ema": {"style.1.weight": [[Call(dict, [("x", [inner])])]]}}


def objects(canary: Path) -> Any:
    return {"g_ema": np.array([Call(os.system, f"touch {canary}")], dtype=object)}


def namespace(canary: Path) -> Any:
    options = argparse.Namespace(lr=0.1, hook=Call(os.system, f"touch {canary}"))
    return {"g_ema": {}, "opts": options}


def getattr_chain(canary: Path) -> Any:
    """Reaches a function through an attribute instead of by its name."""
    return {"g_ema": Call(getattr, str(canary), "__class__")}


def persistent(canary: Path) -> bytes:
    """stylegan2-ada's persistent class, whose source text is hostile."""

    def rebuild(meta: dict) -> None: ...

    source = f"import os; os.system('touch {canary}')"
    meta = {"type": "class", "version": 6, "module_src": source, "class_name": "Generator"}
    meta["state"] = {"_parameters": {}, "_buffers": {}, "_modules": {}}
    with named("torch_utils.persistence", "_reconstruct_persistent_obj", rebuild):
        return pickle.dumps({"G_ema": Call(rebuild, meta)}, protocol=4)


TREES = (system, evaluated, nested, objects, namespace, getattr_chain)


def as_file(tree: Any, container: str) -> bytes:
    """The tree as torch zip, legacy torch file, or plain pickle of protocol 2 or 4."""
    stream = io.BytesIO()
    if container in ("zip", "legacy"):
        torch.save(tree, stream, _use_new_zipfile_serialization=container == "zip")
    else:
        pickle.dump(tree, stream, protocol=int(container[-1]))
    return stream.getvalue()


def opcodes(*parts: bytes) -> bytes:
    """A pickle of protocol 4 from raw instructions, checked to be one."""
    whole = b"\x80\x04" + b"".join(parts) + b"."
    pickletools.dis(whole, out=io.StringIO())
    return whole
