"""The whole story of an oracle: which sentence moved which factor, and how far.

    M[t, k] = mean over faces, both times seen, of  f'_k - f_k

Rows are sentences, columns factors. What was asked for should stand out in its row; everything
else in the row is a side effect with its direction. `edit_success` sums the same readings up.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from deltaedit_kit.errors import DeltaEditError


def factor_matrix(
    before: Float[Tensor, "n K"],
    after: Float[Tensor, "T n K"],
    shown: Bool[Tensor, "T n K"] | None = None,
) -> Float[Tensor, "T K"]:
    """M from readings before [n, K] and after each of T sentences [T, n, K].

    `shown` is True where a factor can be seen before and after (None: everywhere); a factor that
    is never seen is nan. Raises DeltaEditError for shapes that do not fit.
    """
    if after.dim() != 3 or before.shape != after.shape[1:]:
        shapes = f"{list(before.shape)} before and {list(after.shape)} after"
        raise DeltaEditError(f"readings are {shapes}; give [n, K] and [T, n, K] of the same faces")
    change = after - before
    mask = torch.ones_like(change, dtype=torch.bool) if shown is None else shown
    return change.where(mask, 0).sum(1) / mask.sum(1)
