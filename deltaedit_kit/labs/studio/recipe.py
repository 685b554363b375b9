"""A state of the studio as JSON, and back: what is saved beside every picture.

    {"kind": "deltaedit-studio", "version": 1, "domain": ..., "faces": ..., "sentences": [...], ...}

Sampled faces need their seed alone; an uploaded one travels as codes, never as a photo. A recipe of
`Editor.edit` can be loaded too: its sentences become the list, its first face the chosen one. A
recipe is untrusted data: every field is checked by the same functions that check an event.
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from pathlib import PurePath
from typing import Any

from deltaedit_kit import recipe as edit_recipe
from deltaedit_kit.labs.studio.engine import Engine
from deltaedit_kit.labs.studio.state import STRIP, WIDEST, Sentence, StudioState
from deltaedit_kit.stylespace import GROUPS
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.support.pictures import read_recipe

KIND = "deltaedit-studio"
VERSION = 1
LARGEST = 20_000_000  # bytes of a recipe file; codes of a 1024 px generator take a tenth of a MB


def to_recipe(engine: Engine, state: StudioState) -> dict[str, Any]:
    """The state as a dict of plain JSON values. Raises as `Engine.face` does."""
    fields = {
        "kind": KIND,
        "version": VERSION,
        "domain": engine.domain.spec.name,
        "sentences": [asdict(sentence) for sentence in state.sentences],
        "neutral": state.neutral,
        "threshold": state.threshold,
        "groups": list(state.groups),
        "sample": {
            "seed": state.seed,
            "truncation": state.truncation,
            "row": state.row,
            "networks": engine.domain.fingerprint(),
        },
    }
    if state.photo is not None:
        fields["faces"] = edit_recipe.write_faces(engine.face(state), engine.domain)
    return fields


def from_recipe(engine: Engine, recipe: Any) -> StudioState:
    """The state of a recipe; codes that came along are kept by the engine as a photo.

    Raises `DeltaEditError` when it is no recipe, newer than this kit, of another domain, or when a
    field holds something that could not have been set by hand.
    """
    if isinstance(recipe, dict) and recipe.get("kind") == edit_recipe.KIND:
        return _from_edit(engine, recipe)
    if not isinstance(recipe, dict) or recipe.get("kind") != KIND:
        raise DeltaEditError("this is not a recipe; load a .json or a .png that the studio saved")
    if recipe.get("version") != VERSION:
        raise DeltaEditError(
            f"the recipe has version {str(recipe.get('version'))[:20]}, this kit reads {VERSION}; "
            "update the kit"
        )
    if recipe.get("domain") != engine.domain.spec.name:
        raise DeltaEditError(
            f"the recipe is for domain {str(recipe.get('domain'))[:60]!r}, this studio edits "
            f"{engine.domain.spec.name!r}; open the studio of that domain"
        )
    try:
        edit_recipe.check_weights(recipe["sample"], engine.domain)
        sample = recipe["sample"]
        state = StudioState.first(engine.domain.spec).reseed(sample["seed"])
        state = state.truncate(sample["truncation"]).pick(sample["row"])
        state = _said(state, [Sentence(**fields) for fields in recipe["sentences"]], recipe)
        for group in GROUPS:
            state = state.allow(group, group in recipe["groups"])
        if "faces" in recipe:
            codes = edit_recipe.read_faces(recipe["faces"], engine.domain)
            state = state.show_photo(engine.keep_photo(codes))
    except (KeyError, TypeError, AttributeError) as cause:
        raise DeltaEditError(
            f"the recipe is damaged ({type(cause).__name__}: {str(cause)[:60]}); save it again"
        ) from cause
    return state


def read_file(engine: Engine, name: str, content: bytes) -> StudioState:
    """The state in an uploaded file: .json, or a .png that carries its recipe.

    Raises `DeltaEditError` for anything else.
    """
    if len(content) > LARGEST:
        raise DeltaEditError(
            f"{PurePath(name).name[:60]!r} is too large for a recipe; choose another"
        )
    if content.startswith(b"\x89PNG"):
        return from_recipe(engine, _in_png(content))
    try:
        recipe = json.loads(content)
    except (ValueError, RecursionError) as cause:
        raise DeltaEditError(
            f"{PurePath(name).name[:60]!r} is not a recipe; load a .json or .png of the studio"
        ) from cause
    return from_recipe(engine, recipe)


def _in_png(content: bytes) -> Any:
    try:
        return read_recipe(io.BytesIO(content))  # type: ignore[arg-type]  # PIL reads both
    except DeltaEditError as cause:
        raise DeltaEditError(
            "this PNG contains no recipe; load one that the studio or `deltaedit edit` saved"
        ) from cause


def _said(state: StudioState, listed: list[Sentence], recipe: dict[str, Any]) -> StudioState:
    return state.put(listed).say_neutral(recipe["neutral"]).set_threshold(recipe["threshold"])


def _from_edit(engine: Engine, recipe: dict[str, Any]) -> StudioState:
    """A recipe of `Editor.edit`: its face is in a strip if it was sampled there, else its codes."""
    wanted = edit_recipe.read(recipe, engine.domain)
    texts = [wanted.text] if isinstance(wanted.text, str) else wanted.text
    listed = [Sentence(text, wanted.strength) for text in texts]
    state = _said(StudioState.first(engine.domain.spec), listed, recipe)
    origin = wanted.faces.origin
    if origin is not None and origin.rows[0] < STRIP and 0 <= origin.truncation <= WIDEST:
        return state.reseed(origin.seed).truncate(origin.truncation).pick(origin.rows[0])
    return state.show_photo(engine.keep_photo(wanted.faces))
