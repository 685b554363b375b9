"""Filling a store of codes: streaming, resumable, by one process or many.

    for each shard that is missing and mine (number mod world = rank):
        for each batch: w+ -> s, picture, i;  the picture is forgotten
        write the shard under a passing name, then rename it

Idea: the folder itself is the memory of the run. There is no list of what is done that could
disagree with it: a shard is done when its file is there. Memory holds one shard, whatever N is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor

from deltaedit_kit.atomic import remove_leftovers
from deltaedit_kit.codes import header as headers
from deltaedit_kit.codes.embedding import CodeRows, embed_batch
from deltaedit_kit.codes.header import StoreHeader, networks_mark
from deltaedit_kit.codes.store import (
    CodeStore,
    read_shard,
    shard_path,
    shard_size,
    shards_of,
    write_shard,
)
from deltaedit_kit.errors import DeltaEditError, whole_number
from deltaedit_kit.labs.photo.code_sources import Photos, Samples, Source
from deltaedit_kit.ranks import Rank, this_rank

Progress = Callable[[int, int], object]  # (codes done, codes to do), of this process


def make_codes(
    domain: Any,
    folder: str | Path,
    n: int | None = None,
    seed: int = 0,
    truncations: Sequence[float] = (1.0,),
    batch: int = 32,
    chunk: int | None = None,
    family: int = 1,
    fast: bool = False,
    photos: str | Path | None = None,
    invert: Callable[[Tensor], Tensor] | None = None,
    progress: Progress | None = None,
    rank: Rank | None = None,
) -> CodeStore:
    """A store of `n` codes of `domain` in `folder`, float16: made, continued or made longer.

    Sampled from (seed, truncations taking turns), or with `photos` and `invert` the pictures of
    a folder. With `family` > 1 so many neighbours are relatives, as the domain draws them, and
    training can learn from pairs that differ in little. What is there already stays. `fast` draws
    in bfloat16, `batch` only trades speed for memory. Under torchrun every process makes its
    share; the store returned is complete in the process that finishes last. Raises DeltaEditError
    for a folder with other codes, families that a domain cannot draw, a full disk and wrong
    numbers.
    """
    folder, rank = Path(folder), rank or this_rank()
    family = whole_number("family", family, 1)
    if chunk is None:  # families stay whole
        chunk = max(headers.CHUNK - headers.CHUNK % family, family)
    chunk, batch = whole_number("chunk", chunk, 1), whole_number("batch", batch, 1)
    source: Source = Samples(domain, seed, tuple(truncations), chunk, family)
    if photos is not None:
        if invert is None:
            raise DeltaEditError("photos need a way to invert them; give invert=, pictures -> w+")
        source = Photos.of(domain, photos, invert)
        n = len(source.files) if n is None else min(n, len(source.files))
    count = whole_number("the number of codes", n, 1)
    header = _agree(folder, declare(domain, source, count, chunk))
    mine = range(rank.index, shards_of(header), rank.world)
    own_files = {shard_path(folder, number).name for number in mine}
    remove_leftovers(folder, own_files if rank.world > 1 else own_files | {headers.FILE})
    missing = [number for number in mine if not _is_there(folder, header, number)]
    total = sum(shard_size(header, number) for number in mine)
    done = total - sum(shard_size(header, number) for number in missing)
    if progress:
        progress(done, total)
    for number in missing:
        parts: list[CodeRows] = []
        first = number * header.chunk
        stop = first + shard_size(header, number)
        for start in range(first, stop, batch):
            rows = range(start, min(start + batch, stop))
            with torch.inference_mode():
                w_plus = source.w_plus(rows)
            parts.append(embed_batch(domain, w_plus, fast))
            done += len(rows)
            if progress:
                progress(done, total)
        joined = CodeRows(*(torch.cat(part) for part in zip(*parts, strict=True)))
        try:
            write_shard(folder, header, number, joined)
        except (OSError, SafetensorError) as cause:
            raise DeltaEditError(
                f"cannot write codes to {folder}: {cause}; what is there is whole: make room, "
                "then run the same again"
            ) from None
    return CodeStore.open(folder)


def declare(domain: Any, source: Source, count: int, chunk: int) -> StoreHeader:
    """The header of a store of `count` codes of `source`."""
    generator = domain.generator
    return StoreHeader(
        domain=domain.spec.name,
        style_width=domain.layout.total,
        clip_width=domain.clip.width,
        w_width=generator.style_dim,
        w_rows=source.w_rows,
        latent_rows=generator.latent_rows,
        preprocessing=str(getattr(domain.clip, "preprocessing", "plain")),
        networks=networks_mark(domain),
        source=source.describe(),
        count=count,
        chunk=chunk,
    )


def _agree(folder: Path, wanted: StoreHeader) -> StoreHeader:
    """The header to go on with: the one that is there, its count raised to what is wanted.

    Every process of a run comes to the same one, and writing it twice changes nothing. A header
    without a single shard is what a run left that failed at once: it binds nobody.
    """
    if (folder / headers.FILE).exists() and any(folder.glob("codes-*.safetensors")):
        there = StoreHeader.read(folder)
        differing = [
            f"{key} is {value!r} there and {asdict(wanted)[key]!r} now"
            for key, value in asdict(there).items()
            if key != "count" and value != asdict(wanted)[key]
        ]
        if differing:
            raise DeltaEditError(
                f"{folder} holds other codes: {'; '.join(differing)}; give another folder"
            )
        have = len(CodeStore.open(folder)) if wanted.count < there.count else 0
        wanted = replace(wanted, count=max(wanted.count, have))
        if wanted == there:
            return there
    try:
        wanted.write(folder)
    except OSError as cause:
        raise DeltaEditError(f"cannot write to {folder}: {cause}; give another folder") from None
    return wanted


def _is_there(folder: Path, header: StoreHeader, number: int) -> bool:
    """Whether the shard is whole: a damaged or shorter one is made again."""
    path = shard_path(folder, number)
    try:
        return path.exists() and len(read_shard(path, header, number)) == shard_size(header, number)
    except DeltaEditError:
        return False
