"""Measures of edits and networks, plain functions on tensors.

    name         says                                        better   on equal pictures
    fid, kid     do the pictures look alike as a set?        lower    0
    psnr, ssim   is the picture the same, pixel by pixel?    higher   infinite, 1
    ids          is it the same person?                      higher   1
    clip_score   does the picture fit the sentence?          higher   -
    directional  did it move where the sentence points?      higher   undefined
    success      does the oracle read what was asked?        higher   -
    side_effect  how much else did it change?                lower    0

PSNR, SSIM, IDS and the side effect are perfect for a method that changes nothing, so that
none of them means anything without `success` or `directional` beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from deltaedit_kit.labs.metrics.pictures import psnr, ssim
from deltaedit_kit.support.errors import DeltaEditError


@dataclass(frozen=True)
class Metric:
    """How a number is to be read."""

    name: str
    title: str
    better: str  # "higher" or "lower"
    unit: str = ""
    # A metric of two pictures alone: (before, after) [n, 3, H, W] -> [n].
    of_pictures: Callable[[Tensor, Tensor], Tensor] | None = None

    @property
    def label(self) -> str:
        """Title with the direction that is better, for the axis of a plot or a column."""
        unit = f" ({self.unit})" if self.unit else ""
        return f"{self.title}{unit} {'↑' if self.better == 'higher' else '↓'}"


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("fid", "FID", "lower"),
        Metric("kid", "KID", "lower"),
        Metric("psnr", "PSNR", "higher", "dB", of_pictures=psnr),
        Metric("ssim", "SSIM", "higher", of_pictures=ssim),
        Metric("ids", "IDS", "higher"),
        Metric("clip_score", "CLIP score", "higher"),
        Metric("directional", "directional similarity", "higher"),
        Metric("success", "success", "higher"),
        Metric("side_effect", "side effect", "lower"),
        Metric("seconds", "seconds per picture", "lower", "s"),
    )
}


def metric(name: str) -> Metric:
    """The metric called `name`; DeltaEditError, listing the names, if there is none.

    A metric of features has its network after a colon, "fid:clip-toyfaces": two networks give two
    columns, never one.
    """
    known = METRICS.get(name.split(":")[0])
    if known is None:
        raise DeltaEditError(f"no metric is called {name!r}; known: {', '.join(METRICS)}")
    if ":" not in name:
        return known
    network = name.split(":", 1)[1]
    return Metric(name, f"{known.title} [{network}]", known.better, known.unit)
