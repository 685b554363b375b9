"""Codes: the training set of the mapper, sampled pictures as (s, i) and nothing else.

Idea: whatever the generator can draw is training data. Each code is one sampled picture,

    z ~ N(0, 1),   w = mapping(z, ψ),   s = style(w),   i = unit CLIP embedding of picture(s)

and a training pair is any two of them. Pictures are made, embedded and thrown away batch by
batch, so that only the codes stay: float16, 2·(S + E) bytes each. No text comes in anywhere.

Citation: arXiv:2303.06285, section 3.2 (200,000 such codes for faces).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


@torch.inference_mode()
def sample_codes(
    domain: Any,
    n: int,
    seed: int,
    batch: int = 32,
    truncations: Sequence[float] = (1.0,),
    keep_w_plus: bool = False,
    fast: bool = False,
    progress: Callable[[int], object] | None = None,
) -> Codes:
    """`n` codes of `domain`, float16 on the CPU.

    Batch k is drawn with truncation `truncations[k % len(truncations)]`: a share of calmer
    pictures teaches the mapper the neighbourhood in which people edit. `fast` draws the pictures
    (and nothing else) in bfloat16. The same n, seed, batch and truncations give the same codes.
    `progress(count)` is called after each batch. Of the domain, .generator, .clip, .device and
    .spec.name are used.
    Raises DeltaEditError for n < 1 or an empty `truncations`.
    """
    if n < 1 or not truncations:
        raise DeltaEditError(f"cannot sample {n} codes at truncations {list(truncations)}")
    generator = domain.generator
    random = torch.Generator().manual_seed(seed)
    s, clip, w_plus = [], [], []
    for k, start in enumerate(range(0, n, batch)):
        size = min(batch, n - start)
        z = torch.randn(size, generator.style_dim, generator=random).to(domain.device)
        w = generator.mapping(z, truncation=truncations[k % len(truncations)])
        rows = generator.expand(w)  # [size, L, W]
        style = generator.to_style(rows)  # [size, S]
        with torch.autocast(domain.device.type, torch.bfloat16, enabled=fast):
            pictures = generator.synthesize(style, rows).float()
        s.append(style.half().cpu())
        clip.append(domain.clip.encode_images(pictures).half().cpu())
        if keep_w_plus:
            w_plus.append(rows.half().cpu())
        if progress:
            progress(size)
    kept = torch.cat(w_plus) if keep_w_plus else None
    return Codes(torch.cat(s), torch.cat(clip), domain.spec.name, kept)
