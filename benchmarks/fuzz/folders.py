"""Cases of weights, domain folders, codes, photos and evaluation folders.

`prepare_...(folder)` writes the good files once; the other function makes a case, changed a little
(`mild`) or spoilt, reads it, and returns or raises what the kit does. Nothing needs the network.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.fuzz.damage import encode, spoil_bytes, spoil_text, spoil_tree
from benchmarks.fuzz.good import load_standin, standin, write
from benchmarks.fuzz.mild import (
    change_picture,
    change_tensors,
    change_text,
    change_tree,
    spell,
    wrap,
)
from deltaedit_kit.support.atomic import with_checksum, without_checksum
from deltaedit_kit.support.errors import DeltaEditError

EVALUATED = (".json", ".csv", ".png", ".safetensors")  # what a comparison is read from


def read_checkpoint(dice: random.Random, folder: Path, state: Path, mild: bool) -> None:
    """A weights file, spoilt or changed a little: described, and converted where it has a kind."""
    from deltaedit_kit.io.checkpoints.converting import convert
    from deltaedit_kit.io.checkpoints.describing import describe

    good = dice.choice(sorted(state.glob("*.safetensors")) + sorted(folder.glob("plain.pt")))
    if mild:
        case = _changed_weights(dice, good, folder)
    else:
        suffix = dice.choice((".safetensors", ".pt", ".pth", ".pkl", ".npy"))
        suffix = good.suffix if dice.random() < 0.7 else suffix
        case = write(folder, f"case{suffix}", spoil_bytes(dice, good.read_bytes()))
    described = describe(case)
    if described.problem:
        raise DeltaEditError(described.problem)
    if "unknown layout" not in described.what:
        describe(convert(case, folder / "converted.safetensors"))


def _changed_weights(dice: random.Random, good: Path, folder: Path) -> Path:
    """The tensors of a file with a mild change, as safetensors or as torch saves them."""
    import torch
    from safetensors.torch import load_file, save_file

    tensors = load_file(good) if good.suffix == ".safetensors" else {"a.weight": torch.eye(4)}
    changed = change_tensors(dice, tensors)
    if dice.random() < 0.3:
        save_file({name: value.contiguous() for name, value in changed.items()}, folder / "mild.st")
        return folder / "mild.st"
    torch.save(wrap(dice, changed), folder / "mild.pt")
    return folder / "mild.pt"


def prepare_checkpoints(folder: Path) -> Path:
    """The stand-in's files and one of torch."""
    import torch

    place = standin(folder)
    torch.save({"state_dict": {"a.weight": torch.zeros(4, 4)}}, folder / "plain.pt")
    return place


def read_domain_folder(dice: random.Random, folder: Path, state: Path, mild: bool) -> None:
    """A folder that somebody sent: its declaration or one of its files spoilt."""
    from deltaedit_kit import Editor, load_domain

    case = folder / "case"
    shutil.rmtree(case, ignore_errors=True)
    shutil.copytree(state, case)
    if mild:
        _change_domain(dice, state, case)
    elif dice.random() < 0.7:
        tree = spoil_tree(dice, json.loads((state / "domain.json").read_text(encoding="utf-8")))
        text = json.dumps(tree)
        text = spoil_text(dice, text) if dice.random() < 0.2 else text
        (case / "domain.json").write_bytes(encode(dice, text))
    else:
        file = dice.choice(sorted(case.glob("*.safetensors")))
        file.write_bytes(spoil_bytes(dice, file.read_bytes()))
    domain = load_domain(case)
    Editor(domain).edit(domain.sample(1, 0), "face with smile")


def _change_domain(dice: random.Random, state: Path, case: Path) -> None:
    """Another declaration that means nearly the same, or weights that somebody else saved."""
    from safetensors.torch import load_file

    from deltaedit_kit.support.atomic import save_tensors

    if dice.random() < 0.6:
        tree = change_tree(dice, json.loads((state / "domain.json").read_text(encoding="utf-8")))
        (case / "domain.json").write_text(spell(dice, tree), encoding="utf-8")
    else:
        file = dice.choice(sorted(case.glob("*.safetensors")))
        save_tensors(file, change_tensors(dice, load_file(file)))


def read_codes(dice: random.Random, folder: Path, state: Path, mild: bool) -> None:
    """A store of codes, its header or one of its shards spoilt."""
    from deltaedit_kit.codes.store import CodeStore

    case = folder / "case"
    shutil.rmtree(case, ignore_errors=True)
    shutil.copytree(state, case)
    if mild:
        (case / "codes.json").write_text(
            spell(dice, _tree(dice, case / "codes.json", change_tree)), encoding="utf-8"
        )
    elif dice.random() < 0.7:
        tree = _tree(dice, case / "codes.json", spoil_tree)
        (case / "codes.json").write_bytes(encode(dice, json.dumps(tree)))
    else:
        file = dice.choice(sorted(case.iterdir()))
        file.write_bytes(spoil_bytes(dice, file.read_bytes()))
    store = CodeStore.open(case)
    store.resident()


def _tree(dice: random.Random, file: Path, change: Callable[[random.Random, Any], Any]) -> Any:
    """The changed tree of a JSON file of the kit, at times with the checksum of what was there."""
    stored = json.loads(file.read_text(encoding="utf-8"))
    if dice.random() < 0.2:
        return change(dice, stored)
    tree = change(dice, without_checksum(stored))
    return with_checksum(tree) if isinstance(tree, dict) else tree


def prepare_codes(folder: Path) -> Path:
    """Twelve codes in three shards."""
    from deltaedit_kit.codes.make import make_codes

    if not (folder / "codes" / "codes.json").exists():
        make_codes(load_standin(folder), folder / "codes", 12, chunk=5)
    return folder / "codes"


def read_picture(dice: random.Random, folder: Path, state: list[Path], mild: bool) -> None:
    """A photo: another size, mode or format, or spoilt, or under another name."""
    from deltaedit_kit.labs.photo.photos import read_photo, to_tensor

    good = dice.choice(state)
    if mild:
        to_tensor(read_photo(change_picture(dice, good, folder)))
        return
    suffix = good.suffix if dice.random() < 0.8 else dice.choice((".jpg", ".png", ".tif", ".eps"))
    to_tensor(read_photo(write(folder, f"case{suffix}", spoil_bytes(dice, good.read_bytes()))))


def prepare_photos(folder: Path) -> list[Path]:
    """A picture of noise in every format that is read."""
    import numpy as np
    from PIL import Image

    noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    picture, files = Image.fromarray(noise), []
    for suffix in ("jpg", "png", "tif", "webp", "gif", "bmp"):
        files.append(folder / f"good.{suffix}")
        picture.save(files[-1])
    picture.save(folder / "progressive.jpg", progressive=True)
    Image.fromarray(noise[..., 0].astype(np.float32)).save(folder / "float.tif")
    return [*files, folder / "progressive.jpg", folder / "float.tif"]


def read_evaluation(dice: random.Random, folder: Path, state: Path, mild: bool) -> None:
    """The folder of a comparison, one of its files changed or spoilt: its tables and pictures."""
    from deltaedit_kit.labs.compare.results import Results

    case = folder / "case"
    shutil.rmtree(case, ignore_errors=True)
    shutil.copytree(state, case)
    file = dice.choice([path for path in sorted(case.rglob("*")) if path.suffix in EVALUATED])
    (_change_evaluation if mild else _spoil_evaluation)(dice, file)
    results = Results(case)
    results.write()
    _ = results.claim, results.before
    for _, run in results.runs:
        results.pictures(run.method, run.prompt.text)


def _change_evaluation(dice: random.Random, file: Path) -> None:
    """A file of a comparison as another program would write it."""
    from safetensors.torch import load_file

    from deltaedit_kit.support.atomic import save_tensors

    if file.suffix == ".json":
        file.write_text(spell(dice, _tree(dice, file, change_tree)), encoding="utf-8")
    elif file.suffix == ".csv":
        text = change_text(dice, file.read_text(encoding="utf-8"))
        file.write_text(text, encoding="utf-8", newline="")
    elif file.suffix == ".png":
        change_picture(dice, file, file.parent).replace(file)
    else:
        save_tensors(file, change_tensors(dice, load_file(file)))


def _spoil_evaluation(dice: random.Random, file: Path) -> None:
    """A file of a comparison that is damaged, as data or as bytes."""
    if file.suffix == ".json" and dice.random() < 0.7:
        file.write_bytes(encode(dice, json.dumps(_tree(dice, file, spoil_tree))))
    elif file.suffix == ".csv":
        file.write_bytes(encode(dice, spoil_text(dice, file.read_text(encoding="utf-8"))))
    else:
        file.write_bytes(spoil_bytes(dice, file.read_bytes()))


def prepare_evaluation(folder: Path) -> Path:
    """A comparison of one method, four faces."""
    from deltaedit_kit import load_domain
    from deltaedit_kit.labs.compare.comparison import Comparison, Plan
    from deltaedit_kit.labs.compare.prompts import default_prompts, of_split

    place = folder / "evaluation"
    if not (place / "done").exists():
        domain = load_domain("toyfaces")
        prompts = [p for s in ("test", "tune") for p in of_split(default_prompts(domain), s)[:1]]
        plan = Plan(
            methods=("deltaedit",), settings=("short",), faces=4, slow_faces=4, strengths=(1.0,),
            features=("clip",), reference_faces=40, quick=True,
        )  # fmt: skip
        Comparison(domain, plan, prompts, place).run()
        (place / "done").touch()
    return place
