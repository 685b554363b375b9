"""A photo in, codes out, and how much of the photo they hold.

    photo ─read─► upright RGB ─align─► crop x ─encode─► w+ ─refine, if asked─► w+ ─affine─► s
                                       └── PSNR, identity, CLIP against G(s, w+) ──┘

Reading: photos.py. Alignment is FFHQ's (alignment.py); encoders are e4e (arXiv:2102.02766) for
published domains, and one of its kind for toyfaces. The result holds `Faces`, so that what edits a
sampled face edits a photo: `Editor(domain).edit(invert(photo, domain).faces, "face with glasses")`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from PIL import Image

from deltaedit_kit.domain import Domain
from deltaedit_kit.labs.photo import refining
from deltaedit_kit.labs.photo.alignment import align_face
from deltaedit_kit.labs.photo.encoding import encode, encoder_of
from deltaedit_kit.labs.photo.fidelity import Fidelity, measure_fidelity
from deltaedit_kit.labs.photo.photos import RANGE, cut_middle, read_photo, to_tensor
from deltaedit_kit.support.device import kit_defaults
from deltaedit_kit.support.errors import DeltaEditError, check_domain, check_whole_number

if TYPE_CHECKING:
    from jaxtyping import Float
    from matplotlib.figure import Figure
    from torch import Tensor

    from deltaedit_kit.domain.faces import Faces
    from deltaedit_kit.labs.photo.photos import Source

FACE_WORDS = ("face", "portrait", "man", "woman")  # neutral words of domains that show people
LIKENESS = 20.0  # dB; below it a drawn portrait is nobody's likeness
JOKE = "the nearest toy portrait: a good joke, no likeness"


@dataclass(frozen=True)
class Inversion:
    """What became of a photo; n = 1 everywhere."""

    photo: Float[Tensor, "1 3 H W"]  # the aligned crop at the domain's size, in [-1, 1]
    encoded: Faces  # what the encoder says
    faces: Faces  # what to edit: refined where that was asked for, else the same
    encoded_fidelity: Fidelity
    fidelity: Fidelity  # of `faces`
    steps: int  # of refinement; 0 none
    note: str  # what a person should know about this inversion; empty: nothing

    def __str__(self) -> str:
        lines = [f"encoded: {self.encoded_fidelity}"]
        if self.steps:
            lines.append(f"refined, {self.steps} steps: {self.fidelity}")
        return "\n".join([*lines, *([self.note] if self.note else [])])

    def figure(self) -> Figure:
        """Photo, what the encoder made of it and what refinement did, side by side."""
        from deltaedit_kit.labs.photo.plots import inversion_figure

        return inversion_figure(self)


@kit_defaults()
def invert(
    photo: Source,
    domain: Domain,
    *,
    align: bool | None = None,
    face: int | Literal["largest"] | None = None,
    refine: int | bool = 0,
    progress: bool = True,
) -> Inversion:
    """The codes of a photo in `domain`.

    photo: path, bytes, open file, PIL image, array or tensor; see `read_photo`.
    align: find the face and cut it out as FFHQ did (needs the extra `photos`); False takes the
        middle square as it is; None aligns unless the picture is a square of the domain's own
        size, which is a crop or a generated picture, or the domain shows no people.
    face: which one, in the order of `find_faces`: the largest is 0, and those that the detector
        doubts come last. "largest" takes the first without asking, where faces are looked for;
        neither goes with align=False.
    refine: steps of optimisation after the encoder; True takes 200, 0 none.
    progress: whether refinement shows a progress bar.

    Raises `DeltaEditError` for what is no picture, a domain without encoder, dlib not installed,
    no face, several faces with none chosen, a face chosen where none is looked for, and settings
    that make no sense.
    """
    check_domain(domain)
    asked = {True: refining.STEPS, False: 0}[refine] if isinstance(refine, bool) else refine
    steps = check_whole_number("refine", asked, 0)
    picture = read_photo(photo)
    encoder_of(domain)  # before the search for a face, which takes longer than a refusal
    wanted = to_tensor(crop_for(picture, domain, align, face))[None].to(domain.device)
    w_plus = encode(domain, wanted)
    first, encoded_fidelity = _draw_and_measure(domain, w_plus, wanted)
    faces, reached = first, encoded_fidelity
    if steps:
        faces, reached = _draw_and_measure(
            domain, refining.refine(domain, wanted, w_plus, steps, progress), wanted
        )
    drawn = domain.oracle is not None  # only what was drawn from factors can be read back
    joke = JOKE if drawn and reached.psnr < LIKENESS else ""
    return Inversion(
        photo=wanted,
        encoded=first,
        faces=faces,
        encoded_fidelity=encoded_fidelity,
        fidelity=reached,
        steps=steps,
        note="; ".join(filter(None, (joke, picture.info.get(RANGE, "")))),
    )


def crop_for(
    picture: Image.Image,
    domain: Domain,
    align: bool | None = None,
    face: int | Literal["largest"] | None = None,
) -> Image.Image:
    """The square of a picture "RGB" that the domain's encoder looks at, at the domain's size.

    Raises `DeltaEditError` as `align_face` does, and for a number of a face that has no effect.
    """
    side = domain.spec.resolution
    why = "align=False (--no-align) takes the middle of the photo"
    unasked = (None,) if align is False else (None, "largest")  # where it depends on the photo
    if align is None:
        shows_people = domain.spec.neutral.lower() in FACE_WORDS
        align = shows_people and picture.size != (side, side)
        why = (
            f"a photo of {side} x {side} pixels, the domain's own size, is taken as it is"
            if shows_people
            else f"domain {domain.spec.name!r} shows no people"
        )
    if not align and face not in unasked:
        raise DeltaEditError(
            f"face is {face}, but faces are not searched for: {why}; leave face out (--face), or "
            "give align=True"
        )
    crop = align_face(picture, face) if align else cut_middle(picture)
    if crop.size == (side, side):
        return crop
    # Area averages make a crop smaller without ringing; cubic curves make it larger.
    smaller = crop.width % side == 0
    return crop.resize((side, side), Image.Resampling.BOX if smaller else Image.Resampling.BICUBIC)


def _draw_and_measure(domain: Domain, w_plus: Tensor, wanted: Tensor) -> tuple[Faces, Fidelity]:
    """Codes drawn, and compared with the picture that was wanted."""
    with torch.no_grad():
        faces = domain.faces_from(domain.generator.to_style(w_plus), w_plus)
    return faces, measure_fidelity(domain, faces.images, wanted)
