"""The recipe of an edit: a small JSON that repeats it, here or on another machine.

Sampled faces need only their seed,   {"sample": {"seed": 0, "count": 4, ...}}
other codes come along as numbers:    {"codes": {"s": {"shape": [1, 2080], "float32": base64}, ...}}

With other weights the same seed gives other people and the same sentence another edit, so the
recipe contains the domain's fingerprint. A recipe is data and reading it runs nothing: every field
is checked as untrusted input, and the size of its work is limited before the work starts.
"""

from __future__ import annotations

import base64
import binascii
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from deltaedit_kit.domain.faces import Faces, SampleOrigin
from deltaedit_kit.support.errors import (
    DeltaEditError,
    check_number,
    check_whole_number,
    short_repr,
)

if TYPE_CHECKING:
    from deltaedit_kit.domain import Domain

KIND, VERSION = "deltaedit-recipe", 1
EDITED_BY = ("generator", "mean_w", "clip", "text", "mapper", "relevance")
MOST_PICTURES = 400  # to draw, before and after together: 20 seconds of 128 px ones on a core
MOST_BYTES = 2**29  # of pictures, float32: 42 of 1024 px
MOST_SENTENCES = 5120  # to encode: 64 texts in 79 templates
LONGEST_TEXT = 1000  # characters; CLIP reads 75 tokens
MOST_SAMPLED = 100_000  # w to draw, of which the faces are rows


@dataclass(frozen=True)
class EditRequest:
    """What a recipe asks for: the arguments of `Editor.edit`."""

    faces: Faces
    text: str | list[str]
    neutral: str
    strength: float
    threshold: float


def write(
    domain: Domain,
    faces: Faces,
    text: str | Sequence[str],
    neutral: str,
    strength: float,
    threshold: float,
    networks: Sequence[str] = EDITED_BY,
) -> dict[str, Any]:
    """The recipe of an edit that these networks made, as a dict of plain JSON values."""
    return {
        "kind": KIND,
        "version": VERSION,
        "domain": domain.spec.name,
        "networks": domain.fingerprint(*networks),
        "faces": write_faces(faces, domain),
        "text": text if isinstance(text, str) else list(text),
        "neutral": neutral,
        "strength": strength,
        "threshold": threshold,
    }


def write_faces(faces: Faces, domain: Domain) -> dict[str, Any]:
    """Where faces come from, as plain JSON values: their seed and the weights, or their codes."""
    if faces.origin is not None:
        rows = list(faces.origin.rows)
        return {"sample": {**asdict(faces.origin), "rows": rows, "networks": domain.fingerprint()}}
    return {"codes": {"s": _pack(faces.s), "w_plus": _pack(faces.w_plus)}}


def read(recipe: Any, domain: Domain, networks: Sequence[str] = EDITED_BY) -> EditRequest:
    """Check a recipe and make its faces with `domain`.

    A recipe of before the fingerprint is read with a warning. Raises `DeltaEditError` when it is
    no recipe, newer than this kit, of another domain or of other networks, asks for more work than
    a file may, or when a field is missing or holds something else than `write` puts there.
    """
    if not isinstance(recipe, Mapping) or recipe.get("kind") != KIND:
        raise DeltaEditError("this is no recipe of an edit; give the dict that edit.recipe holds")
    if recipe.get("version") != VERSION:
        raise DeltaEditError(
            f"the recipe has version {str(recipe.get('version'))[:20]}, this kit reads {VERSION}; "
            "update the kit"
        )
    if recipe.get("domain") != domain.spec.name:
        raise DeltaEditError(
            f"the recipe is for domain {str(recipe.get('domain'))[:60]!r}, this editor edits "
            f"{domain.spec.name!r}; load the domain of the recipe"
        )
    try:
        text, neutral = recipe["text"], recipe["neutral"]
        strength = check_number("the recipe's strength", recipe["strength"])
        threshold = check_number("the recipe's threshold", recipe["threshold"], low=0.0)
        texts = _count_texts(text, neutral, domain)
        _check_networks(recipe, domain, networks)
        faces = read_faces(recipe["faces"], domain, texts)
    except (KeyError, TypeError, AttributeError, IndexError) as cause:
        raise DeltaEditError(
            f"the recipe is damaged ({type(cause).__name__}: {str(cause)[:60]}); "
            "save it again from edit.recipe"
        ) from cause
    return EditRequest(faces, text, neutral, strength, threshold)


def read_faces(source: dict[str, Any], domain: Domain, texts: int = 1) -> Faces:
    """What `write_faces` wrote: sample the faces again, or draw the codes that came along.

    `texts` is how often each will be drawn again. Raises `DeltaEditError` for numbers that do not
    fit the domain, for other weights and for too much work, and KeyError or TypeError where a field
    is missing or of another type: a reader of whole recipes says what that means.
    """
    if "sample" in source:
        sample = source["sample"]
        count = check_whole_number("the recipe's count of faces", sample["count"], 1, MOST_SAMPLED)
        _bound_work(len(sample["rows"]), texts, domain)
        rows = [
            check_whole_number("a row of the recipe", row, 0, count - 1)
            for row in list(sample["rows"])
        ]
        check_weights(sample, domain)
        psi = check_number("the recipe's truncation", sample["truncation"])
        origin = SampleOrigin(sample["seed"], count, psi, tuple(rows))
        w = domain.sample_w(count, origin.seed, origin.truncation)[rows]
        w_plus = domain.generator.expand(w)
        return domain.faces_from(domain.generator.to_style(w_plus), w_plus, origin)
    codes = source["codes"]
    _bound_work(codes["s"]["shape"][0], texts, domain)
    s, w_plus = _unpack(codes["s"]), _unpack(codes["w_plus"])
    rows, width = domain.generator.latent_rows, domain.generator.style_dim
    if s.shape[1:] != (domain.layout.total,) or w_plus.shape != (len(s), rows, width):
        raise DeltaEditError(
            f"the recipe holds codes {list(s.shape)} and {list(w_plus.shape)}, the domain needs "
            f"[n, {domain.layout.total}] and [n, {rows}, {width}]; save it again from edit.recipe"
        )
    return domain.faces_from(s, w_plus)


def check_weights(sample: dict[str, Any], domain: Domain) -> None:
    """Raise `DeltaEditError` if the recipe says that other weights sampled its faces."""
    here = domain.fingerprint()
    if sample.get("networks", here) != here:
        raise DeltaEditError(
            f"the recipe's faces were sampled with other weights of {domain.spec.name!r} "
            f"({str(sample['networks'])[:20]}, here {here}), with which its seed is other people; "
            "use the version of the kit that wrote it"
        )


def _check_networks(recipe: Mapping[str, Any], domain: Domain, networks: Sequence[str]) -> None:
    """Refuse an edit of other networks; warn where the recipe does not say."""
    if "networks" not in recipe:
        warnings.warn(
            "this recipe does not say which mapper and relevance matrix made its edit (older kits "
            "wrote no fingerprint of them); with others its pictures differ",
            stacklevel=4,  # who called `Editor.replay`
        )
    elif recipe["networks"] != (here := domain.fingerprint(*networks)):
        raise DeltaEditError(
            f"the recipe's edit was made with other networks of {domain.spec.name!r} "
            f"({str(recipe['networks'])[:20]}, here {here}), with which its seed is other people "
            "and its sentence another edit; use the networks and the version of the kit that wrote "
            "it"
        )


def _count_texts(text: Any, neutral: Any, domain: Domain) -> int:
    """How many sentences are asked for, each of them readable and all together bounded."""
    texts = text if isinstance(text, list) else [text]
    for item in (*texts[:MOST_SENTENCES], neutral):
        if not isinstance(item, str):
            raise TypeError(f"a text is {type(item).__name__}")
        check_whole_number("the length of a text in the recipe", len(item), 0, LONGEST_TEXT)
    frames = max(len(domain.spec.templates), 1)
    check_whole_number("the recipe's number of texts", len(texts), 1, MOST_SENTENCES // frames)
    return len(texts)


def _bound_work(faces: Any, texts: int, domain: Domain) -> None:
    """Refuse more pictures than an untrusted recipe may ask for, before and after together."""
    most = min(MOST_PICTURES, MOST_BYTES // (3 * 4 * domain.spec.resolution**2))
    count = check_whole_number("the recipe's number of faces", faces, 1)
    if count * (1 + texts) > most:
        raise DeltaEditError(
            f"the recipe asks for {count} faces and {texts} sentences, {count * (1 + texts)} "
            f"pictures to draw; a recipe may ask for {most}: give fewer rows or texts, or call "
            "Editor.edit yourself"
        )


def _pack(numbers: torch.Tensor) -> dict[str, Any]:
    """A tensor as JSON: little-endian float32 in base64, a quarter of the size of decimals."""
    array = numbers.detach().cpu().numpy().astype("<f4")
    return {
        "shape": list(array.shape),
        "float32": base64.b64encode(array.tobytes()).decode("ascii"),
    }


def _unpack(packed: dict[str, Any]) -> torch.Tensor:
    """The tensor of `_pack`; refuses a shape that its numbers do not fill, and NaN."""
    shape = [check_whole_number("a size in the recipe", size, 1, 10**6) for size in packed["shape"]]
    try:
        raw = base64.b64decode(packed["float32"], validate=True)
    except (binascii.Error, ValueError) as cause:
        raise DeltaEditError("the recipe's codes are no base64; save it again") from cause
    if len(shape) > 3 or len(raw) != 4 * prod(shape):  # [n, S] and [n, L, W]
        raise DeltaEditError(
            f"the recipe's codes hold {len(raw)} bytes for shape {short_repr(shape)}; save it again"
        )
    array = np.frombuffer(raw, dtype="<f4").reshape(shape).astype(np.float32)
    if not np.isfinite(array).all():
        raise DeltaEditError("the recipe's codes hold NaN or infinity; save it again")
    return torch.from_numpy(array)
