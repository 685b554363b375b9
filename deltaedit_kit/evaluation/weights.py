"""Which weights a number belongs to: a checksum of those networks that it depends on.

A comparison takes long, and weights get better. A cell of StyleCLIP's directions depends on R, one
of its optimisation does not, so that after a new R only the former is computed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from zlib import crc32

import torch

if TYPE_CHECKING:
    from deltaedit_kit.domains.domain import Domain

DRAWN_BY = ("generator", "clip")  # what every method and every judge needs
ALL = (*DRAWN_BY, "mapper", "relevance")


def fingerprint(domain: Domain, networks: Sequence[str] = ALL) -> str:
    """Eight hexadecimal digits that change when one of the named networks of a domain does."""
    tensors = []
    for name in networks:
        if name == "relevance":
            tensors.append(domain.relevance)
        else:
            network = domain.clip.model if name == "clip" else getattr(domain, name)
            tensors += network.parameters()
    sums = torch.stack([t.detach().double().sum().cpu() for t in tensors])
    weighed = torch.stack([t.detach().double().square().sum().cpu() for t in tensors])
    return f"{crc32(torch.cat([sums, weighed]).numpy().tobytes()):08x}"
