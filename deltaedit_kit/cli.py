"""`deltaedit`: the kit's verbs for a terminal.

    deltaedit edit "a smiling face with glasses" --seed 3 --out smiling.png
    deltaedit edit                   six sentences of the domain -> figures/first_edit.png
    deltaedit sample --faces 8       faces without an edit -> figures/sample.png

Whatever a user can put right comes back as one line on stderr with exit code 2, not a traceback.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, NoReturn

from deltaedit_kit import __version__
from deltaedit_kit.errors import DeltaEditError

if TYPE_CHECKING:
    from deltaedit_kit.domains import Domain, Faces

SENTENCES_SHOWN = 6  # of the domain's examples, when the user gives none
WRONG_INPUT, INTERRUPTED, READER_GONE = 2, 130, 1


class OneLineParser(argparse.ArgumentParser):
    """argparse whose complaint is one line: what is wrong, and where help is."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and leaving."""
        raise DeltaEditError(f"{message}; see `{self.prog} --help`")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a verb; the exit code: 0, 2 for a wrong input, 130 after Ctrl-C, 1 for a closed pipe."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # an emoji must not break a terminal that lacks it
            stream.reconfigure(errors="backslashreplace")
    try:
        options = _parser().parse_args(arguments)
        options.verb(options)
    except DeltaEditError as error:
        print(f"deltaedit: {error}", file=sys.stderr)
        return WRONG_INPUT
    except KeyboardInterrupt:
        print("deltaedit: stopped", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever reads our output, `head` say, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at exit
        return READER_GONE
    return 0


def edit(options: argparse.Namespace) -> None:
    """Sample faces, edit each with every sentence, save a labelled grid."""
    from deltaedit_kit.editing import Editor
    from deltaedit_kit.figure_files import save_figure

    domain, faces = _domain_and_faces(options)
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


def sample(options: argparse.Namespace) -> None:
    """Sample faces and save them side by side."""
    from deltaedit_kit.figure_files import save_figure
    from deltaedit_kit.plots import sample_figure

    domain, faces = _domain_and_faces(options)
    origin, spec = faces.origin, domain.spec
    note = f"seed {options.seed},  truncation {origin.truncation:g}" if origin else ""
    with step("draw and save"):
        figure = sample_figure(faces, f"{spec.name}: {spec.title}", note)
        path = save_figure(figure, options.out)
    print(f"saved {path}")


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print a step's name when it begins and its wall time when it is done."""
    print(f"{name} ...", end=" ", flush=True)
    start = perf_counter()
    try:
        yield
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{perf_counter() - start:.1f} s", flush=True)


def _domain_and_faces(options: argparse.Namespace) -> tuple[Domain, Faces]:
    """Load what sampling needs and sample; each step timed."""
    with step(f"load {options.domain}"):
        from deltaedit_kit.domains import load_domain

        domain = load_domain(options.domain, device=options.device)
        _ = domain.generator, domain.clip
    with step(f"sample {options.faces} face{'s' * (options.faces != 1)}"):
        faces = domain.sample(options.faces, options.seed, options.truncation)
    return domain, faces


def _parser() -> argparse.ArgumentParser:
    """The verbs and their options; numbers get their range checked by the kit itself."""
    parser = OneLineParser(
        prog="deltaedit", description="Edit pictures of a StyleGAN2 with a sentence."
    )
    parser.add_argument("--version", action="version", version=f"deltaedit {__version__}")
    verbs = parser.add_subparsers(required=True, metavar="VERB", parser_class=OneLineParser)

    edit_verb = verbs.add_parser("edit", help="edit sampled pictures with one or more sentences")
    edit_verb.add_argument(
        "text",
        nargs="*",
        metavar="TEXT",
        help="what the pictures should become, in quotes; several make a grid "
        "(default: six sentences of the domain)",
    )
    _add_common(edit_verb, faces=4, out="figures/first_edit.png")
    edit_verb.add_argument(
        "--strength", type=float, help="how far: 0 nothing, negative the opposite"
    )
    edit_verb.add_argument(
        "--threshold", type=float, help="channels with less relevance than this stay"
    )
    edit_verb.add_argument("--neutral", help="what the pictures are already (default: 'face')")
    edit_verb.set_defaults(verb=edit)

    sample_verb = verbs.add_parser("sample", help="sample pictures without editing them")
    _add_common(sample_verb, faces=8, out="figures/sample.png")
    sample_verb.set_defaults(verb=sample)
    return parser


def _add_common(verb: Any, faces: int, out: str) -> None:
    """The options that every verb has."""
    verb.add_argument("--domain", default="toyfaces", help="which pictures (default: toyfaces)")
    verb.add_argument("--faces", type=int, default=faces, help=f"how many (default: {faces})")
    verb.add_argument("--seed", type=int, default=0, help="which ones (default: 0)")
    verb.add_argument("--truncation", type=float, help="variety: 1 all, 0 only the average")
    verb.add_argument("--device", default="cpu", help="cpu or cuda (default: cpu)")
    verb.add_argument(
        "--out", type=Path, default=Path(out), metavar="FILE", help=f"picture (default: {out})"
    )


if __name__ == "__main__":
    sys.exit(main())
