"""Codes in memory: sampled pictures as (s, i) and nothing else, 2·(S + E) bytes each.

Idea: whatever the generator can draw is training data, and any two codes are a training pair.
The picture itself is thrown away once it is embedded; float16 is plenty for what stays, since a
style's relative step of 2^-11 is far below what a picture shows. No text comes in anywhere.

Citation: arXiv:2303.06285, section 3.2 (200,000 such codes for faces).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor

from deltaedit_kit.atomic import save_tensors
from deltaedit_kit.errors import DeltaEditError

FORMAT = "deltaedit codes 1"


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

    def save(self, path: str | Path) -> Path:
        """Write one safetensors file, atomically; its header names format and domain."""
        tensors = {"s": self.s, "clip": self.clip}
        if self.w_plus is not None:
            tensors["w_plus"] = self.w_plus
        return save_tensors(path, tensors, {"format": FORMAT, "domain": self.domain})

    @classmethod
    def load(cls, path: str | Path) -> Codes:
        """Read what `save` wrote. Raises DeltaEditError for any other file."""
        try:
            with safe_open(str(path), framework="pt") as stored:
                header = stored.metadata() or {}
                tensors = {key: stored.get_tensor(key) for key in stored.keys()}  # noqa: SIM118
        except Exception as cause:  # safetensors raises its own types, OSError and more
            raise DeltaEditError(
                f"cannot read codes from {path}: {cause}; make them again"
            ) from None
        if header.get("format") != FORMAT:
            raise DeltaEditError(
                f"{path} holds no codes (header {json.dumps(header)}); give a file that "
                "Codes.save wrote"
            )
        return cls(tensors["s"], tensors["clip"], header["domain"], tensors.get("w_plus"))

    @classmethod
    def join(cls, parts: Sequence[Codes]) -> Codes:
        """All codes of `parts`, in order. Raises DeltaEditError for a mix of domains."""
        names = sorted({part.domain for part in parts})
        if len(names) != 1:
            raise DeltaEditError(f"codes of {names} cannot be joined; give codes of one domain")
        kept = [part.w_plus for part in parts if part.w_plus is not None]
        w_plus = torch.cat(kept) if len(kept) == len(parts) else None
        s, clip = torch.cat([part.s for part in parts]), torch.cat([part.clip for part in parts])
        return cls(s, clip, names[0], w_plus)
