"""Did the edit do what the sentence said, and what else did it do? The one definition of both.

Idea: with an oracle that reads factors off pictures, both are counted, not rated. f and f' [n, K]
are the readings before and after, a target attribute is a range or a stop of one factor:

    lacks it      no target attribute holds in f, and what each needs to be seen does
    success       of the faces that lack it:  an end  ("big eyes"):   f'_a lies in its range
                                              a stop  ("red hair"):   so it does, or
                                                        |f'_a - stop| <= |f_a - stop| / 2
    side effect   of each face:  mean of |f'_k - f_k| over the factors k that no target names and
                  that can be seen before and after; then the mean over faces

Chosen among what was in use: a face that has one of two attributes does not lack them, since half
an edit would pass for a whole one; a hue that is too dark to be seen proves nothing; and every
face counts once in the side effect, however many of its factors can be seen, so that an interval
over faces is one over its terms.

Source: the definitions of this kit; oracles for edits: He et al., AttGAN, arXiv:1711.10678.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from deltaedit_kit.support.errors import DeltaEditError

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
    from torch import Tensor

    from deltaedit_kit.domain.oracle import Attribute, Oracle


def lacking(
    oracle: Oracle, readings: Float[Tensor, "n K"], targets: Sequence[Attribute]
) -> Bool[Tensor, " n"]:
    """The faces on which an edit towards the target attributes can prove something."""
    fit = torch.ones(len(readings), dtype=torch.bool, device=readings.device)
    for target in targets:
        fit &= ~target.holds(readings[:, oracle.factors.index(target.factor)])
        for name, low, high in target.needs:
            values = readings[:, oracle.factors.index(name)]
            fit &= (values >= low) & (values <= high)
    return fit


def succeeded(
    oracle: Oracle,
    before: Float[Tensor, "n K"],
    after: Float[Tensor, "n K"],
    targets: Sequence[Attribute],
) -> Bool[Tensor, " n"]:
    """Whether each face has all target attributes after the edit, or came half the way to a stop.

    Raises DeltaEditError when the two readings differ in shape.
    """
    _check(before, after)
    reached = torch.ones(len(after), dtype=torch.bool, device=after.device)
    for target in targets:
        column = oracle.factors.index(target.factor)
        first, last = before[:, column], after[:, column]
        here = target.holds(last)
        if target.side == "stop":
            here |= (last - target.target).abs() <= 0.5 * (first - target.target).abs()
        reached &= here
    return reached


def side_effect(
    oracle: Oracle,
    before: Float[Tensor, "n K"],
    after: Float[Tensor, "n K"],
    targets: Sequence[Attribute],
) -> Float[Tensor, " n"]:
    """How far the factors of each face moved that nobody asked for; nan where none can be seen.

    Raises DeltaEditError when the two differ in shape, and when no factor is left to look at.
    """
    change, counted = _changes(oracle, before, after, targets)
    return change.sum(1) / counted.sum(1)


def factor_side_effects(
    oracle: Oracle,
    before: Float[Tensor, "n K"],
    after: Float[Tensor, "n K"],
    targets: Sequence[Attribute],
) -> Float[Tensor, " K"]:
    """The same of each factor, over the faces that show it; nan for target factors."""
    change, counted = _changes(oracle, before, after, targets)
    return change.sum(0) / counted.sum(0)


def factor_matrix(
    before: Float[Tensor, "n K"], after: Float[Tensor, "T n K"]
) -> Float[Tensor, "T K"]:
    """Which of T sentences moved which factor, and how far: mean over faces of f'_k - f_k.

    What was asked for should stand out in its row; all else in the row is a side effect with its
    direction. Raises DeltaEditError for shapes that do not fit.
    """
    if after.dim() != 3 or before.shape != after.shape[1:]:
        shapes = f"{list(before.shape)} before and {list(after.shape)} after"
        raise DeltaEditError(f"readings are {shapes}; give [n, K] and [T, n, K] of the same faces")
    return (after - before).mean(1)


def _changes(
    oracle: Oracle, before: Tensor, after: Tensor, targets: Sequence[Attribute]
) -> tuple[Tensor, Tensor]:
    """|f' - f| [n, K], 0 where it does not count, and where it counts [n, K]."""
    _check(before, after)
    asked = {target.factor for target in targets}
    others = torch.tensor([name not in asked for name in oracle.factors], device=after.device)
    if not bool(others.any()):
        raise DeltaEditError("no factor is left to look for side effects; ask for fewer factors")
    counted = oracle.visible(before) & oracle.visible(after) & others
    return (oracle.seen(after) - oracle.seen(before)).abs().where(counted, 0), counted


def _check(before: Tensor, after: Tensor) -> None:
    if before.dim() != 2 or before.shape != after.shape:
        shapes = f"{tuple(before.shape)} before, {tuple(after.shape)} after"
        raise DeltaEditError(f"readings are {shapes}; give [n, K] of the same faces twice")
