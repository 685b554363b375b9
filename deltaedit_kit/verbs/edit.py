"""`deltaedit edit "TEXT" ...`: sample faces, edit each with every sentence, save a labelled grid.

deltaedit edit "a smiling face with glasses" --seed 3 --out smiling.png
deltaedit edit                   six sentences of the domain -> figures/first_edit.png
deltaedit edit "an old face" --photo me.jpg --refine -> figures/photo_edit.png
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.verbs.sampling import add_picture_options, sampled
from deltaedit_kit.verbs.steps import step

if TYPE_CHECKING:
    from deltaedit_kit.domains import Domain, Faces

SENTENCES_SHOWN = 6  # of the domain's examples, when the user gives none
OUT, PHOTO_OUT = "figures/first_edit.png", "figures/photo_edit.png"


def register(verbs: Any) -> None:
    """Add the verb and its options; numbers get their range checked by the kit itself."""
    verb = verbs.add_parser("edit", help="edit sampled pictures with one or more sentences")
    verb.add_argument(
        "text",
        nargs="*",
        metavar="TEXT",
        help="what the pictures should become, in quotes; several make a grid "
        "(default: six sentences of the domain)",
    )
    add_picture_options(verb, faces=4, out=OUT)
    verb.add_argument(
        "--photo",
        type=Path,
        metavar="FILE",
        help=f"edit the face on a photo instead of sampled ones (picture: {PHOTO_OUT})",
    )
    verb.add_argument("--face", type=int, help="which face of the photo, 0 the largest")
    verb.add_argument(
        "--refine",
        type=int,
        nargs="?",
        const=True,
        default=0,
        metavar="STEPS",
        help="optimise the photo's code after encoding (bare: 200 steps)",
    )
    verb.add_argument(
        "--no-align", action="store_true", help="the photo is an aligned crop already"
    )
    verb.add_argument("--strength", type=float, help="how far: 0 nothing, negative the opposite")
    verb.add_argument("--threshold", type=float, help="channels with less relevance than this stay")
    verb.add_argument("--neutral", help="what the pictures are already (default: 'face')")
    verb.set_defaults(verb=edit)


def edit(options: argparse.Namespace) -> None:
    """Sample faces or invert a photo, edit with every sentence, save a labelled grid."""
    from deltaedit_kit.editing import Editor
    from deltaedit_kit.figure_files import save_figure

    if options.photo is None and (options.face is not None or options.refine or options.no_align):
        raise DeltaEditError("--face, --refine and --no-align belong to a photo; add --photo FILE")
    domain, faces = sampled(options) if options.photo is None else inverted(options)
    texts = options.text or list(domain.spec.examples[:SENTENCES_SHOWN])
    with step(f"edit with {len(texts)} sentence{'s' * (len(texts) > 1)}"):
        result = Editor(domain).edit(
            faces,
            texts,
            neutral=options.neutral,
            strength=options.strength,
            threshold=options.threshold,
        )
    given = options.photo is None or str(options.out) != OUT
    out = options.out if given else Path(PHOTO_OUT)
    with step("draw and save"):
        path = save_figure(result.figure(), out, recipe=result.recipe)
    for text, kept in zip(texts, result.kept, strict=True):
        print(f"  {text!r} may touch {int(kept.sum())} of {kept.numel()} style channels")
    print(f"saved {path}")


def inverted(options: argparse.Namespace) -> tuple[Domain, Faces]:
    """Load what a photo needs, find its codes, and print how faithful they are."""
    from deltaedit_kit.domains import load_domain
    from deltaedit_kit.inversion import invert

    with step(f"load {options.domain}"):
        domain = load_domain(options.domain, device=options.device)
        _ = domain.generator, domain.clip, domain.inversion
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
