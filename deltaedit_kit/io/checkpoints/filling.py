"""From named tensors to a network, with nothing built before the sizes are known to be true.

Idea: the network is first built on torch's "meta" device, which has shapes and no memory. Only if
every key and every shape agrees do the file's tensors become its parameters, so a file that lies
about its sizes costs nothing, and no random numbers are drawn just to be overwritten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import torch
from torch import Tensor, nn

from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.support.skeleton import skeleton

PIECE = 2**20  # numbers looked at at a time
Network = TypeVar("Network", bound=nn.Module)


def fill(build: Callable[[], Network], tensors: Mapping[str, Tensor], what: str) -> Network:
    """The network that `build` makes, with `tensors` as its parameters and buffers.

    float32, in evaluation mode, no gradients. `what` names it in errors. Raises DeltaEditError for
    a missing or unexpected key and another shape.
    """
    with skeleton():
        network = build()
    model = network.state_dict()
    wanted = {key: tuple(value.shape) for key, value in model.items()}
    missing, extra = sorted(wanted.keys() - tensors.keys()), sorted(tensors.keys() - wanted.keys())
    if missing or extra:
        lack = f"lacks {_some(missing)}" if missing else ""
        more = f"holds {_some(extra)}, which it does not know" if extra else ""
        raise DeltaEditError(
            f"for a {what} the file {' and '.join(filter(None, (lack, more)))}; give a complete "
            "checkpoint of the published layout"
        )
    for key, shape in wanted.items():
        if tuple(tensors[key].shape) != shape:
            raise DeltaEditError(
                f"{key} has the shape {list(tensors[key].shape)}, a {what} with its other sizes "
                f"needs {list(shape)}; give a checkpoint whose parts belong together"
            )
        if model[key].is_floating_point() and not tensors[key].is_floating_point():
            raise DeltaEditError(
                f"{key} holds {tensors[key].dtype}, a {what} is made of floats: perhaps it was "
                "quantised; give the checkpoint as it was trained"
            )
    network.load_state_dict({key: own_memory(tensors[key]) for key in wanted}, assign=True)
    return network.eval().requires_grad_(False)


def check_finite(tensors: Mapping[str, Tensor]) -> None:
    """Raise DeltaEditError naming the first tensor that holds NaN or infinity."""
    for key, value in tensors.items():
        rows = max(1, PIECE * len(value) // max(1, value.numel())) if value.dim() else 1
        parts = value.split(rows) if value.dim() else (value,)  # codes of several GB are mapped
        if value.is_floating_point() and not all(bool(part.isfinite().all()) for part in parts):
            kind = "NaN" if any(bool(part.isnan().any()) for part in parts) else "infinity"
            raise DeltaEditError(
                f"{key} holds {kind}: what wrote it diverged, or the file is damaged; take an "
                "earlier or another copy"
            )


def own_memory(value: Tensor) -> Tensor:
    """The same numbers, contiguous and in memory of their own; float32 if they are floats.

    A tensor mapped from a file would change, or crash, with the file. One copy at most: a network
    fills the memory of a small machine, two of it do not fit.
    """
    dtype = torch.float32 if value.is_floating_point() else value.dtype
    memory = value.untyped_storage()
    alone = memory.resizable() and memory.nbytes() == value.numel() * value.element_size()
    if value.is_meta or (alone and value.is_contiguous() and value.dtype == dtype):
        return value.detach()
    return torch.empty(value.shape, dtype=dtype, device="cpu").copy_(value.detach())


def _some(keys: list[str]) -> str:
    shown = ", ".join(keys[:2])
    return shown if len(keys) <= 2 else f"{shown} and {len(keys) - 2} more keys"
