"""Texts -> token ids with CLIP's byte-pair encoding, as open_clip carries it.

    "a smiling face" -> [start, a, smiling, face, end, 0, 0, ...]

`import open_clip` imports torchvision and all its models, which takes longer than torch itself. Its
tokenizer is one file that needs none of them, so only this file is loaded.

Source: CLIP (Radford et al. 2021, arXiv:2103.00020); the file is open_clip's `tokenizer.py`.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from jaxtyping import Int
from torch import Tensor

from deltaedit_kit.support.errors import DeltaEditError

CONTEXT = 77  # tokens that CLIP reads of a text, start and end included


def tokenize(texts: list[str], context_length: int = CONTEXT) -> Int[Tensor, "n l"]:
    """Token ids int64 [n, context_length], 0 behind the end mark; a longer text is cut.

    Raises DeltaEditError where open_clip is not installed.
    """
    return open_clip_file("tokenizer").tokenize(texts, context_length=context_length)


@cache
def open_clip_file(name: str) -> ModuleType:
    """One file of open_clip that imports no other of it. DeltaEditError if it is not installed."""
    package = find_spec("open_clip")  # finds it, and imports nothing
    if package is None or not package.submodule_search_locations:
        raise DeltaEditError("open_clip is not installed; run `pip install open_clip_torch`")
    file = Path(package.submodule_search_locations[0]) / f"{name}.py"
    spec = spec_from_file_location(f"open_clip_alone_{name}", file)
    if spec is None or spec.loader is None:
        raise DeltaEditError(f"{file} is not there; install open_clip_torch again")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
