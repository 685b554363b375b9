"""`deltaedit convert IN OUT.safetensors`: a published file as plain numbers with a header.

deltaedit convert stylegan2-cat-config-f.pkl cat.safetensors
"""

from __future__ import annotations

import argparse
from typing import Any

from deltaedit_kit.labs.cli.places import check_tensors, path_of
from deltaedit_kit.labs.cli.steps import step


def register(verbs: Any) -> None:
    """Add the verb and its options."""
    verb = verbs.add_parser("convert", help="turn a published checkpoint into safetensors")
    verb.add_argument("source", metavar="IN", type=path_of, help="a .pt, .pth, .pkl or .npy file")
    verb.add_argument("out", metavar="OUT", type=path_of, help="where the .safetensors file goes")
    verb.set_defaults(verb=run)


def run(options: argparse.Namespace) -> None:
    """Convert, then say what was written."""
    from deltaedit_kit.io.checkpoints.converting import convert
    from deltaedit_kit.io.checkpoints.describing import describe

    check_tensors(options.out)
    with step(f"convert {options.source}"):
        path = convert(options.source, options.out)
    print("\n".join(f"  {line}" for line in describe(path).lines()))
