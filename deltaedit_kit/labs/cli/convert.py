"""`deltaedit convert SOURCE OUT.safetensors`: a published file as plain numbers with a header.

deltaedit convert stylegan2-cat-config-f.pkl cat.safetensors
"""

from __future__ import annotations

import argparse

from deltaedit_kit.labs.cli.places import check_tensors, path_of
from deltaedit_kit.labs.cli.steps import step

HELP = "convert a published checkpoint to safetensors"
OPTIONS = {
    "SOURCE": (path_of, "the .pt, .pth, .pkl or .npy file to read"),
    "OUT": (path_of, "the .safetensors file to write"),
}


def run(options: argparse.Namespace) -> None:
    """Convert, then say what was written."""
    from deltaedit_kit.io.checkpoints.converting import convert
    from deltaedit_kit.io.checkpoints.describing import describe

    check_tensors(options.out)
    with step(f"convert {options.source}"):
        path = convert(options.source, options.out)
    print("\n".join(f"  {line}" for line in describe(path).lines()))
