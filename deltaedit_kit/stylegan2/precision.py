"""Half precision where the pixels are: the high resolutions in 16 bits, everything else in 32.

Three quarters of the arithmetic of a 1024 px generator happen at 128 px and above. There the
features, and the weights that meet them, may be rounded to float16 or bfloat16; styles,
demodulation and the picture so far stay in float32. float16 ends at 65,504, so features are clamped
to +-256 after every layer, as in training with the published settings.

Source: Karras et al. 2020, "Training GANs with limited data", appendix D.1 (arXiv:2006.06676).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from deltaedit_kit.errors import DeltaEditError

HALVES = (torch.float16, torch.bfloat16)
RESOLUTIONS = 4  # how many of the highest resolutions the published networks compute in 16 bits


@dataclass(frozen=True)
class Precision:
    """Layers that return `from_resolution` pixels or more compute in `dtype`, clamped to +-`clamp`.

    Raises DeltaEditError for a dtype that is not float16 or bfloat16 and a clamp not above 0.
    """

    dtype: torch.dtype = torch.float16
    from_resolution: int = 128
    clamp: float = 256.0

    def __post_init__(self) -> None:
        if self.dtype not in HALVES:
            raise DeltaEditError(
                f"precision {self.dtype} is no half precision; give torch.float16 or torch.bfloat16"
            )
        if not self.clamp > 0:
            raise DeltaEditError(f"clamp is {self.clamp}; give a number above 0, such as 256")

    @classmethod
    def published(cls, resolution: int, dtype: torch.dtype = torch.float16) -> Precision:
        """The published setting: the four highest resolutions, 128 to 1024 of a 1024 generator."""
        return cls(dtype, from_resolution=max(resolution >> (RESOLUTIONS - 1), 8))

    def enter(self, features: Tensor, resolution: int) -> Tensor:
        """`features` [n, c, h, h] in the dtype that a layer of that resolution computes in."""
        return features.to(self.dtype) if resolution >= self.from_resolution else features

    def leave(self, features: Tensor) -> Tensor:
        """Clamp what a layer made, if it was made in 16 bits."""
        if features.dtype != self.dtype:
            return features
        # In place where nothing else needs the values: the activation keeps them for its gradient.
        clamp = torch.clamp if features.requires_grad else torch.clamp_
        return clamp(features, -self.clamp, self.clamp)
