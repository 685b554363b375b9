"""Memory that was freed stays with the process, for a program of the kit's own.

Idea: the features of a 1024 px picture are 134 MB, made and freed layer after layer. glibc gives
blocks of that size back to the operating system and asks for fresh ones, which arrive as pages of
zeros, one fault each: a fifth of the time of a picture (docs/speed.md). Told not to, it keeps up to
a gigabyte for the next layer.

A library must not decide this for the program that imports it, so only the terminal's commands and
the benchmarks do. Other C libraries keep memory by themselves, or cannot be told.

Source: mallopt(3), the GNU C library.
"""

from __future__ import annotations

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # numbers of the settings, from glibc's malloc.h
KEPT = 2**30  # bytes


def keep_freed_memory() -> bool:
    """From now on keep a gigabyte of freed memory; False where the C library is not glibc."""
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return False
    settings = ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, KEPT))
    return all(library.mallopt(setting, value) for setting, value in settings)
