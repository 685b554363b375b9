"""Codes: the training set of the mapper, from a picture to a store of many thousand (s, i).

    sources.py    samples, families, or photographs: w+    embedding.py   w+ -> (s, i), a batch
    store.py      a folder of shards, memory-mapped        make.py        filling it, killed or not
    header.py     what the store says of itself            published.py   the released .npy files
    memory.py     codes as tensors

Names are imported at their first use, so that reading a store loads no picture library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deltaedit_kit.codes.header import StoreHeader, networks_mark
    from deltaedit_kit.codes.make import make_codes
    from deltaedit_kit.codes.memory import Codes
    from deltaedit_kit.codes.published import open_codes
    from deltaedit_kit.codes.store import CodeStore

__all__ = [
    "Codes",
    "CodeStore",
    "StoreHeader",
    "make_codes",
    "networks_mark",
    "open_codes",
]

_HOME_OF = {
    "Codes": "memory",
    "CodeStore": "store",
    "StoreHeader": "header",
    "make_codes": "make",
    "networks_mark": "header",
    "open_codes": "published",
}


def __getattr__(name: str) -> Any:
    """Import the module that defines a public name when the name is first asked for."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'deltaedit_kit.codes' has no attribute {name!r}")
    return getattr(import_module(f"deltaedit_kit.codes.{_HOME_OF[name]}"), name)
