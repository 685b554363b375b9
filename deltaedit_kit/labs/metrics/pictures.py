"""What a metric of a picture and its edit may be given: finite pictures in [-1, 1], of one shape.

Idea: a number computed from pictures in [0, 255], or from a NaN, looks like any other number. So
every metric looks at its pictures before it computes, and says what is wrong with them.
"""

from __future__ import annotations

from torch import Tensor

from deltaedit_kit.support.errors import DeltaEditError, check_pictures


def check_pairs(before: Tensor, after: Tensor) -> None:
    """Both as `check_pictures` wants them, at least one, and of one shape; DeltaEditError."""
    check_pictures("pictures before", before)
    check_pictures("pictures after", after)
    if not len(before) or not len(after):
        raise DeltaEditError("there are no pictures; give at least one")
    if before.shape != after.shape:
        raise DeltaEditError(
            f"pictures before are {list(before.shape)}, after {list(after.shape)}; compare the "
            "same pictures at one size"
        )
