"""Words that people type and no caption has: does the toyfaces CLIP know what they mean?

A sentence is understood if, of all attributes' prompts, its direction lies nearest to the prompt
of the attribute that is meant:

    argmax_a cos(Δt_sentence, Δt_prompt(a)) = the attribute,    Δt = text - text("face")

The first table was looked at while the recipe of the texts was being chosen, the second only after.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from deltaedit_kit.clip_space import ClipSpace
from deltaedit_kit.toyfaces.attributes import ATTRIBUTES, NAMES

LOOKED_AT: dict[str, str] = {
    "dark_skin": "face with ebony skin, face with tanned skin",
    "fair_skin": "face with ivory skin, face with porcelain skin",
    "narrow_face": "a skinny face, a gaunt face",
    "wide_face": "a fat face",
    "square_jaw": "face with a chiseled jaw",
    "small_eyes": "face with minuscule eyes",
    "big_eyes": "face with gigantic eyes",
    "green_eyes": "face with emerald eyes",
    "blue_eyes": "face with sapphire eyes, face with azure eyes",
    "worried_brows": "a fearful face, a nervous face, a scared face, an uneasy face",
    "angry_brows": "an irate face, an enraged face, a wrathful face, an annoyed face",
    "thick_brows": "face with shaggy eyebrows",
    "small_nose": "face with a minuscule nose, face with a petite nose",
    "big_nose": "face with a giant nose, face with a gigantic nose",
    "frown": (
        "a gloomy face, a miserable face, a sorrowful face, a tearful face, an upset face, a "
        "depressed person"
    ),
    "smile": (
        "a joyful face, a merry face, a gleeful face, a jolly face, a delighted person, a "
        "beaming face"
    ),
    "open_mouth": "face with a gaping mouth, a yawning face",
    "full_lips": "face with fleshy lips",
    "black_hair": "face with ebony hair",
    "red_hair": "face with scarlet hair, a carrot-top",
    "blond_hair": "face with platinum hair, face with flaxen hair",
    "grey_hair": "face with silvery hair",
    "short_hair": "a shaven-headed man",
    "long_hair": "a longhaired face",
    "beard": (
        "face with a goatee, face with stubble, face with whiskers, face with sideburns, a "
        "whiskered face"
    ),
    "glasses": (
        "face with sunglasses, face with shades, face with goggles, face with bifocals, face "
        "with a monocle"
    ),
    "red_clothes": "face with scarlet clothes",
    "blue_clothes": "face with a navy sweater",
    "green_background": "face with an emerald background",
    "purple_background": "face with a lavender background",
    "dark_background": "face with a gloomy background",
    "light_background": "face with an illuminated background",
    "young": "an adolescent face, an infant face, a child, a teenager",
    "old": "an ancient face, an ageing face, a geriatric face, a grandmother",
    "looking_left": "face gazing left",
}
FRESH: dict[str, str] = {
    "dark_skin": "face with swarthy skin",
    "fair_skin": "face with pallid skin, face with a pasty complexion",
    "narrow_face": "a bony face",
    "wide_face": "a rotund face, a bloated face",
    "pointed_jaw": "face with a tapering jaw",
    "square_jaw": "face with a rectangular jaw",
    "small_eyes": "face with wee eyes",
    "big_eyes": "face with colossal eyes",
    "green_eyes": "face with jade eyes",
    "blue_eyes": "face with cobalt eyes",
    "worried_brows": "a terrified face, a frightened face, a troubled face",
    "angry_brows": "a hostile face, a livid face",
    "thick_brows": "face with fuzzy eyebrows",
    "small_nose": "face with a miniature nose, face with a snub nose",
    "big_nose": "face with a colossal nose",
    "frown": "a mournful face, a melancholy face, a weeping face",
    "smile": "a mirthful face, a blissful face, an amused face",
    "closed_mouth": "a speechless face",
    "open_mouth": "a screaming face, a shrieking face",
    "full_lips": "face with swollen lips",
    "black_hair": "face with inky hair",
    "red_hair": "face with coppery hair",
    "blond_hair": "face with sandy hair",
    "grey_hair": "face with snowy hair",
    "short_hair": "face with a buzz cut",
    "long_hair": "face with long tresses",
    "bare_forehead": "face with a receding hairline",
    "beard": "face with muttonchops, a hirsute face",
    "glasses": "face with spectacle frames",
    "red_clothes": "face with maroon clothes, face with ruby clothes",
    "yellow_clothes": "face with mustard clothes",
    "green_clothes": "face with olive clothes",
    "purple_clothes": "face with mauve clothes",
    "dark_clothes": "face with somber clothes",
    "bright_clothes": "face with colorful clothes",
    "red_background": "face with a maroon background",
    "green_background": "face with an olive background",
    "purple_background": "face with a mauve background",
    "dark_background": "face with a murky background",
    "light_background": "face with a luminous background",
    "young": "a baby, a kid, a toddler, a boyish face",
    "old": "an octogenarian, a pensioner",
    "looking_left": "face glancing left",
    "looking_right": "face staring right",
}


@dataclass(frozen=True)
class Heard:
    """What CLIP makes of one sentence."""

    text: str
    meant: str  # attribute that a person means
    nearest: str  # attribute whose prompt the direction lies nearest to
    cosine: float  # to the prompt of the attribute that is meant

    @property
    def understood(self) -> bool:
        """Whether the two are the same."""
        return self.nearest == self.meant


def sentences(table: Mapping[str, str]) -> list[tuple[str, str]]:
    """The rows of a table as (sentence, attribute)."""
    return [(text, name) for name, texts in table.items() for text in texts.split(", ")]


@torch.no_grad()
def hear(space: ClipSpace, table: Mapping[str, str], neutral: str = "face") -> list[Heard]:
    """How `space` takes every sentence of a table."""
    prompts = space.delta_texts([a.prompt for a in ATTRIBUTES], neutral)
    asked = sentences(table)
    steps = space.delta_texts([text for text, _ in asked], neutral)
    cosines = F.normalize(steps, dim=1) @ F.normalize(prompts, dim=1).T  # [sentences, attributes]
    return [
        Heard(text, meant, NAMES[int(row.argmax())], float(row[NAMES.index(meant)]))
        for (text, meant), row in zip(asked, cosines, strict=True)
    ]
