"""Choosing a face: another one of the strip, another seed, another truncation, a photo.

    z(seed) -> w -> mean + truncation · (w - mean) -> the strip's faces

A change of the seed keeps the place in the strip, and any choice in the strip leaves the photo.
"""

from __future__ import annotations

from dataclasses import replace

from deltaedit_kit.labs.studio.state import STRIP, StudioState
from deltaedit_kit.support.errors import (
    HIGHEST_SEED,
    DeltaEditError,
    check_number,
    check_whole_number,
)

WIDEST = 1.5  # truncation beyond this leaves what a generator has seen


def pick(state: StudioState, row: int) -> StudioState:
    """The face at place `row` of the strip, counted from 0; raises `DeltaEditError` beside it."""
    return replace(state, row=check_whole_number("face", row, 0, STRIP - 1), photo=None)


def reseed(state: StudioState, seed: int) -> StudioState:
    """Other faces in the strip; raises `DeltaEditError` for a seed outside [0, 2**32)."""
    return replace(state, seed=check_whole_number("seed", seed, 0, HIGHEST_SEED), photo=None)


def truncate(state: StudioState, truncation: float) -> StudioState:
    """The strip at another truncation: 0 the mean face, 1 all variety.

    Raises `DeltaEditError` outside [0, 1.5].
    """
    psi = check_number("truncation", truncation, low=0.0)
    if psi > WIDEST:
        raise DeltaEditError(f"truncation is {psi:g}; give a number from 0 to {WIDEST:g}")
    return replace(state, truncation=psi, photo=None)


def show_photo(state: StudioState, number: int) -> StudioState:
    """The uploaded picture with this number, counted from 0, as `Engine.keep_photo` gave it."""
    return replace(state, photo=check_whole_number("photo", number, 0))
