"""Inputs that are changed a little and often still right, so that code after the checks runs, too.

tensors    another value, type, key prefix or wrapping; one key more, one less, another order
JSON       another order, one key more or less, 1 as 1.0, a number nudged, another spelling
text       Windows' line ends, a blank line, rows in another order or twice, quoted cells
pictures   another size, mode, format or orientation; sentences: a typing error, marks, capitals
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

PREFIXES = ("module.", "net.", "G.", "generator.", "g_ema.", "")
WRAPPINGS = ("state_dict", "params_ema", "net", "g_ema", "model", "anything")
DTYPES = (torch.float16, torch.bfloat16, torch.float64)
NUMBERS = (0.0, 1.0, -1.0, 1e-30, 1e4, 1e30, float("nan"), float("inf"))
SPELLINGS: tuple[dict[str, Any], ...] = (
    {"indent": 4},
    {"separators": (",", ":")},
    {"sort_keys": True},
    {"ensure_ascii": False},
)


def change_tensors(dice: random.Random, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """A copy with one or two changes; the tensors that are not changed are shared."""
    changed = dict(tensors)
    for _ in range(dice.randint(1, 2)):
        key = dice.choice(sorted(changed))
        value = changed[key]
        match dice.randrange(7):
            case 0:
                changed[key] = _with_number(dice, value)
            case 1 if value.is_floating_point():
                changed[key] = value.to(dice.choice(DTYPES))
            case 2:
                dtype = dice.choice(DTYPES)
                changed = {
                    name: x.to(dtype) if x.is_floating_point() else x for name, x in changed.items()
                }
            case 3:
                prefix = dice.choice(PREFIXES)
                changed = {f"{prefix}{name}": x for name, x in changed.items()}
            case 4:
                changed[dice.choice(("step", "ema.decay", "extra"))] = torch.zeros(
                    dice.randint(1, 3)
                )
            case 5 if len(changed) > 1:
                del changed[key]
            case _:
                names = list(changed)
                dice.shuffle(names)
                changed = {name: changed[name] for name in names}
    return changed


def _with_number(dice: random.Random, value: Tensor) -> Tensor:
    """One number of a tensor replaced; of a tensor without numbers, the tensor itself."""
    changed = value.clone()
    if changed.numel() and changed.is_floating_point():
        changed.view(-1)[dice.randrange(changed.numel())] = dice.choice(NUMBERS)
    return changed


def wrap(dice: random.Random, tensors: dict[str, Tensor]) -> Any:
    """As people save a state: bare, under a name, or beside what was trained with it."""
    match dice.randrange(3):
        case 0:
            return tensors
        case 1:
            return {dice.choice(WRAPPINGS): tensors}
        case _:
            return {dice.choice(WRAPPINGS): tensors, "epoch": 3, "optimizer": {"lr": 0.1}}


def change_tree(dice: random.Random, tree: Any) -> Any:
    """A copy of a JSON tree with one or two changes, each at a random depth."""
    for _ in range(dice.randint(1, 2)):
        tree = _change_once(dice, tree)
    return tree


def _change_once(dice: random.Random, tree: Any) -> Any:
    if isinstance(tree, dict) and tree:
        if dice.random() < 0.6:
            key = dice.choice(list(tree))
            return {**tree, key: _change_once(dice, tree[key])}
        names = list(tree)
        match dice.randrange(4):
            case 0:
                names.remove(dice.choice(names))
            case 1:
                return {**tree, dice.choice(("note", "comment", "x-tool")): "mine"}
            case _:
                dice.shuffle(names)
        return {name: tree[name] for name in names}
    if isinstance(tree, list) and tree:
        place = dice.randrange(len(tree))
        if dice.random() < 0.5:
            return [*tree[place:], *tree[:place]]
        return [*tree[:place], _change_once(dice, tree[place]), *tree[place + 1 :]]
    if isinstance(tree, bool) or tree is None:
        return tree
    if isinstance(tree, int):
        return dice.choice((float(tree), tree + 1, max(tree - 1, 0), tree))
    if isinstance(tree, float):
        return dice.choice((tree * 1.01, tree / 2, round(tree), tree))
    if isinstance(tree, str) and " " in tree:
        return change_sentence(dice, tree)
    return tree


def change_sentence(dice: random.Random, text: str) -> str:
    """As another person types it: capitals, marks, spaces, an accent, two letters exchanged."""
    place = dice.randrange(max(len(text) - 1, 1))
    twisted = text[:place] + text[place : place + 2][::-1] + text[place + 2 :]
    return dice.choice((text.upper(), f"{text}.", f"  {text}", f"{text} é", f"{text}!", twisted))


def spell(dice: random.Random, tree: Any) -> str:
    """The JSON of a tree as another program would write it."""
    return json.dumps(tree, **dice.choice(SPELLINGS))


def change_text(dice: random.Random, text: str) -> str:
    """The same table as another program would write it, its rows moved or repeated."""
    head, *rows = text.splitlines()
    for _ in range(dice.randint(1, 2)):
        match dice.randrange(5):
            case 0:
                dice.shuffle(rows)
            case 1:
                rows.insert(dice.randint(0, len(rows)), "")
            case 2:
                rows.append(dice.choice(rows))
            case 3 if len(rows) > 1:
                rows.pop(dice.randrange(len(rows)))
            case _:
                place = dice.randrange(len(rows))
                cells = rows[place].split(",")
                rows[place] = ",".join(cell if '"' in cell else f'"{cell}"' for cell in cells)
    return dice.choice(("\n", "\n", "\r\n")).join((head, *rows, ""))


def change_picture(dice: random.Random, good: Path, folder: Path) -> Path:
    """The same picture as another program would save it."""
    with Image.open(good) as file:
        picture = file.convert(dice.choice(("L", "RGB", "RGBA", "P", "1", "CMYK", "LA")))
    size = (dice.randint(16, 96), dice.randint(16, 96))
    picture = picture.resize(size) if dice.random() < 0.5 else picture
    fitting = {"RGBA": ("png", "tif", "webp"), "LA": ("png", "tif"), "CMYK": ("jpg", "tif"),
               "P": ("png", "gif", "tif"), "1": ("png", "tif", "bmp", "gif")}  # fmt: skip
    suffix = dice.choice(fitting.get(picture.mode, ("jpg", "png", "tif", "bmp", "webp")))
    turned = Image.Exif()
    turned[0x0112] = dice.randint(1, 8)
    path = folder / f"mild.{dice.choice((suffix, suffix.upper()))}"
    options: dict[str, Any] = {"exif": turned} if suffix in ("jpg", "png", "webp") else {}
    picture.save(path, **options)
    return path
