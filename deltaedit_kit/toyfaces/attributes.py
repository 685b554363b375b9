"""What a word means: one table from attributes to factor ranges, edit targets and phrases.

Idea: a caption may call a portrait "wide-faced" only if a number says so. Each attribute is a range
of one factor, and every user of words (captions, CLIP's training, metrics, benchmark) asks it:

    truth[i, j] = above_j <= factors[i, factor_j] <= below_j, and what it needs is visible

`side` says how an edit is judged: "high" and "low" are the two ends of a factor, "stop" is a place
along one (a hair colour). Phrases come in the order adjectives, possessions ("with ..."), remarks
(right after the noun), held-out sentences.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.toyfaces.attribute_row import PortraitAttribute, ends, hues, row

CLOTHES = ("clothes", "shirt", "sweater", "jumper", "top")
WEARING = ("wearing {} clothes", "wearing a {} shirt", "dressed in {}", "in a {} sweater")
WALL = ("background", "backdrop", "wall behind")
BEFORE = ("in front of a {} background", "on a {} background", "before a {} wall")

# fmt: off
ATTRIBUTES: tuple[PortraitAttribute, ...] = (
    *ends("skin",
        ("dark_skin", "face with dark skin", "dark-skinned, black-skinned, brown-skinned",
         "dark skin, a dark complexion, deep brown skin, a dark skin tone"),
        ("fair_skin", "face with fair skin", "fair-skinned, light-skinned, pale, pale-skinned",
         "fair skin, pale skin, light skin, a light complexion, a pale complexion, "
         "a light skin tone")),
    *ends("face_width",
        ("narrow_face", "a narrow face", "narrow-faced, thin-faced, slim-faced, narrow",
         "a narrow face, a slim face, a thin face, a narrow head", "", "a slender face"),
        ("wide_face", "a wide face", "wide-faced, broad-faced, wide, broad",
         "a wide face, a broad face, a wide head, chubby cheeks, wide cheeks")),
    *ends("jaw",
        ("pointed_jaw", "face with a pointed jaw", "pointy-chinned, sharp-chinned",
         "a pointed jaw, a pointed chin, a pointy chin, a sharp chin, a v-shaped jaw, "
         "a tapered jaw"),
        ("square_jaw", "face with a square jaw", "square-jawed",
         "a square jaw, a square chin, a strong jaw, an angular jaw, a broad chin, a boxy jaw")),
    *ends("eye_size",
        ("small_eyes", "face with small eyes", "small-eyed",
         "small eyes, little eyes, narrow eyes, beady eyes", "", "face with tiny eyes"),
        ("big_eyes", "face with big eyes", "big-eyed, large-eyed",
         "big eyes, large eyes, great big eyes, enormous eyes", "", "face with huge eyes")),
    *ends("eye_gap",
        ("close_eyes", "face with eyes close together", "",
         "close-set eyes, eyes close together, eyes near each other, eyes set close together, "
         "a small gap between the eyes"),
        ("far_eyes", "face with eyes far apart", "",
         "wide-set eyes, eyes far apart, widely spaced eyes, eyes set far apart, "
         "a wide gap between the eyes")),
    row("dark_eyes", ("eye_color", "stop", 0.0, 0.0, 0.15), "face with dark brown eyes",
        "dark-eyed",
        "dark brown eyes, dark eyes, very dark eyes, black eyes"),
    row("brown_eyes", ("eye_color", "stop", 1 / 3, 0.23, 0.44), "face with brown eyes",
        "brown-eyed",
        "brown eyes, light brown eyes, hazel eyes, amber eyes"),
    row("green_eyes", ("eye_color", "stop", 2 / 3, 0.57, 0.78), "face with green eyes",
        "green-eyed",
        "green eyes, a green iris"),
    row("blue_eyes", ("eye_color", "stop", 1.0, 0.88, 1.0), "face with blue eyes", "blue-eyed",
        "blue eyes, bright blue eyes, a blue iris"),
    *ends("brow_tilt",
        ("worried_brows", "face with worried eyebrows",
         "worried, worried-looking, anxious, concerned",
         "worried eyebrows, worried brows, a worried look, an anxious look, raised inner eyebrows",
         "looking worried, who looks anxious"),
        ("angry_brows", "face with angry eyebrows", "angry, angry-looking, mad, stern",
         "angry eyebrows, angry brows, an angry look, slanted angry eyebrows, a stern look",
         "looking angry, who looks angry", "a furious face, face with furious eyebrows")),
    *ends("brow_thickness",
        ("thin_brows", "face with thin eyebrows", "thin-browed",
         "thin eyebrows, thin brows, fine eyebrows, narrow eyebrows, plucked eyebrows"),
        ("thick_brows", "face with thick eyebrows", "thick-browed",
         "thick eyebrows, thick brows, bushy eyebrows, heavy eyebrows, strong eyebrows")),
    *ends("nose",
        ("small_nose", "face with a small nose", "small-nosed",
         "a small nose, a little nose, a short nose, a button nose", "", "face with a tiny nose"),
        ("big_nose", "face with a big nose", "big-nosed",
         "a big nose, a large nose, a wide nose, a broad nose", "", "face with a huge nose")),
    *ends("smile",
        ("frown", "a frowning face", "frowning, sad, unhappy, unsmiling, sad-looking, glum",
         "a frown, a sad mouth, a sad look, a downturned mouth, no smile",
         "frowning, looking sad, not smiling, without a smile, who is sad"),
        ("smile", "a smiling face", "smiling, happy, cheerful, laughing, happy-looking",
         "a smile, a big smile, a happy smile, a cheerful look, a wide smile, a happy mouth",
         "smiling, smiling happily, looking happy, who is smiling",
         "a grinning face, a grinning person")),
    *ends("mouth_open",
        ("closed_mouth", "face with a closed mouth", "closed-mouthed, silent",
         "a closed mouth, a shut mouth, closed lips, lips pressed together, the mouth closed",
         "with mouth closed, not showing teeth"),
        ("open_mouth", "face with an open mouth", "open-mouthed, shouting, talking",
         "an open mouth, a wide open mouth, the mouth open, parted lips, visible teeth",
         "with mouth open, showing teeth, shouting"), bounds=(0.28, 0.52)),
    *ends("lips",
        ("thin_lips", "face with thin lips", "thin-lipped", "thin lips, narrow lips, fine lips"),
        ("full_lips", "face with full lips", "full-lipped",
         "full lips, thick lips, big lips, plump lips")),
    row("black_hair", ("hair_color", "stop", 0.0, 0.0, 0.11), "face with black hair",
        "black-haired, raven-haired",
        "black hair, jet black hair, raven hair, very dark hair"),
    row("brown_hair", ("hair_color", "stop", 0.25, 0.17, 0.36), "face with brown hair",
        "brown-haired, brunette",
        "brown hair, brunette hair, chestnut hair, chocolate brown hair"),
    row("red_hair", ("hair_color", "stop", 0.5, 0.42, 0.58), "face with red hair",
        "red-haired, redhead",
        "red hair, auburn hair, copper hair, orange hair", "", "face with ginger hair"),
    row("blond_hair", ("hair_color", "stop", 0.75, 0.67, 0.86), "face with blond hair",
        "blond, blonde, fair-haired",
        "blond hair, blonde hair, golden hair, yellow hair, fair hair"),
    row("grey_hair", ("hair_color", "stop", 1.0, 0.92, 1.0), "face with grey hair",
        "grey-haired, gray-haired, white-haired",
        "grey hair, gray hair, white hair, silver hair"),
    *ends("hair_length",
        ("short_hair", "face with short hair", "short-haired",
         "short hair, a short haircut, cropped hair, close-cropped hair, a crew cut"),
        ("long_hair", "face with long hair", "long-haired",
         "long hair, very long hair, shoulder-length hair, long flowing hair, long locks", "",
         "face with lengthy hair")),
    *ends("hair_volume",
        ("flat_hair", "face with flat hair", "flat-haired",
         "flat hair, sleek hair, thin hair, smooth flat hair"),
        ("big_hair", "face with voluminous hair", "big-haired",
         "voluminous hair, big hair, thick hair, fluffy hair, puffy hair, lots of hair")),
    *ends("bangs",
        ("bare_forehead", "face with a bare forehead", "",
         "a bare forehead, a high forehead, a visible forehead, no bangs, an uncovered forehead, "
         "hair combed back",
         "without bangs, showing the forehead"),
        ("bangs", "face with bangs", "",
         "bangs, long bangs, full bangs, hair over the forehead, a covered forehead",
         "wearing bangs", "face with a fringe"), bounds=(0.34, 0.6)),
    *ends("beard",
        ("clean_shaven", "a clean-shaven face", "clean-shaven, beardless, shaven, shaved",
         "no beard, a shaved chin, no facial hair, a smooth chin",
         "without a beard, without facial hair, without beard"),
        ("beard", "face with a beard", "bearded, unshaven",
         "a beard, a full beard, a mustache and beard, a moustache, facial hair, a thick beard, "
         "a bushy beard",
         "wearing a beard"),
        bounds=(0.18, 0.45), targets=(0.05, 0.9)),
    *ends("glasses",
        ("no_glasses", "face without glasses", "", "no glasses, no eyeglasses, bare eyes",
         "without glasses, without eyeglasses, not wearing glasses, wearing no glasses"),
        ("glasses", "face with glasses", "bespectacled, glasses-wearing",
         "glasses, eyeglasses, a pair of glasses, specs, reading glasses, dark-rimmed glasses",
         "wearing glasses, wearing eyeglasses, who wears glasses, in glasses",
         "face with spectacles, a person wearing spectacles"), bounds=(0.5, 0.65),
         targets=(0.2, 0.9)),
    *hues("clothes_hue", CLOTHES, WEARING),
    *ends("clothes_value",
        ("dark_clothes", "face with dark clothes", "",
         "dark clothes, a dark shirt, a black sweater, black clothes, a dark top",
         "wearing dark clothes, dressed in black, wearing a dark shirt, in a dark sweater"),
        ("bright_clothes", "face with bright clothes", "",
         "bright clothes, a bright shirt, a brightly colored sweater, a vivid top",
         "wearing bright clothes, brightly dressed, wearing a bright shirt, in a bright sweater"),
         bounds=(0.28, 0.66)),
    *hues("background_hue", WALL, BEFORE),
    *ends("background_value",
        ("dark_background", "face with a dark background", "",
         "a dark background, a black backdrop, a dark wall behind, a dark backdrop",
         "in front of a dark background, on a black background, in the dark"),
        ("light_background", "face with a light background", "",
         "a light background, a bright background, a white background, a bright backdrop, "
         "a light wall behind",
         "in front of a light background, on a bright background, before a bright wall"),
         bounds=(0.28, 0.66)),
    *ends("age",
        ("young", "a young face", "young, young-looking, smooth-skinned, youthful, juvenile",
         "smooth skin, no wrinkles, a young look, unlined skin",
         "looking young, without wrinkles", "a teenage face, a teenage person"),
        ("old", "an old face", "old, aged, wrinkled, old-looking, senior",
         "wrinkles, wrinkled skin, deep wrinkles, an old look, lines on the forehead",
         "looking old, of old age", "an elderly face, an elderly person")),
    *ends("head_turn",
        ("looking_left", "face looking left", "left-facing, left-looking",
         "the head turned left, the face turned to the left",
         "looking left, looking to the left, facing left, turned to the left, turned left"),
        ("looking_right", "face looking right", "right-facing, right-looking",
         "the head turned right, the face turned to the right",
         "looking right, looking to the right, facing right, turned to the right, turned right")),
)
# fmt: on

NAMES: tuple[str, ...] = tuple(attribute.name for attribute in ATTRIBUTES)


def attribute(name: str) -> PortraitAttribute:
    """The row called `name`; DeltaEditError, listing the names, if there is none."""
    if name not in NAMES:
        raise DeltaEditError(f"no attribute is called {name!r}; the names are {', '.join(NAMES)}")
    return ATTRIBUTES[NAMES.index(name)]


def truth_table(factors: Float[Tensor, "n K"]) -> Bool[Tensor, "n A"]:
    """Which of the `ATTRIBUTES` hold for portraits [n, K]: column j belongs to `ATTRIBUTES[j]`."""
    return torch.stack([attribute.holds_in(factors) for attribute in ATTRIBUTES], dim=1)


def opposites(attribute: PortraitAttribute) -> tuple[PortraitAttribute, ...]:
    """The other attributes of the same factor: the other end, or the other stops."""
    same = (other for other in ATTRIBUTES if other.factor == attribute.factor)
    return tuple(other for other in same if other.name != attribute.name)
