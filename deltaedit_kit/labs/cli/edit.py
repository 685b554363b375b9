"""`deltaedit edit "TEXT" ...`: sample faces, edit each with every sentence, save a labelled grid.

deltaedit edit "a smiling face with glasses" --seed 3 --out smiling.png
deltaedit edit "an old face"     -> figures/your_edit.png
deltaedit edit                   six sentences of the domain -> figures/first_edit.png
deltaedit edit "an old face" --photo me.jpg --refine -> figures/photo_edit.png
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from deltaedit_kit.labs.cli.places import check_figure, path_of
from deltaedit_kit.labs.cli.sample import picture_options, sampled
from deltaedit_kit.labs.cli.steps import step
from deltaedit_kit.support.errors import DeltaEditError, check_number

if TYPE_CHECKING:
    from deltaedit_kit.domain import Domain
    from deltaedit_kit.domain.faces import Faces

SENTENCES_SHOWN = 6  # of the domain's examples, when the user gives none
FACES = 4
BARE = "usual"  # what `--refine` means without a number
FIRST, YOURS, OF_PHOTO = (f"figures/{name}_edit.png" for name in ("first", "your", "photo"))


def steps_of(text: str) -> int | bool:
    """The number after `--refine`; True, so many as usual, where `main` found none."""
    return True if text == BARE else int(text)


HELP = "edit sampled pictures, or a photo, with one or more sentences"
OPTIONS = {
    "TEXT*": (
        str,
        "what the pictures should show, in quotes; several make a grid (default: six sentences of "
        "the domain)",
    ),
    **picture_options(faces=FACES, out=f"{YOURS}, without a TEXT {FIRST}"),
    "--photo FILE": (
        path_of,
        f"edit the face in this photo instead of sampled pictures (default output: {OF_PHOTO})",
    ),
    "--face N": (int, "which face in the photo, 0 for the largest (default: the only one)"),
    "--refine STEPS": (
        steps_of,
        "after encoding the photo, optimise its code for so many steps, 200 if no number is given",
        0,
    ),
    "--no-align": (
        bool,
        "the photo is cropped and aligned already, like the pictures of the domain",
    ),
    "--strength X": (
        float,
        "factor of the edit: 0 changes nothing, negative does the opposite (default: the domain's, "
        "mostly near 1)",
    ),
    "--threshold X": (
        float,
        "style channels whose relevance to the sentence is lower are not edited (default: the "
        "domain's)",
    ),
    "--neutral WORD": (
        str,
        "neutral word: what every picture shows (default: the domain's, such as face)",
    ),
}


def run(options: argparse.Namespace) -> None:
    """Sample faces or invert a photo, edit with every sentence, save a labelled grid."""
    from deltaedit_kit.editor import Editor
    from deltaedit_kit.labs.understanding import reached, reached_line, understand
    from deltaedit_kit.support.pictures import save_figure

    check(options)
    usual = OF_PHOTO if options.photo else YOURS if options.text else FIRST
    out = check_figure(options.out or Path(usual))
    domain, faces = inverted(options) if options.photo else sampled(options, FACES)
    texts = options.text or list(domain.spec.examples[:SENTENCES_SHOWN])
    with step(f"edit with {len(texts)} sentence{'s' * (len(texts) > 1)}"):
        result = Editor(domain).edit(
            faces,
            texts,
            neutral=options.neutral,
            strength=options.strength,
            threshold=options.threshold,
        )
    with step("draw and save"):
        path = save_figure(result.figure(), out, recipe=result.recipe)
    taken, gained = understand(domain, texts), reached(result)
    for row, (text, kept) in enumerate(zip(texts, result.kept, strict=True)):
        print(f"  {text!r} may touch {int(kept.sum())} of {kept.numel()} style channels")
        if taken:
            print(f"    {taken[row]}; {reached_line(gained[row])}")
        if not kept.any():
            threshold = result.recipe["threshold"]
            print(f"    nothing can move: lower --threshold (now {threshold:g}), or say more")
    print(f"saved {path}")


def check(options: argparse.Namespace) -> None:
    """Refuse what can be refused before a network is loaded or a photo is refined.

    Raises `DeltaEditError` for options that do not go together, numbers that are not finite, and
    texts that are empty or binary.
    """
    from deltaedit_kit.clip_space import check_text

    if options.photo is None and (options.face is not None or options.refine or options.no_align):
        raise DeltaEditError("--face, --refine and --no-align apply to a photo; add --photo FILE")
    if options.no_align and options.face is not None:
        raise DeltaEditError("--face chooses the face to align; leave out --face or --no-align")
    sampling = (options.faces, options.seed, options.truncation)
    if options.photo is not None and sampling != (None, None, None):
        raise DeltaEditError(
            "--faces, --seed and --truncation choose sampled pictures; leave them out with --photo"
        )
    if options.strength is not None:
        check_number("--strength", options.strength)
    if options.threshold is not None:
        check_number("--threshold", options.threshold, low=0.0)
    for text in (*options.text, *([] if options.neutral is None else [options.neutral])):
        check_text(text)


def inverted(options: argparse.Namespace) -> tuple[Domain, Faces]:
    """Load what a photo needs, find its codes, and print how faithful they are."""
    from deltaedit_kit.io.loading import load_domain
    from deltaedit_kit.labs.photo.inverting import invert

    with step(f"load {options.domain}"):
        domain = load_domain(options.domain, device=options.device)
        _ = domain.generator, domain.clip, domain.inversion
        if options.text:
            domain.clip.tokens(options.text)  # a text that is too long, before the refinement
    with step(f"invert {options.photo.name}"):
        inversion = invert(
            options.photo,
            domain,
            align=False if options.no_align else None,
            face=options.face,
            refine=options.refine,
        )
    print("  " + str(inversion).replace("\n", "\n  "))
    return domain, inversion.faces
