"""Which weights a number belongs to: a checksum of those networks that it depends on.

A comparison takes long, and weights get better. A cell of StyleCLIP's directions depends on R, one
of its optimisation does not, so that after a new R only the former is computed again; a new oracle
judges all of them anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from deltaedit_kit.domains.domain import Domain

DRAWN_BY = ("generator", "clip")  # what every method needs
JUDGED_BY = "oracle"
ALL = (*DRAWN_BY, JUDGED_BY, "mapper", "relevance")


def fingerprint(domain: Domain, networks: Sequence[str] = ALL) -> str:
    """Eight hexadecimal digits that change when one of the named networks of a domain does.

    A domain without an oracle is as one that leaves it out.
    """
    found = 0
    for name in networks:
        if name == JUDGED_BY:
            if domain.spec.oracle is not None:
                module = import_module(domain.spec.oracle.partition(":")[0])
                found = crc32(module.FILE.read_bytes(), found)
            continue
        if name == "relevance":
            tensors = [domain.relevance]
        else:
            network = domain.clip.model if name == "clip" else getattr(domain, name)
            tensors = list(network.parameters())
        for tensor in tensors:  # their bytes: a sum would depend on the number of threads
            found = crc32(tensor.detach().cpu().contiguous().float().numpy().tobytes(), found)
    return f"{found:08x}"
