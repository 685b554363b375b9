"""Filling a store of codes: streaming, resumable, in any number of parts.

    for each shard that is missing and mine (number mod parts = part):
        for each batch: w+ -> s = style(w+), picture G(s, w+), i = unit CLIP embedding
                        the picture is forgotten
        write the shard under a passing name, then rename it

Idea: the folder itself records the progress of the run. There is no separate list of finished
shards that could disagree with it: a shard is finished when its file exists, and its content
follows from its number alone. So it does not matter which process makes it, in which run, or how
many codes are requested in total. Memory holds one shard, for any N.

Citation: arXiv:2303.06285, section 3.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import torch
from safetensors import SafetensorError
from torch import Tensor

from deltaedit_kit.codes.header import CHUNK, FILE, StoreHeader
from deltaedit_kit.codes.store import CodeStore, Shard, read_shard, shard_path, write_shard
from deltaedit_kit.domain import pictures_a_pass
from deltaedit_kit.support.atomic import check_path, remove_leftovers
from deltaedit_kit.support.device import computing, full_precision, kit_defaults, name_precision
from deltaedit_kit.support.errors import (
    HIGHEST_SEED,
    DeltaEditError,
    check_domain,
    check_kind,
    check_number,
    check_whole_number,
)
from deltaedit_kit.support.lock import only_writer

if TYPE_CHECKING:
    from deltaedit_kit.domain import Domain

LOOK = 2.0  # seconds
Progress = Callable[[int, int], object]  # (codes done, codes to do), of this part


class Source(Protocol):
    """Where the w+ of a store come from: sampled here, or photographs (labs/photo)."""

    def __len__(self) -> int:
        """How many codes there are at most."""
        ...

    @property
    def w_rows(self) -> int:
        """Rows of w+ worth storing: 1 where all are the same, L otherwise."""
        ...

    def describe(self) -> dict[str, object]:
        """What the store's header says of it, as JSON values."""
        ...

    def batches(self, rows: range, size: int) -> Iterator[Tensor]:
        """w+ [at most `size`, L, W] of these codes, all of one shard, in order."""
        ...


@dataclass(frozen=True)
class Samples:
    """Sampled w, truncations taking turns; with `correlated` > 1 in groups of so many.

    Raises DeltaEditError for settings that cannot be.
    """

    domain: Domain
    seed: int = 0
    truncations: Sequence[float] = (1.0,)
    chunk: int = CHUNK
    correlated: int = 1

    def __post_init__(self) -> None:
        check_whole_number("seed", self.seed, 0, HIGHEST_SEED)
        if not self.truncations:
            raise DeltaEditError("truncations is empty; give at least one, such as 1.0")
        for psi in self.truncations:
            check_number("truncation", psi)
        if self.chunk % check_whole_number("correlated", self.correlated, 1):
            raise DeltaEditError(
                f"a chunk of {self.chunk} codes would break a group of {self.correlated}; "
                f"give a chunk of {self.chunk - self.chunk % self.correlated or self.correlated}"
            )

    def __len__(self) -> int:
        return 2**40  # no end of them

    @property
    def w_rows(self) -> int:
        """One: every row of a sampled w+ is the same."""
        return 1

    def describe(self) -> dict[str, object]:
        """Seed and truncations, and the size of a group where there are any."""
        groups = {"correlated": self.correlated} if self.correlated > 1 else {}
        settings = {"seed": self.seed, "truncations": list(self.truncations), **groups}
        return {"kind": "samples", **settings}

    def batches(self, rows: range, size: int) -> Iterator[Tensor]:
        """Every shard has a seed of its own; seed + 1: not the faces of domain.sample(0)."""
        shard, start = divmod(rows.start, self.chunk)
        seed = ((self.seed + 1) * 0x9E3779B1 + shard) % 2**32
        w = self.domain.sample_w(self.chunk, seed, correlated=self.correlated)
        w = w[start : start + len(rows)]
        turn = torch.tensor(rows) // self.correlated % len(self.truncations)
        psi = torch.tensor(self.truncations, dtype=torch.float32)[turn].to(w)[:, None]
        generator = self.domain.generator
        if not bool((psi == 1).all()):
            assert generator.mean_w is not None
            w = torch.where(psi == 1, w, generator.mean_w + psi * (w - generator.mean_w))
        yield from generator.expand(w).split(size)


@kit_defaults()
def make_codes(
    domain: Domain,
    folder: str | Path,
    n: int | None = None,
    seed: int | None = None,
    truncations: Sequence[float] | None = None,
    batch: int | None = None,
    chunk: int | None = None,
    correlated: int | None = None,
    fast: bool = False,
    source: Source | None = None,
    progress: Progress | None = None,
    part: int = 0,
    parts: int = 1,
) -> CodeStore:
    """A store of `n` codes of `domain` in `folder`, float16: made, continued or made longer.

    `Samples` of (seed 0, truncations (1.0,), correlated 1), or of those that are given; or another
    `source`, which takes none of the three, and of which `n` None takes all.
    What is there already stays. `fast` draws as fast as this machine can, `batch` only trades speed
    for memory (None: as many as `Domain.draw` takes at once). Several processes make one `part` of
    `parts` each; the store returned is complete in the one that finishes last. Raises
    DeltaEditError for a folder with other codes or another writer, groups that a domain cannot
    draw, a full disk, numbers that float16 cannot hold and wrong settings.
    """
    check_domain(domain)
    if source is not None and not hasattr(source, "batches"):
        raise DeltaEditError(f"source is a {type(source).__name__}; give a Source, or leave it out")
    if source is not None and any(x is not None for x in (seed, truncations, correlated)):
        raise DeltaEditError(
            "seed, truncations and correlated choose samples; leave them out with a source"
        )
    psis = (1.0,) if truncations is None else truncations
    psis = tuple(check_kind("truncations", psis, Sequence, "a list such as [1.0, 0.7]"))
    folder = check_path(folder)
    correlated = 1 if correlated is None else check_whole_number("correlated", correlated, 1)
    if chunk is None:  # groups stay whole
        chunk = max(CHUNK - CHUNK % correlated, correlated)
    batch = pictures_a_pass(domain.spec.resolution) if batch is None else batch
    chunk, batch = check_whole_number("chunk", chunk, 1), check_whole_number("batch", batch, 1)
    part = check_whole_number("part", part, 0, check_whole_number("parts", parts, 1) - 1)
    if source is None:
        if n is None:
            raise DeltaEditError("n is missing; say how many codes to sample")
        source = Samples(domain, 0 if seed is None else seed, psis, chunk, correlated)
    count = len(source) if n is None else check_whole_number("the number of codes", n, 1)
    count = min(count, len(source))
    with only_writer(folder, f"codes-{part}-of-{parts}"), full_precision(domain.device):
        _refuse_other_shares(folder, parts)
        header = _agree(folder, declare(domain, source, count, chunk, fast))
        mine = range(part, header.shards, parts)
        own = {shard_path(folder, number).name for number in mine}
        remove_leftovers(folder, own if parts > 1 else own | {FILE})
        missing = [number for number in mine if not _is_there(folder, header, number)]
        total = sum(len(header.rows(number)) for number in mine)
        done = total - sum(len(header.rows(number)) for number in missing)
        if progress:
            progress(done, total)
        for number in missing:
            made: list[Shard] = []
            for w_plus in source.batches(header.rows(number), batch):
                made.append(draw_codes(domain, w_plus, source.w_rows, fast))
                done += len(w_plus)
                if progress:
                    progress(done, total)
            s, clip, w = (torch.cat([getattr(x, key) for x in made]) for key in ("s", "clip", "w"))
            try:
                write_shard(folder, header, number, Shard(s, clip, w))
            except (OSError, SafetensorError) as cause:
                raise DeltaEditError(
                    f"cannot write codes to {folder}: {cause}; what is there is whole: make room, "
                    "then run the same again"
                ) from None
    return CodeStore.open(folder)


def _refuse_other_shares(folder: Path, parts: int) -> None:
    """Raise DeltaEditError where somebody makes this store in another number of parts.

    Both would write the same shards. Locks of those who have ended are free; the short wait is for
    whoever of our own run looks at the same time.
    """
    for lock in folder.glob(".codes-*-of-*.lock"):
        name = lock.name[1:].removesuffix(".lock")
        if name.rpartition("-")[2] != str(parts):
            with only_writer(folder, name, LOOK):
                pass


@torch.inference_mode()
def draw_codes(domain: Domain, w_plus: Tensor, w_rows: int, fast: bool = False) -> Shard:
    """Draw w_plus [n, L, W], embed the pictures, forget them: (s, i, w), float16 on the CPU.

    `fast` concerns the pictures alone, whose rounding an embedding hardly notices.
    """
    generator = domain.generator
    style = generator.to_style(w_plus)  # [n, S]
    with computing(domain.device, fast):
        pictures = generator.synthesize(style, w_plus).float()
    clip = domain.clip.encode_images(pictures, drawn=True)  # [n, E]
    return Shard(style.half().cpu(), clip.half().cpu(), w_plus[:, :w_rows].half().cpu())


def declare(domain: Domain, source: Source, count: int, chunk: int, fast: bool) -> StoreHeader:
    """The header of a store of `count` codes of `source`."""
    return StoreHeader(
        domain=domain.spec.name,
        style_width=domain.layout.total,
        clip_width=domain.clip.width,
        w_width=domain.generator.style_dim,
        w_rows=source.w_rows,
        latent_rows=domain.generator.latent_rows,
        preprocessing=str(getattr(domain.clip, "preprocessing", "plain")),
        networks=domain.fingerprint(),
        source=source.describe(),
        count=count,
        chunk=chunk,
        precision=name_precision(domain.device, fast),
    )


def _agree(folder: Path, wanted: StoreHeader) -> StoreHeader:
    """The header to go on with: the one that is there, its count raised to what is wanted.

    Every process of a run comes to the same one, and writing it twice changes nothing. A header
    without a single shard is what a run left that failed at once: it binds nobody. Codes that were
    drawn in another precision differ by rounding only: the header then names both.
    """
    if (folder / FILE).exists() and any(folder.glob("codes-*.safetensors")):
        there = StoreHeader.read(folder)
        differing = [
            f"{key} is {value!r} there and {asdict(wanted)[key]!r} now"
            for key, value in asdict(there).items()
            if key not in ("count", "precision") and value != asdict(wanted)[key]
        ]
        if differing:
            raise DeltaEditError(
                f"{folder} holds other codes: {'; '.join(differing)}; give another folder"
            )
        have = len(CodeStore.open(folder)) if wanted.count < there.count else 0
        precisions = {*there.precision.split(" and "), wanted.precision}
        wanted = replace(
            wanted, count=max(wanted.count, have), precision=" and ".join(sorted(precisions))
        )
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
        return path.exists() and len(read_shard(path, header, number)) == len(header.rows(number))
    except DeltaEditError:
        return False
