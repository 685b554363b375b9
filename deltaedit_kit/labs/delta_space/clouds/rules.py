"""Rules that turn a raw cloud into differences; the rule decides much of what one then finds.

    random pairs        b = another row               big differences, all things change at once
    nearest neighbours  b = the picture most like a   small differences, mostly of what is left
    from a neutral      b = one row for all           a shift of the raw cloud, normalised

The paper writes only Δi = i_2 - i_1 and does not document which pairs its first figure shows
(arXiv:2303.06285, section 3.1), so try several. Pairs whose captions are equal are left out: their
Δt is 0.
"""

from __future__ import annotations

import numpy as np
from sklearn.neighbors import NearestNeighbors

from deltaedit_kit.labs.delta_space.alignment.pairs import partners, unit
from deltaedit_kit.labs.delta_space.clouds.cloud import Cloud, Spaces, difference
from deltaedit_kit.support.errors import DeltaEditError

CANDIDATES = 20  # nearest pictures among which one with another caption is looked for


def random_pairs(cloud: Cloud, seed: int = 0) -> Spaces:
    """Row k minus a random other row; every row is subtracted once.

    Raises DeltaEditError for fewer than two rows, or where no pair has a difference.
    """
    start = partners(len(cloud), seed, stream=1)  # as `random_differences` draws them
    return _spaces(cloud, np.arange(len(cloud)), start, "random pairs")


def nearest_pairs(cloud: Cloud) -> Spaces:
    """Row k minus the row whose *picture* is nearest by cosine and whose caption differs.

    Raises as `random_pairs`.
    """
    k = min(CANDIDATES, len(cloud) - 1)
    if k < 1:
        raise DeltaEditError(f"cloud {cloud.name!r} has one row; neighbours need at least two")
    search = NearestNeighbors(n_neighbors=k).fit(unit(cloud.pictures))
    near = search.kneighbors(return_distance=False)  # [n, k], nearest first
    usable = _changes(cloud, np.repeat(np.arange(len(cloud)), k), near.ravel()).reshape(near.shape)
    first = usable.argmax(axis=1)  # 0 where none is usable; `_spaces` leaves that row out
    return _spaces(cloud, np.arange(len(cloud)), near[np.arange(len(near)), first], "nearest pairs")


def from_neutral(cloud: Cloud, neutral: Cloud) -> Spaces:
    """Row k minus the single row of `neutral`, such as a plain face and the word "face".

    Raises DeltaEditError when `neutral` has not exactly one row.
    """
    if len(neutral) != 1:
        raise DeltaEditError(f"the neutral cloud has {len(neutral)} rows; give exactly one")
    start = neutral.select(np.zeros(len(cloud), dtype=int))
    captioned = np.array([caption != neutral.captions[0] for caption in cloud.captions])
    changed = captioned & (np.abs(cloud.pictures - start.pictures).max(axis=1) > 0)
    if not changed.any():
        raise DeltaEditError(f"every row of {cloud.name!r} is the neutral one; give another")
    raw = cloud.select(changed)
    return Spaces(raw, difference("from a neutral", start.select(changed), raw))


def _changes(cloud: Cloud, ends: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Which of these pairs differ, both in the picture and in the text."""
    pictures = np.abs(cloud.pictures[ends] - cloud.pictures[starts]).max(axis=1) > 0
    return pictures & (np.abs(cloud.texts[ends] - cloud.texts[starts]).max(axis=1) > 0)


def _spaces(cloud: Cloud, ends: np.ndarray, starts: np.ndarray, rule: str) -> Spaces:
    changed = _changes(cloud, ends, starts)
    if not changed.any():
        raise DeltaEditError(
            f"no two rows of {cloud.name!r} differ in picture and caption; give other data"
        )
    raw = cloud.select(ends[changed])
    return Spaces(raw, difference(rule, cloud.select(starts[changed]), raw))
