"""What a file is, said in a few lines, without running or building anything.

Idea: the shapes tell the sizes, and the sizes tell the family: 6048 style channels are a 1024 px
StyleGAN2 (FFHQ), 5760 a 256 px one (LSUN); a mapper shows those of the fine layers. That is a
guess and is called one; a file of the kit names its domain in its header.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deltaedit_kit.io.cache import sha256
from deltaedit_kit.io.checkpoints.container import naming
from deltaedit_kit.io.checkpoints.foreign import other_network
from deltaedit_kit.io.checkpoints.kind import Tensors, flat_tensors, tensors_of
from deltaedit_kit.io.checkpoints.kinds import recognise
from deltaedit_kit.io.checkpoints.reading import Contents, read
from deltaedit_kit.support.errors import DeltaEditError

# Total width of s, width of its fine layers -> the published domains whose generators have it.
LSUN = "lsun-cat, lsun-church or lsun-horse"
BY_STYLE_CHANNELS, BY_FINE_WIDTH = {6048: "ffhq", 5760: LSUN}, {2464: "ffhq", 2176: LSUN}


@dataclass(frozen=True)
class Description:
    """What a file is, in words and numbers."""

    path: Path
    what: str
    format: str
    sizes: dict[str, Any]
    domain: str
    tensors: str  # how many, how many numbers, of which types
    size: int  # bytes
    sha256: str
    problem: str = ""  # why no loader would take it although it was recognised

    def lines(self) -> list[str]:
        """One line a fact, names first, aligned."""
        facts: dict[str, Any] = {"file": self.path, "what": self.what, "format": self.format}
        facts |= {key.replace("_", " "): value for key, value in self.sizes.items()}
        facts |= {"domain": self.domain, "tensors": self.tensors}
        facts |= {"bytes": f"{self.size:,}", "sha256": self.sha256}
        if self.problem:
            facts["problem"] = self.problem
        width = max(map(len, facts))
        return [f"{name:<{width}}  {value}" for name, value in facts.items()]


def describe(path: str | Path) -> Description:
    """What the file at `path` is. Nothing in it is executed.

    Raises DeltaEditError for what is no checkpoint, damaged, or asks for a forbidden name. A file
    that is read but whose numbers or parts no loader would take is described, with its problem.
    """
    contents = read(path)
    tensors, layout, problem = flat_tensors(contents.tree), contents.container.value, ""
    sizes: dict[str, Any] = {}
    with naming(contents.path):
        other, found = other_network(contents), recognise(contents)
    if other is not None:
        what, _, problem = other.partition("; ")
    elif found is None:
        own = contents.metadata.get("format")
        what = f"tensors, by their header {own}" if own else "tensors of an unknown layout"
    else:
        kind, match = found
        what = kind.title
        try:
            with naming(contents.path):
                tensors = tensors_of(contents, kind, match)
                sizes, layout = kind.sizes(tensors), match.layout
        except DeltaEditError as refusal:
            problem = str(refusal)
    return Description(
        path=contents.path,
        what=what,
        format=layout,
        sizes=sizes,
        domain=_domain(contents, sizes),
        tensors=_count(tensors),
        size=contents.path.stat().st_size,
        sha256=sha256(contents.path),
        problem=problem,
    )


def _domain(contents: Contents, sizes: dict[str, Any]) -> str:
    if "domain" in contents.metadata:
        return f"{contents.metadata['domain']} (the file says so)"
    guess = BY_STYLE_CHANNELS.get(sizes.get("style_channels", 0))
    guess = guess or BY_FINE_WIDTH.get(sizes.get("fine_width", 0))
    return f"{guess} (by its sizes)" if guess else "not known"


def _count(tensors: Tensors) -> str:
    numbers = sum(value.numel() for value in tensors.values())
    types = sorted({str(value.dtype).removeprefix("torch.") for value in tensors.values()})
    return f"{len(tensors)}, {numbers:,} numbers, {', '.join(types)}"
