"""Codes: the training set of the mapper, (s, i) of many thousand pictures.

store.py   a folder of shards and its header; codes in memory    make.py   filling it, killed or not
"""

from __future__ import annotations

from deltaedit_kit.codes.make import Samples, Source, make_codes
from deltaedit_kit.codes.store import Codes, CodeStore, Shard, StoreHeader, check_codes

__all__ = [
    "CodeStore",
    "Codes",
    "Samples",
    "Shard",
    "Source",
    "StoreHeader",
    "check_codes",
    "make_codes",
]
