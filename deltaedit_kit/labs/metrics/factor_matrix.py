"""The whole story of an oracle: which sentence moved which factor, and how far.

    M[t, k] = mean over faces of  f'_k - f_k

Rows are sentences, columns factors. What was asked for should stand out in its row; everything
else in the row is a side effect with its direction. `edit_success` sums the same readings up.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from deltaedit_kit.support.errors import DeltaEditError


def factor_matrix(
    before: Float[Tensor, "n K"], after: Float[Tensor, "T n K"]
) -> Float[Tensor, "T K"]:
    """M from readings before [n, K] and after each of T sentences [T, n, K].

    Raises DeltaEditError for shapes that do not fit.
    """
    if after.dim() != 3 or before.shape != after.shape[1:]:
        shapes = f"{list(before.shape)} before and {list(after.shape)} after"
        raise DeltaEditError(f"readings are {shapes}; give [n, K] and [T, n, K] of the same faces")
    return (after - before).mean(1)
