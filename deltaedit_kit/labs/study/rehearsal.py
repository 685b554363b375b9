"""A whole SIMULATED study in one call: sentences, faces, pictures, file, answers.

    attributes ─► faces that lack them ─► each method's edit ─► file ─► raters that ask the oracle

Idea: run the study once with participants who cost nothing, find out what the design can show and
that the analysis finds it, then throw the answers away and ask people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deltaedit_kit.domain.faces import Faces
from deltaedit_kit.labs.metrics.edit_success import lacking
from deltaedit_kit.labs.study.creation import create_study
from deltaedit_kit.labs.study.design import Design
from deltaedit_kit.labs.study.items import Method, make_items
from deltaedit_kit.labs.study.oracle_raters import asked_attribute, oracle_advantage, oracle_of
from deltaedit_kit.labs.study.raters import Raters, answer_study
from deltaedit_kit.labs.study.store import StudyStore
from deltaedit_kit.support.errors import DeltaEditError

if TYPE_CHECKING:
    from deltaedit_kit.domain import Domain

SEED, POOL = 0, 32  # of faces, checks and raters; faces among which those are looked for
SENTENCES = (  # twenty for portraits
    *("face with glasses", "a smiling face", "face with a beard", "face with bangs"),
    *("face with long hair", "face with short hair", "face with blond hair", "face with grey hair"),
    *("face with black hair", "face with dark skin", "face with fair skin", "face without glasses"),
    *("a frowning face", "face with an open mouth", "face with full lips", "face with big eyes"),
    *("face with thick eyebrows", "face with angry eyebrows", "an old face", "a wide face"),
)


def rehearse(
    path: str | Path,
    domain: Domain,
    methods: Mapping[str, Method],
    sentences: Sequence[str] | None = None,
    design: Design | None = None,
) -> StudyStore:
    """Make a simulated study of a domain at `path` and answer all of it.

    `sentences` None: the prompts of all attributes. Raises `DeltaEditError` for a domain without
    oracle, a sentence that is no attribute's prompt, and whatever `make_items` and `create_study`
    refuse.
    """
    if sentences is None:
        sentences = [row.prompt for row in oracle_of(domain).attributes.values()]
    faces = faces_without(domain, sentences, SEED)
    items = make_items(methods, faces, sentences, SEED)
    advantage = oracle_advantage(items, domain)
    title = f"Rehearsal on {domain.spec.name}"
    store = create_study(path, items, design, title=title, simulated=True)
    answer_study(store, advantage, Raters(), SEED)
    return store


def faces_without(domain: Domain, sentences: Sequence[str], seed: int) -> Faces:
    """For each sentence a face that does not fit it yet, and another one where that is possible.

    A smiling face that is asked to smile compares nothing. Raises `DeltaEditError` when no sampled
    face lacks what a sentence asks for, and for a domain without oracle.
    """
    oracle = oracle_of(domain)
    sampled = domain.sample(POOL, seed)
    readings = oracle.read(sampled.images)  # [POOL, K]
    chosen: list[int] = []
    for sentence in sentences:
        target = asked_attribute(sentence, oracle)
        rows = lacking(oracle, readings, [target]).nonzero().flatten().tolist()
        if not rows:
            raise DeltaEditError(
                f"all {POOL} sampled faces already match {sentence!r}; leave it out"
            )
        fresh = [row for row in rows if row not in chosen]
        chosen.append((fresh or rows)[0])
    return sampled.select(chosen)
