"""Codes to begin a lesson with: the shipped mapper's own training set, or a part of it.

    s = style(mapping(z)),  z drawn again from the seed in the header;    i = read from the file

Idea: of a code (s, i) only i takes long, since a picture has to be drawn and looked at for it. So
the file holds i alone, 256 bytes a code, and a class has ten thousand codes within a second.
`make_codes` with the settings of the header makes the same ones again, in minutes.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from deltaedit_kit.atomic import save_tensors
from deltaedit_kit.codes.header import StoreHeader, networks_mark
from deltaedit_kit.codes.store import CodeStore, Shard
from deltaedit_kit.domain import Domain
from deltaedit_kit.errors import DeltaEditError, whole_number
from deltaedit_kit.io.published_codes import store_of
from deltaedit_kit.labs.photo.code_sources import Samples
from deltaedit_kit.toyfaces.portraits import WEIGHTS

FILE = WEIGHTS / "codes.safetensors"


def write_shipped_codes(path: Path, header: StoreHeader, clip: Tensor) -> Path:
    """Keep the first rows of a sampled store: unit `clip` [n, E], and how their s is drawn."""
    source = {
        "seed": header.source["seed"],
        "truncations": header.source["truncations"],
        "family": header.family,
        "chunk": header.chunk,
    }
    metadata = {"format": "toyfaces-codes", "domain": header.domain}
    metadata |= {"source": json.dumps(source), "networks": header.networks}
    return save_tensors(path, {"clip": clip.half()}, metadata)


@torch.no_grad()
def shipped_codes(domain: Domain, n: int | None = None, path: Path = FILE) -> CodeStore:
    """The first `n` shipped codes of toyfaces, or all of them, as a store in memory.

    float16 on the CPU: s [n, S], unit clip [n, E], w [n, 1, W]; `.header.family` neighbours are
    relatives.
    Raises DeltaEditError for more codes than there are, and for a domain whose generator or CLIP
    did not make them.
    """
    try:
        with safe_open(str(path), framework="pt") as stored:
            clip, header = stored.get_tensor("clip"), stored.metadata()
    except (OSError, SafetensorError) as cause:
        raise DeltaEditError(f"cannot read {path}: {cause}; install the kit again") from None
    if header["networks"] != (mark := networks_mark(domain)):
        raise DeltaEditError(
            f"{path.name} belongs to the networks {header['networks']}, this domain has {mark}; "
            "make codes of your own with make_codes"
        )
    count = len(clip) if n is None else whole_number("n", n, 1, len(clip))
    source = json.loads(header["source"])
    samples = Samples(
        domain, source["seed"], tuple(source["truncations"]), source["chunk"], source["family"]
    )
    shards = range(0, count, samples.chunk)
    generator, s, w = domain.generator, [], []
    for start in shards:
        w_plus = samples.w_plus(range(start, start + samples.chunk))
        s.append(generator.to_style(w_plus).half().cpu())
        w.append(w_plus[:, :1].half().cpu())  # every row is the same
    shard = Shard(torch.cat(s)[:count], clip[:count], torch.cat(w)[:count])
    store = store_of([shard], domain.spec.name)
    header = replace(
        store.header,
        latent_rows=generator.latent_rows,
        networks=mark,
        source=samples.describe(),
    )
    return CodeStore(header, store.shards)
