"""A network's shapes without its numbers, for weights that come from a file.

Idea: on torch's "meta" device tensors have shapes and no memory, so a file that lies about its
sizes costs nothing and no random numbers are drawn to be overwritten. But the first operation on
that device imports 900 modules of torch, which takes seconds and 84 MB, and the first values of
weights are such operations (randn, a factor). Here they are left out: they keep the shape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

# First values and the numbers that scale them: what they give has the shape of what they get.
KEEP_THE_SHAPE = {"div", "__truediv__", "mul", "__mul__", "__rmul__", "log"}
KEEP_THE_SHAPE |= {"normal_", "uniform_", "fill_", "zero_"}


class ShapesOnly(TorchFunctionMode):
    """Inside it, random tensors are empty, and operations on their numbers do nothing."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """As torch calls it for every operation."""
        options = kwargs or {}
        first = args[0] if args else options.get("tensor")  # as torch.nn.init calls it
        if func.__name__ in KEEP_THE_SHAPE and isinstance(first, Tensor) and first.is_meta:
            return first
        return (torch.empty if func is torch.randn else func)(*args, **options)


@contextmanager
def skeleton() -> Iterator[None]:
    """Networks built in the block have parameters of the right shapes and no numbers."""
    with torch.device("meta"), ShapesOnly():
        yield
