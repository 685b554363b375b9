"""The recipe of an edit: a small JSON that makes it again, here or on another machine.

Sampled faces need only their seed,   {"sample": {"seed": 0, "count": 4, ...}}
and a mark of the weights, since other weights turn the same seed into other people;
other codes come along as numbers:    {"codes": {"s": {"shape": [1, 2080], "float32": base64}, ...}}

A recipe is data and reading it runs nothing: every field is checked as if a stranger wrote it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from deltaedit_kit.errors import DeltaEditError, whole_number
from deltaedit_kit.faces import Faces

if TYPE_CHECKING:
    from deltaedit_kit.domain import Domain

KIND = "deltaedit-recipe"
VERSION = 1
MOST_BYTES = 2**31  # of pictures: a recipe from a stranger must not fill the memory


@dataclass(frozen=True)
class EditRequest:
    """What a recipe asks for: the arguments of `Editor.edit`; the numbers are checked there."""

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
) -> dict[str, Any]:
    """The recipe of an edit as a dict of plain JSON values."""
    return {
        "kind": KIND,
        "version": VERSION,
        "domain": domain.spec.name,
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


def read(recipe: Any, domain: Domain) -> EditRequest:
    """Check a recipe and make its faces with `domain`.

    Raises `DeltaEditError` when it is no recipe, newer than this kit, of another domain, or when
    a field is missing or holds something else than `write` puts there.
    """
    if not isinstance(recipe, dict) or recipe.get("kind") != KIND:
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
        return EditRequest(
            faces=read_faces(recipe["faces"], domain),
            text=recipe["text"],
            neutral=recipe["neutral"],
            strength=recipe["strength"],
            threshold=recipe["threshold"],
        )
    except (KeyError, TypeError, AttributeError) as cause:
        raise DeltaEditError(
            f"the recipe is damaged ({type(cause).__name__}: {str(cause)[:60]}); "
            "save it again from edit.recipe"
        ) from cause


def read_faces(source: dict[str, Any], domain: Domain) -> Faces:
    """What `write_faces` wrote: sample the faces again, or draw the codes that came along.

    Raises `DeltaEditError` for numbers that do not fit the domain and for other weights, and
    KeyError or TypeError where a field is missing or of another type: a reader of whole recipes
    says what that means.
    """
    most = MOST_BYTES // (3 * 4 * domain.spec.resolution**2)  # float32 RGB
    if "sample" in source:
        sample = source["sample"]
        count = whole_number("the recipe's count of faces", sample["count"], 1, most)
        whole_number("the recipe's number of rows", len(sample["rows"]), 1, most)
        check_weights(sample, domain)
        return domain.sample(count, sample["seed"], sample["truncation"]).select(sample["rows"])
    s, w_plus = _unpack(source["codes"]["s"]), _unpack(source["codes"]["w_plus"])
    whole_number("the recipe's number of codes", len(s), 1, most)
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
            f"({str(sample['networks'])[:20]}, here {here}), with which its seed is other "
            "people; use the version of the kit that wrote it"
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
    shape = [whole_number("a size in the recipe", size, 1, 10**6) for size in packed["shape"]]
    try:
        raw = base64.b64decode(packed["float32"], validate=True)
    except (binascii.Error, ValueError) as cause:
        raise DeltaEditError("the recipe's codes are no base64; save it again") from cause
    if len(raw) != 4 * prod(shape):
        raise DeltaEditError(
            f"the recipe's codes hold {len(raw)} bytes for shape {shape}; save it again"
        )
    array = np.frombuffer(raw, dtype="<f4").reshape(shape).astype(np.float32)
    if not np.isfinite(array).all():
        raise DeltaEditError("the recipe's codes hold NaN or infinity; save it again")
    return torch.from_numpy(array)
