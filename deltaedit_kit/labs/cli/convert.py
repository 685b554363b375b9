"""`deltaedit convert IN OUT.safetensors`: a published file as plain numbers with a header.

deltaedit convert stylegan2-cat-config-f.pkl cat.safetensors
"""

from __future__ import annotations

import argparse
from typing import Any

from deltaedit_kit.labs.cli.places import check_tensors, path_of
from deltaedit_kit.labs.cli.steps import step


def register(commands: Any) -> None:
    """Add the command and its options."""
    command = commands.add_parser("convert", help="convert a published checkpoint to safetensors")
    command.add_argument(
        "source", metavar="IN", type=path_of, help="the .pt, .pth, .pkl or .npy file to read"
    )
    command.add_argument("out", metavar="OUT", type=path_of, help="the .safetensors file to write")
    command.set_defaults(command=run)


def run(options: argparse.Namespace) -> None:
    """Convert, then say what was written."""
    from deltaedit_kit.io.checkpoints.converting import convert
    from deltaedit_kit.io.checkpoints.describing import describe

    check_tensors(options.out)
    with step(f"convert {options.source}"):
        path = convert(options.source, options.out)
    print("\n".join(f"  {line}" for line in describe(path).lines()))
