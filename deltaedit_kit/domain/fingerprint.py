"""One fingerprint for everything that depends on networks: codes, R, recipes, comparisons.

    fingerprint = CRC-32 over (name, bytes) of the weights, in the order of their names

Idea: codes have no meaning without the networks that made them, and with other weights the same
seed gives other people. So stored files name the networks they depend on, and are refused with
other networks instead of giving wrong results silently.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from zlib import crc32

import torch
from torch import nn

from deltaedit_kit.support.errors import DeltaEditError

if TYPE_CHECKING:
    from torch import Tensor

    from deltaedit_kit.domain import Domain

FINGERPRINTED = ("generator", "mean_w", "clip", "text", "mapper", "relevance")
FINGERPRINTED += ("oracle", "inversion", "identity")


def compute_checksum(domain: Domain, networks: Sequence[str]) -> str:
    """Eight hex digits over the named networks; see `Domain.fingerprint`."""
    crc = 0
    for network in networks:
        for name, value in sorted(list_weights(domain, network).items()):
            crc = crc32(name.encode(), crc)
            whole = value.detach().cpu().contiguous().flatten().view(torch.uint8)
            crc = crc32(whole.numpy().data, crc)
    return f"{crc:08x}"


def check_header(domain: Domain, network: str, header: Mapping[str, str]) -> None:
    """Refuse a file that says it was made with other networks; where it does not, by its name.

    Networks of two domains may have the same sizes, and then only the header tells.
    """
    key = "networks" if "networks" in header else "domain"
    own = domain.fingerprint() if key == "networks" else domain.spec.name
    if header.get(key, own) != own:
        raise DeltaEditError(
            f"the {network} of {domain.spec.name!r} was made for the {key} {header[key][:60]!r}, "
            f"this is {own!r}; give its own, or make one with "
            f"`deltaedit {'train' if network == 'mapper' else 'relevance'}`"
        )


def list_weights(domain: Domain, network: str) -> Mapping[str, Tensor]:
    """The named tensors of one network; {} for one that the domain lacks.

    CLIP's image side is what OpenAI's layout calls "visual.", all of it where nothing is called so.
    Raises DeltaEditError for a name that is none.
    """
    if network not in FINGERPRINTED:
        raise DeltaEditError(
            f"a domain has no network {network[:40]!r}; choose from {', '.join(FINGERPRINTED)}"
        )
    if network in ("clip", "text"):
        model = domain.clip.model
        whole = model.state_dict() if isinstance(model, nn.Module) else {}
        images = {name for name in whole if name.startswith("visual.")} or set(whole)
        return {name: x for name, x in whole.items() if (name in images) == (network == "clip")}
    if network == "mean_w":
        mean_w = domain.generator.mean_w
        return {} if mean_w is None else {"mean_w": mean_w}
    if network == "relevance":
        return {"relevance": domain.relevance}
    if network == "oracle":
        return {} if domain.oracle is None else domain.oracle.weights()
    found: nn.Module | None = getattr(domain, network)
    return {} if found is None else found.state_dict()
