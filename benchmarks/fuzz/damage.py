"""How inputs are spoilt: bytes of files, values of JSON trees, words of texts; all from one rng."""

from __future__ import annotations

import random
from typing import Any

WORDS = (
    *("", " ", "\0", "\ud83d", "😀" * 3, "é", "\u2028", "\u202e", "﻿", "../../x", "~nobody/x"),
    *("/dev/null", "nan", "-1", "1e999", "9" * 40, "<script>", "%s%n", "'; --", "a" * 5000),
    *("face", "face with glasses", "an old face", "\t\n", "NULL", "true", "=1+1", "\\x00"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**64, 10**30, 0.5, -0.0, 1e308, float("nan")),
    *(float("inf"), float("-inf"), [], {}, [[]], [None], {"": None}, [1] * 2000),
    *WORDS,
)


def spoil_bytes(dice: random.Random, data: bytes) -> bytes:
    """Flip, cut, insert, drop or repeat, one to four times."""
    spoilt = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        # Half of the damage hits the first kilobyte, where formats keep their sizes and names.
        reach = len(spoilt) if dice.random() < 0.5 else min(len(spoilt), 1024)
        place, length = dice.randint(0, max(reach - 1, 0)), dice.randint(1, 64)
        match dice.randrange(6):
            case 0 if spoilt:
                spoilt[place] ^= 1 << dice.randrange(8)
            case 1 if spoilt:
                spoilt[place] = dice.choice((0, 255, 0x7F, 0x80))
            case 2:
                del spoilt[place:]
            case 3:
                spoilt[place:place] = dice.randbytes(length)
            case 4:
                del spoilt[place : place + length]
            case _:
                spoilt[place:place] = spoilt[place : place + length]
    return bytes(spoilt)


def spoil_tree(dice: random.Random, tree: Any) -> Any:
    """A copy in which one to three values are replaced, dropped, wrapped or renamed."""
    for _ in range(dice.randint(1, 3)):
        tree = _spoil_once(dice, tree)
    return tree


def _spoil_once(dice: random.Random, tree: Any) -> Any:
    if isinstance(tree, dict) and tree and dice.random() < 0.9:
        key = dice.choice(list(tree))
        rest = {name: value for name, value in tree.items() if name != key}
        match dice.randrange(6):
            case 0:
                return rest
            case 1:
                return {**rest, dice.choice(WORDS): tree[key]}
            case _:
                return {**tree, key: _spoil_once(dice, tree[key])}
    if isinstance(tree, list) and tree and dice.random() < 0.8:
        place = dice.randrange(len(tree))
        new = [_spoil_once(dice, tree[place])] * dice.choice((0, 1, 1, 1, 3))
        return [*tree[:place], *new, *tree[place + 1 :]]
    return dice.choice((*VALUES, [tree], {"x": tree}, str(tree)))


def spoil_text(dice: random.Random, text: str) -> str:
    """Lines and cells repeated, dropped, joined, or replaced by words that programs trip over."""
    for _ in range(dice.randint(1, 4)):
        place = dice.randint(0, len(text))
        match dice.randrange(4):
            case 0:
                text = text[:place] + dice.choice(WORDS) + text[place:]
            case 1:
                text = text[:place] + text[place + dice.randint(1, 20) :]
            case 2:
                text = text[:place] + dice.choice((",", '"', "\n", "\r", ";", "\t", "\x0c"))
            case _:
                text = text + text[place:]
    return text


def encode(dice: random.Random, text: str) -> bytes:
    """As files of texts are met: mostly UTF-8, at times with a BOM, UTF-16 or Windows' letters."""
    name = dice.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"))
    return text.encode(name, errors="surrogatepass" if name.startswith("utf") else "replace")
