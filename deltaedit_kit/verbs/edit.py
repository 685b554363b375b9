"""`deltaedit edit "TEXT" ...`: sample faces, edit each with every sentence, save a labelled grid.

deltaedit edit "a smiling face with glasses" --seed 3 --out smiling.png
deltaedit edit                   six sentences of the domain -> figures/first_edit.png
"""

from __future__ import annotations

import argparse
from typing import Any

from deltaedit_kit.verbs.common import add_picture_options, sampled, step

SENTENCES_SHOWN = 6  # of the domain's examples, when the user gives none


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
    add_picture_options(verb, faces=4, out="figures/first_edit.png")
    verb.add_argument("--strength", type=float, help="how far: 0 nothing, negative the opposite")
    verb.add_argument("--threshold", type=float, help="channels with less relevance than this stay")
    verb.add_argument("--neutral", help="what the pictures are already (default: 'face')")
    verb.set_defaults(verb=edit)


def edit(options: argparse.Namespace) -> None:
    """Sample faces, edit each with every sentence, save a labelled grid."""
    from deltaedit_kit.editing import Editor
    from deltaedit_kit.figure_files import save_figure

    domain, faces = sampled(options)
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
        path = save_figure(result.figure(), options.out, recipe=result.recipe)
    for text, kept in zip(texts, result.kept, strict=True):
        print(f"  {text!r} may touch {int(kept.sum())} of {kept.numel()} style channels")
    print(f"saved {path}")
