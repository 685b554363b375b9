"""Pickles as NVIDIA's programs write them, made from one of our generators.

The classes they name are not here: modules of those names exist while the pickle is written, and
are gone when it is read. What goes in is the inverse of what the readers do, written down anew.
"""

from __future__ import annotations

import io
import pickle
import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from deltaedit_kit.stylegan2 import Generator

TRAP = "raise RuntimeError('code inside the checkpoint was executed')\n"


@contextmanager
def named(module: str, name: str, thing: Any) -> Iterator[Any]:
    """`thing`, importable as module.name while the block runs."""
    parents = [module.rsplit(".", k)[0] for k in range(module.count("."), -1, -1)]
    before = {parent: sys.modules.get(parent) for parent in parents}
    for parent in parents:
        sys.modules[parent] = types.ModuleType(parent)
    thing.__module__, thing.__qualname__, thing.__name__ = module, name, name
    setattr(sys.modules[module], name, thing)
    try:
        yield thing
    finally:
        for parent, old in before.items():
            sys.modules.pop(parent)
            if old is not None:
                sys.modules[parent] = old


def ada_state(generator: Generator) -> dict[str, torch.Tensor]:
    """`generator`'s weights as the state dict of stylegan2-ada's network."""
    return {path: value for path, _, value in _correspondence(generator)}


def ada_pickle(
    generator: Generator,
    without: str = "nothing",
    replaced: Mapping[str, torch.Tensor] = MappingProxyType({}),
    **settings: Any,
) -> bytes:
    """{"G_ema": persistent object} with `generator`'s weights, except those named so.

    Parameters `replaced` take the place of its own, or stand beside them.
    """

    def rebuild(meta: dict) -> None: ...

    class Persistent:
        def __init__(self, name: str, **fields: Any) -> None:
            self.name = name
            self.fields = {"_parameters": {}, "_buffers": {}, "_modules": {}} | fields

        def put(self, path: str, value: torch.Tensor, kind: str = "_parameters") -> None:
            part, _, rest = path.partition(".")
            if rest:
                child = self.fields["_modules"].setdefault(part, Persistent("Module"))
                child.put(rest, value, kind)
            else:
                self.fields[kind][part] = value

        def __reduce__(self) -> Any:
            meta = {"type": "class", "version": 6, "module_src": TRAP, "class_name": self.name}
            return rebuild, (meta | {"state": self.fields},)

    state, root = generator.state_dict(), Persistent("Generator", **settings)
    for path, _, value in _correspondence(generator):
        if without in path:
            continue
        kind = "_buffers" if path.endswith(("const", "filter", "w_avg")) else "_parameters"
        if path.endswith("b4.const"):
            kind = "_parameters"
        value = replaced.get(path, value)
        value = torch.nn.Parameter(value.clone()) if kind == "_parameters" else value.clone()
        root.put(path, value, kind)
    for path, value in replaced.items():
        root.put(path, torch.nn.Parameter(value))
    assert state
    with named("torch_utils.persistence", "_reconstruct_persistent_obj", rebuild):
        stream = io.BytesIO()
        # Tensors pickled outside torch.save travel as nested files of the old layout.
        pickle.dump({"G": None, "D": None, "G_ema": root}, stream, protocol=4)
        return stream.getvalue()


def tf_pickle(
    generator: Generator,
    version: int = 5,
    without: str = "nothing",
    beside: Sequence[Sequence[tuple[str, Any]]] = ((), ()),
    **settings: Any,
) -> bytes:
    """A tuple of three networks: two with the arrays `beside`, the last with `generator`'s."""

    class Network:
        def __init__(self, **fields: Any) -> None:
            self.__dict__.update(fields)

    variables = [
        (name, value)
        for name, value in (_tf(*item) for item in _correspondence(generator))
        if name and without not in name
    ]
    parts = {
        part: Network(
            version=version,
            components={},
            variables=[(n[len(part) + 1 :], v) for n, v in variables if n.startswith(f"{part}/")],
        )
        for part in ("mapping", "synthesis")
    }
    own = [("lod", np.float32(0)), *((n, v) for n, v in variables if "/" not in n)]
    last = Network(version=version, static_kwargs=settings, components=parts, variables=own)
    others = [Network(version=version, components={}, variables=list(one)) for one in beside]
    with named("dnnlib.tflib.network", "Network", Network):
        return pickle.dumps((*others, last), protocol=3)


def _tf(path: str, key: str, value: torch.Tensor) -> tuple[str, Any]:
    """One tensor under its stylegan2-ada path -> (TensorFlow name, array); "" for none."""
    array, parts = value.detach().numpy(), path.split(".")
    last = parts[-1]
    if last == "w_avg":
        return "dlatent_avg", array
    if parts[0] == "mapping":
        return f"mapping/Dense{parts[1][2:]}/{last}", array.T if last == "weight" else array
    if last == "resample_filter":
        return "", None
    side = parts[1][1:]
    if last == "const":
        return "synthesis/4x4/Const/const", array[None]
    if last == "noise_const":
        return f"synthesis/noise{key.split('_')[-1]}", array[None, None]
    names = {"conv0": "Conv0_up", "conv1": "Conv" if side == "4" else "Conv1", "torgb": "ToRGB"}
    where = f"synthesis/{side}x{side}/{names[parts[2]]}"
    if parts[3] == "affine":
        return (
            (f"{where}/mod_weight", array.T)
            if last == "weight"
            else (
                f"{where}/mod_bias",
                array - 1,
            )
        )
    if last == "weight":
        array = array.transpose(2, 3, 1, 0)
        return f"{where}/weight", array[::-1, ::-1] if parts[2] == "conv0" else array
    return f"{where}/{last}", np.float32(array) if last == "noise_strength" else array


def _correspondence(generator: Generator) -> Iterator[tuple[str, str, torch.Tensor]]:
    """(stylegan2-ada path, our key, value in stylegan2-ada's shape) of every tensor."""
    state = generator.state_dict()
    for key in state:
        parts = key.split(".")
        value = state[key]
        if parts[0] == "style":
            yield f"mapping.fc{int(parts[1]) - 1}.{parts[2]}", key, value
        elif parts[0] == "input":
            yield "synthesis.b4.const", key, value[0]
        elif parts[0] == "noises":
            number = int(parts[1].split("_")[1])
            side = 2 ** ((number + 1) // 2 + 2)
            conv = f"conv{1 if number == 0 else (number - 1) % 2}"
            yield f"synthesis.b{side}.{conv}.noise_const", key, value[0, 0]
        else:
            block, rest = _block_of(parts)
            yield from _layer(block, rest, key, value)
    if generator.mean_w is not None:
        yield "mapping.w_avg", "latent_avg", generator.mean_w


def _block_of(parts: list[str]) -> tuple[str, str]:
    """Our module -> the block's path and what follows our module's name."""
    if parts[0] == "conv1":
        return "synthesis.b4.conv1", ".".join(parts[1:])
    if parts[0] == "to_rgb1":
        return "synthesis.b4.torgb", ".".join(parts[1:])
    number, rest = int(parts[1]), ".".join(parts[2:])
    if parts[0] == "to_rgbs":
        return f"synthesis.b{8 * 2**number}.torgb", rest
    return f"synthesis.b{8 * 2 ** (number // 2)}.conv{number % 2}", rest


def _layer(
    block: str, rest: str, key: str, value: torch.Tensor
) -> Iterator[tuple[str, str, torch.Tensor]]:
    names = {
        "conv.modulation.weight": "affine.weight",
        "conv.modulation.bias": "affine.bias",
        "activate.bias": "bias",
    }
    if rest == "conv.weight":
        yield f"{block}.weight", key, value[0]
    elif rest == "noise.weight":
        yield f"{block}.noise_strength", key, value[0]
    elif rest == "bias":
        yield f"{block}.bias", key, value.reshape(-1)
    elif rest == "conv.blur.kernel":
        yield f"{block}.resample_filter", key, value / 4
    elif rest == "upsample.kernel":
        yield f"{block.rpartition('.')[0]}.resample_filter", key, value / 4
    else:
        yield f"{block}.{names[rest]}", key, value
