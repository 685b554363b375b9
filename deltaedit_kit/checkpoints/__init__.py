"""Published checkpoints, read as data: `load_stylegan2(path)` and its kin. Nothing is executed.

    container.py    what a file is, by its first bytes     kind.py, kinds.py   what it holds
    reading.py      one way into every file                filling.py   tensors -> network
    torch_files.py  .pt, .pth, TorchScript                 restricted.py, pickled.py   pickles
    stylegan2.py, stylegan2_ada.py, stylegan2_tf.py, delta_mapper.py, e4e.py, arcface.py, clip.py,
    arrays.py       one format or kind each                converting.py, describing.py

A reader raises DeltaEditError naming the file, the cause and the remedy. Names are imported at
their first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deltaedit_kit.checkpoints.arcface import load_arcface
    from deltaedit_kit.checkpoints.arrays import load_codes, load_relevance, open_npy_codes
    from deltaedit_kit.checkpoints.clip import load_clip
    from deltaedit_kit.checkpoints.converting import convert
    from deltaedit_kit.checkpoints.delta_mapper import load_delta_mapper
    from deltaedit_kit.checkpoints.describing import describe
    from deltaedit_kit.checkpoints.e4e import load_e4e
    from deltaedit_kit.checkpoints.stylegan2 import load_stylegan2

__all__ = [
    "convert",
    "describe",
    "load_arcface",
    "load_clip",
    "load_codes",
    "load_delta_mapper",
    "load_e4e",
    "load_relevance",
    "load_stylegan2",
    "open_npy_codes",
]

_HOME_OF = {
    "convert": "converting",
    "describe": "describing",
    "load_arcface": "arcface",
    "load_clip": "clip",
    "load_codes": "arrays",
    "load_delta_mapper": "delta_mapper",
    "load_e4e": "e4e",
    "load_relevance": "arrays",
    "load_stylegan2": "stylegan2",
    "open_npy_codes": "arrays",
}


def __getattr__(name: str) -> Any:
    """Import the module that defines a public name when the name is first asked for."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'deltaedit_kit.checkpoints' has no attribute {name!r}")
    value = getattr(import_module(f"deltaedit_kit.checkpoints.{_HOME_OF[name]}"), name)
    globals()[name] = value  # from now on the name means the function, not the module of that name
    return value
