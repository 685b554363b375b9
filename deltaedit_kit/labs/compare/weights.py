"""Which weights a number belongs to: a checksum of those networks that it depends on.

A comparison takes long, and weights get better. A run of StyleCLIP's directions depends on R, one
of its optimisation does not, so that after a new R only the former is computed again; a new oracle
evaluates all of them anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import TYPE_CHECKING
from zlib import crc32

import torch

if TYPE_CHECKING:
    from deltaedit_kit.domain import Domain

DRAWN_BY = ("generator", "clip")  # what every method needs
JUDGED_BY = ("oracle", "identity")
ALL = (*DRAWN_BY, *JUDGED_BY, "mapper", "relevance")


def fingerprint(domain: Domain, networks: Sequence[str] = ALL) -> str:
    """Eight hexadecimal digits that change when one of the named networks of a domain does.

    A domain without an oracle, or without an identity network, is as one that leaves it out.
    """
    found = 0
    for name in networks:
        for part in _bytes(domain, name):
            found = crc32(part, found)
    return f"{found:08x}"


def _bytes(domain: Domain, name: str) -> Iterator[bytes]:
    """All that one network knows: its tensors, fixed noise and mean of w too, or its file."""
    address = getattr(domain.spec, name) if name in JUDGED_BY else None
    if address is not None:  # "module:function"; the module names the file
        yield import_module(address.partition(":")[0]).FILE.read_bytes()
        return
    if name == "oracle":
        return
    network = domain.clip.model if name == "clip" else getattr(domain, name)
    if network is None:
        return
    tensors = [network] if name == "relevance" else list(network.state_dict().values())
    tensors += [network.mean_w] if name == "generator" else []  # is in no state_dict
    for tensor in tensors:  # their bytes: a sum would depend on the number of threads
        yield tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes()
