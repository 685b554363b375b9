"""Captions from a grammar: what could be said, truthfully, about a portrait with known factors.

    caption -> [frame] [article] adjective* noun ["with" possession {and possession}] remark*

A caption names one to five attributes that hold (`attributes.py`), half of the captions exactly
one, a few none at all ("a face"). Two things never occur, so that a test can ask whether CLIP and
the editor understand more than they were told (zero-shot, as in CLIP, Radford et al., 2021):
`HELD_OUT_WORDS`, whose synonyms are used, and `HELD_OUT_PAIRS` of attributes in one caption.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from deltaedit_kit.support.errors import DeltaEditError, check_tensor
from deltaedit_kit.toyfaces.attributes import ATTRIBUTES, NAMES, truth_table
from deltaedit_kit.toyfaces.factors import check_factors

HELD_OUT_WORDS: dict[str, str] = {
    "spectacles": "glasses",
    "ginger": "red_hair",
    "grinning": "smile",
    "elderly": "old",
    "fringe": "bangs",
    "teenage": "young",
    "lengthy": "long_hair",
    "violet": "purple_clothes",
    "slender": "narrow_face",
    "huge": "big_eyes",
    "tiny": "small_nose",
    "furious": "angry_brows",
}
HELD_OUT_PAIRS: tuple[frozenset[str], ...] = (
    frozenset({"glasses", "beard"}),
    frozenset({"red_hair", "smile"}),
    frozenset({"old", "blue_clothes"}),
    frozenset({"long_hair", "open_mouth"}),
)

COUNT_SHARES = (0.04, 0.50, 0.20, 0.13, 0.08, 0.05)  # of captions naming 0, 1, ... 5 attributes
NOUNS = ("face", "face", "face", "face", "person", "person", "portrait", "man", "woman", "head")
FRAMES = (
    ("", 12),
    ("a photo of ", 2),
    ("a portrait of ", 2),
    ("a picture of ", 2),
    ("a drawing of ", 1),
    ("an image of ", 1),
    ("this is ", 1),
)
BARE_SHARE = 0.10  # captions that are only the phrase: "big eyes"
NO_ARTICLE_SHARE = 0.35  # "face with glasses"

_DENIAL = re.compile(r"\b(no|not|without)\b")
_WIDTH = tuple(max(0.1, a.below - a.above) for a in ATTRIBUTES)
_PAIRS = frozenset(frozenset(NAMES.index(name) for name in pair) for pair in HELD_OUT_PAIRS)


def _article(following: str) -> str:
    return "an" if following[0] in "aeiou" else "a"


def _join(parts: list[str], rng: random.Random) -> str:
    """ "a, b and c", or with "and" all the way: "a and b and c"."""
    if len(parts) == 1:
        return parts[0]
    comma = ", " if rng.random() < 0.7 else " and "
    return comma.join(parts[:-1]) + " and " + parts[-1]


def _say(named: list[int], denials: float, rng: random.Random) -> tuple[str, list[int]]:
    """A sentence that names the attributes with these row numbers, in this order; and which of them
    it does name: of phrases that deny ("without glasses") a share of `denials` is kept."""
    places: tuple[list[str], list[str], list[str]] = ([], [], [])
    said = []
    for number in named:
        row = ATTRIBUTES[number]
        forms = (row.adjectives, row.possessions, row.remarks)
        # Every place that the attribute knows is as likely, however many synonyms it has there.
        place = rng.choice([i for i, phrases in enumerate(forms) if phrases])
        phrase = rng.choice(forms[place])
        if denials < 1 and _DENIAL.search(phrase) and rng.random() > denials:
            continue
        places[place].append(phrase)
        said.append(number)
    adjectives, possessions, remarks = places
    if possessions and not adjectives and not remarks and rng.random() < BARE_SHARE:
        return _join(possessions, rng), said
    noun = rng.choice(NOUNS)
    core = " ".join([(", " if rng.random() < 0.2 else " ").join(adjectives), noun]).strip()
    if rng.random() >= NO_ARTICLE_SHARE:
        core = f"{_article(core)} {core}"
    tails = [_join(remarks, rng)] if remarks else []
    if possessions:
        with_ = ("with ", "with ", "that has ")[rng.randrange(3)] + _join(possessions, rng)
        tails.insert(rng.randrange(2) if tails else 0, with_)
    if len(tails) == 2:
        tails = [tails[0] + rng.choice((", ", " ", " and ")) + tails[1]]
    frame = rng.choices([f for f, _ in FRAMES], [weight for _, weight in FRAMES])[0]
    return " ".join([frame + core, *tails]), said


def _choose(holding: list[int], count: int, rng: random.Random) -> list[int]:
    """`count` (or fewer) row numbers from `holding`, no held-out pair among them.

    The rarer an attribute, the likelier it is named when it holds: a weighted order without
    replacement (Efraimidis & Spirakis, 2006) with weights 1 / width of the attribute's range.
    """
    order = sorted(holding, key=lambda j: rng.random() ** _WIDTH[j], reverse=True)
    chosen: list[int] = []
    for number in order:
        if len(chosen) == count:
            break
        if not any(frozenset((number, other)) in _PAIRS for other in chosen):
            chosen.append(number)
    return chosen


def captions_and_names(
    factors: Float[Tensor, "n K"],
    seed: int,
    shares: Sequence[float] = COUNT_SHARES,
    denials: float = 1.0,
) -> tuple[list[str], Bool[Tensor, "n A"]]:
    """One caption a portrait [n, K], and which of the `ATTRIBUTES` it names, bool [n, A].

    `shares` of the captions name 0, 1, 2 ... attributes. Of phrases with "no", "not" or "without"
    a share of `denials` is kept, the others are left out with their attribute. The same arguments
    give the same captions. Raises DeltaEditError for wrong factors.
    """
    truth = truth_table(check_factors(factors.float())).tolist()
    rng = random.Random(seed)
    counts = rng.choices(range(len(shares)), shares, k=len(truth))
    named = torch.zeros(len(truth), len(ATTRIBUTES), dtype=torch.bool)
    texts = []
    for i, (row, count) in enumerate(zip(truth, counts, strict=True)):
        chosen = _choose([j for j, holds in enumerate(row) if holds], count, rng)
        text, said = _say(chosen, denials, rng)
        named[i, said] = True
        texts.append(text)
    return texts, named


def captions(factors: Float[Tensor, "n K"], seed: int) -> list[str]:
    """One caption for each portrait of [n, K] factors in [0, 1]; about 20,000 a second."""
    return captions_and_names(factors, seed)[0]


def caption(factors: Float[Tensor, "K"] | Float[Tensor, "1 K"], seed: int) -> str:
    """A caption for one portrait, [K] or [1, K]; DeltaEditError for more than one."""
    rows = factors if check_tensor("factors", factors).ndim == 2 else factors[None]
    if len(rows) != 1:
        raise DeltaEditError(f"caption takes one portrait, got {len(rows)}; use captions for more")
    return captions(rows, seed)[0]
