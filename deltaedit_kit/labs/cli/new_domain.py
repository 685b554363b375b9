"""`deltaedit new-domain DIR --renderer | --generator FILE`: begin a domain of one's own.

deltaedit new-domain mushrooms --renderer      a renderer to change, its words, the steps
deltaedit new-domain dogs --generator afhqdog.pkl --neutral dog [--clip FILE] [--encoder FILE]
deltaedit new-domain dogs --generator afhqdog.pkl --neutral dog --clip ViT-L-14
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys

from deltaedit_kit.labs.cli.options import DEVICE
from deltaedit_kit.labs.cli.places import check_folder, path_of
from deltaedit_kit.labs.cli.steps import step
from deltaedit_kit.support.errors import DeltaEditError

HELP = "create a domain of your own"
OPTIONS = {
    "DIR": (path_of, "folder to create; its name becomes the domain's"),
    "--renderer": (
        bool,
        "start from a renderer of your own: writes an example project to change",
    ),
    "--generator FILE": (
        path_of,
        "or start from this StyleGAN2: writes a declaration (domain.json) for it",
    ),
    "--neutral WORD": (str, "neutral word: what every picture shows, such as cat"),
    "--clip FILE": (
        os.path.expanduser,
        "CLIP to use: a file, or the name of a model in open_clip, such as ViT-L-14, which is then "
        "downloaded (default: OpenAI's ViT-B/32, downloaded)",
    ),
    "--clip-model NAME": (
        str,
        "name in open_clip of the model that the file of --clip holds, unless OpenAI made it",
    ),
    "--encoder FILE": (path_of, "e4e encoder trained for this generator, which photos need"),
    "--class N": (
        int,
        "draw only this class, counted from 0, of a class-conditional generator",
    ),
    "--licence TEXT": (
        str,
        "licence of the files, for the declaration (default: you are asked)",
    ),
    **DEVICE,
}


def run(options: argparse.Namespace) -> None:
    """Write the example or the declaration, and say what comes next."""
    if options.renderer == (options.generator is not None):
        raise DeltaEditError("give either --renderer or --generator FILE")
    if options.generator is not None:
        from_files(options)
        return
    for name in ("neutral", "clip", "clip_model", "encoder", "class", "licence"):
        if getattr(options, name) is not None:
            raise DeltaEditError(f"--{name.replace('_', '-')} needs --generator FILE")
    from deltaedit_kit.labs.own_domain.project import new_project

    folder = new_project(check_folder(options.dir))
    print(f"wrote {folder}: renderer.py and domain.json, to be changed as its README.md says")
    print(f"then: deltaedit build {shlex.quote(str(folder))} --miniature")


def from_files(options: argparse.Namespace) -> None:
    """Declare somebody's files, list what is there, and price what is missing."""
    from deltaedit_kit.io.drafting import NO_LICENCE, Given, draft
    from deltaedit_kit.io.listing import ABSENT, list_files, table
    from deltaedit_kit.io.loading import load_domain
    from deltaedit_kit.labs.cli.estimating import before_clip, estimates

    if not (options.neutral or "").strip():
        raise DeltaEditError(
            "--neutral is missing: what does every picture show? give a word such as cat"
        )
    licence = options.licence
    if licence is None:
        licence = input("licence of these files: ") if sys.stdin.isatty() else NO_LICENCE
    read = (options.generator, options.clip, options.encoder)
    with step("read " + ", ".join(os.path.basename(one) for one in read if one is not None)):
        given = Given(
            options.generator,
            options.neutral,
            options.clip,
            options.clip_model,
            options.encoder,
            getattr(options, "class"),
            licence,
        )
        folder = draft(check_folder(options.dir), given)
    print(table(row for row in list_files(folder) if row.state != ABSENT))
    domain, name = load_domain(folder, options.device), shlex.quote(str(folder))
    print(f"wrote {folder / 'domain.json'}: check its title, examples, licence and preprocessing")
    if given.clip is not None and domain.spec.clip_model is None:
        way = domain.spec.preprocessing
        print(f'  preprocessing is "{way}"; weights of OpenAI need "clip", of MobileCLIP "unit",')
        print('  of SigLIP and of this kit "plain"')
    print("Commands that make what is missing, with their time and memory on this machine:")
    if options.clip is None:
        print(f"  deltaedit download {name} --only clip")
        domain = before_clip(domain)
    for estimate in estimates(domain):
        print(f"  {estimate.line(name)}")
    example = shlex.quote(domain.spec.examples[0])
    print(f"then: deltaedit edit {example} --domain {name}")
    if options.encoder is None:
        print("sampled pictures only: photographs need an e4e of this generator (--encoder)")
