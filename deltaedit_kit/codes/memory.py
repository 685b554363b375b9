"""Codes in memory: sampled pictures as (s, i) and nothing else, 2·(S + E) bytes each.

Idea: whatever the generator can draw is training data, and any two codes are a training pair.
The picture itself is thrown away once it is embedded; float16 is plenty for what stays, since a
style's relative step of 2^-11 is far below what a picture shows. No text comes in anywhere.

Citation: arXiv:2303.06285, section 3.2 (200,000 such codes for faces).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from deltaedit_kit.errors import DeltaEditError


@dataclass(frozen=True)
class Codes:
    """Sampled pictures of one domain: s [N, S], unit clip [N, E] and, if kept, w_plus [N, L, W].

    float16 by default; anything that computes with them goes to float32 first.
    """

    s: Tensor
    clip: Tensor
    domain: str
    w_plus: Tensor | None = None

    def __post_init__(self) -> None:
        counts = {len(x) for x in (self.s, self.clip, self.w_plus) if x is not None}
        if len(counts) != 1:
            raise DeltaEditError(f"codes need as many s as clip rows, got {sorted(counts)} rows")

    def __len__(self) -> int:
        return len(self.s)

    def __getitem__(self, rows: Tensor | slice) -> Codes:
        """The codes at `rows` (index tensor, bool mask or slice)."""
        w_plus = None if self.w_plus is None else self.w_plus[rows]
        return Codes(self.s[rows], self.clip[rows], self.domain, w_plus)

    def to(self, device: torch.device | str) -> Codes:
        """The same codes, resident on `device`."""
        w_plus = None if self.w_plus is None else self.w_plus.to(device)
        return Codes(self.s.to(device), self.clip.to(device), self.domain, w_plus)
