"""Codes to begin a lesson with: the shipped mapper's own training set, or a part of it.

    s = style(mapping(z)),  z drawn again from the seed in the header;    i = read from the file

Idea: of a code (s, i) only i takes long, since a picture has to be drawn and looked at for it. So
the file holds i alone, 256 bytes a code, and a class has ten thousand codes within a second.
`make_codes` with the settings of the header makes the same ones again, in minutes.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import Tensor

from deltaedit_kit.codes import CodeStore, Samples, Shard, StoreHeader
from deltaedit_kit.domain import Domain
from deltaedit_kit.support.atomic import load_tensors, save_tensors
from deltaedit_kit.support.errors import DeltaEditError, check_whole_number
from deltaedit_kit.toyfaces.portraits import WEIGHTS

FILE = WEIGHTS / "codes.safetensors"


def write_shipped_codes(path: Path, header: StoreHeader, clip: Tensor) -> Path:
    """Keep the first rows of a sampled store: unit `clip` [n, E], and how their s is drawn."""
    source = {
        "seed": header.source["seed"],
        "truncations": header.source["truncations"],
        "correlated": header.correlated,
        "chunk": header.chunk,
    }
    metadata = {"format": "toyfaces-codes", "domain": header.domain}
    metadata |= {"source": json.dumps(source), "networks": header.networks}
    return save_tensors(path, {"clip": clip.half()}, metadata)


@torch.no_grad()
def shipped_codes(domain: Domain, n: int | None = None, path: Path = FILE) -> CodeStore:
    """The first `n` shipped codes of toyfaces, or all of them, as a store in memory.

    float16 on the CPU: s [n, S], unit clip [n, E], w [n, 1, W]; `.header.correlated` neighbours are
    correlated.
    Raises DeltaEditError for more codes than there are, and for a domain whose generator or CLIP
    did not make them.
    """
    tensors, header = load_tensors(path, "install the kit again")
    if header.get("networks") != (ours := domain.fingerprint()):
        raise DeltaEditError(
            f"{path.name} belongs to the networks {header.get('networks')}, this domain has "
            f"{ours}; make codes of your own with make_codes"
        )
    clip = tensors["clip"]
    count = len(clip) if n is None else check_whole_number("n", n, 1, len(clip))
    source = json.loads(header["source"])
    samples = Samples(
        domain,
        source["seed"],
        tuple(source["truncations"]),
        source["chunk"],
        source["correlated"],
    )
    shards = range(0, count, samples.chunk)
    generator, s, w = domain.generator, [], []
    for start in shards:
        for w_plus in samples.batches(range(start, start + samples.chunk), samples.chunk):
            s.append(generator.to_style(w_plus).half().cpu())
            w.append(w_plus[:, :1].half().cpu())  # every row is the same
    shard = Shard(torch.cat(s)[:count], clip[:count], torch.cat(w)[:count])
    return CodeStore.of(
        [shard],
        domain.spec.name,
        generator.latent_rows,
        networks=ours,
        source=samples.describe(),
        preprocessing=domain.clip.preprocessing,
    )
