"""How trained weights are stored: float16, half the size, where rounding changes nothing visible.

A network reads them back into float32 (`load_state_dict` converts), so only the 11 bits of the
mantissa are lost: a relative error of at most 2^-11 a weight.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor


def rounded(tensors: Mapping[str, Tensor], exact: tuple[str, ...] = ()) -> dict[str, Tensor]:
    """`tensors` with float ones as float16, but for names that begin with one of `exact`."""
    return {
        name: value if name.startswith(exact) or not value.is_floating_point() else value.half()
        for name, value in tensors.items()
    }
