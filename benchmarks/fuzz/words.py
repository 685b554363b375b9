"""Cases of captions, prompts, recipes, studies, sentences and command lines.

As in folders.py, a function prepares what is good, another one changes or spoils and reads it.
"""

from __future__ import annotations

import contextlib
import io
import json
import random
import shutil
import sqlite3
from pathlib import Path
from typing import Any

from benchmarks.fuzz.damage import VALUES, WORDS, encode, spoil_bytes, spoil_text, spoil_tree
from benchmarks.fuzz.good import load_standin, write
from benchmarks.fuzz.mild import change_sentence, change_text, change_tree, spell

CSV = "text,asks,split\nface with glasses,glasses,test\nan old face,old,tune\na smile,,test\n"
TEXT = "a face with glasses\nan old face\na smile\n"
CAPTIONS = "image,caption\na.png,a face with glasses\nb.png,an old face\n"
SENTENCES = ("face with glasses", "a very old man", "she smiles at us", "green eyes, red hair")


def read_caption_file(dice: random.Random, folder: Path, _: None, mild: bool) -> None:
    """CSV or JSON lines of captions, or a folder of texts beside pictures."""
    from deltaedit_kit.labs.delta_space.clouds.reading import read_captions

    rows = [{"image": "a.png", "caption": "a face"}, {"image": "b.png", "caption": ["x", "y"]}]
    if dice.random() < 0.5:
        text = change_text(dice, CAPTIONS) if mild else spoil_text(dice, CAPTIONS)
        path = write(folder, "captions.csv", encode(dice, text))
    elif dice.random() < 0.5:
        path = folder / "texts"
        path.mkdir(exist_ok=True)
        for name in ("a", "b"):
            text = change_text(dice, TEXT) if mild else spoil_text(dice, TEXT)
            write(path, f"{name}.txt", encode(dice, text))
            shutil.copy(folder / f"{name}.png", path)
    else:
        change = change_tree if mild else spoil_tree
        lines = "\n".join(json.dumps(change(dice, row)) for row in rows)
        path = write(folder, "captions.jsonl", encode(dice, lines))
    read_captions(path)


def prepare_nothing(_folder: Path) -> None:
    """A surface that needs nothing; a named function, since a child process is sent it."""


def prepare_captions(folder: Path) -> None:
    """Two small pictures to talk about."""
    from PIL import Image

    for name in ("a.png", "b.png"):
        Image.new("RGB", (32, 32)).save(folder / name)


def read_prompt_file(dice: random.Random, folder: Path, _: None, mild: bool) -> None:
    """A file of sentences for a comparison."""
    from deltaedit_kit.labs.compare.prompts import read_prompts

    text = change_text(dice, CSV) if mild else spoil_text(dice, CSV)
    read_prompts(write(folder, "prompts.csv", encode(dice, text)))


def replay_recipe(dice: random.Random, _folder: Path, state: Any, mild: bool) -> None:
    """A recipe with other values, replayed or opened in the studio, there at times as a PNG."""
    from deltaedit_kit.labs.studio.recipe import read_file
    from deltaedit_kit.support.pictures import encode_png

    engine, recipes, picture = state
    name = dice.choice(sorted(recipes))
    recipe = (change_tree if mild else spoil_tree)(dice, recipes[name])
    if name == "edit" and dice.random() < 0.5:
        engine.editor.replay(json.loads(spell(dice, recipe)))
    elif dice.random() < 0.5:
        content = encode_png(picture, recipe=recipe)
        read_file(engine, "case.png", content if mild else spoil_bytes(dice, content))
    else:
        text = spell(dice, recipe)
        read_file(engine, "case.json", text.encode() if mild else encode(dice, text))


def prepare_recipe(folder: Path) -> Any:
    """An engine, recipes of an edit, of codes and of the studio, and a picture to put them into."""
    import numpy as np

    from deltaedit_kit.labs.studio.engine import Engine
    from deltaedit_kit.labs.studio.recipe import to_recipe
    from deltaedit_kit.labs.studio.state import StudioState
    from deltaedit_kit.recipe import write_faces

    engine = Engine(load_standin(folder))
    faces = engine.domain.sample(2, 0)
    edit = engine.editor.edit(faces, ["face with glasses", "an old face"]).recipe
    codes = write_faces(engine.domain.faces_from(faces.s, faces.w_plus), engine.domain)
    recipes = {
        "edit": edit,
        "codes": {**edit, "faces": codes},
        "studio": to_recipe(engine, StudioState.first(engine.domain.spec)),
    }
    plain = {name: json.loads(json.dumps(recipe)) for name, recipe in recipes.items()}
    return engine, plain, np.zeros((64, 64, 3), np.uint8)


def read_study(dice: random.Random, folder: Path, state: Path, mild: bool) -> None:
    """A study file or its answers, changed or spoilt as bytes or through SQL."""
    from deltaedit_kit.labs.study.answers import read_csv
    from deltaedit_kit.labs.study.store import StudyStore

    if dice.random() < 0.3:
        text = (state.parent / "answers.csv").read_text(encoding="utf-8")
        text = change_text(dice, text) if mild else spoil_text(dice, text)
        read_csv(write(folder, "case.csv", encode(dice, text)))
        return
    case = folder / "case.sqlite"
    for old in folder.glob("case.sqlite*"):
        old.unlink()
    shutil.copy(state, case)
    if mild:
        _change_study(dice, case)
    elif dice.random() < 0.5:
        case.write_bytes(spoil_bytes(dice, case.read_bytes()))
    else:
        _spoil_tables(dice, case)
    store = StudyStore(case)
    who = store.join("a-code-of-mine")
    ask = store.next_question(who)
    if ask is not None:
        store.answer(ask, "left", seconds=2.0)
    store.answers()


def _change_study(dice: random.Random, path: Path) -> None:
    """What a person does who has opened the file with SQLite's own program."""
    with contextlib.closing(sqlite3.connect(path)) as file:
        done = (
            *("VACUUM", "REINDEX", "ANALYZE", "PRAGMA journal_mode = WAL"),
            *("PRAGMA user_version = 7", "PRAGMA auto_vacuum = FULL", "CREATE TABLE note (text)"),
            *("DELETE FROM answer WHERE rowid = 1", "UPDATE answer SET seconds = seconds * 2"),
            *("CREATE INDEX i ON answer (choice)", "UPDATE item SET sentence = 'another'"),
        )
        file.execute(dice.choice(done))
        file.commit()


def _spoil_tables(dice: random.Random, path: Path) -> None:
    with (
        contextlib.closing(sqlite3.connect(path)) as file,
        contextlib.suppress(sqlite3.Error, UnicodeError),
    ):
        tables = [
            row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        table = dice.choice(tables)
        columns = [row[1] for row in file.execute(f"PRAGMA table_info({table})")]
        value = dice.choice(
            [v for v in VALUES if isinstance(v, str | float | None) or v in (0, 1, -1)]
        )
        match dice.randrange(5):
            case 0:
                file.execute(f"DROP TABLE {table}")
            case 1:
                file.execute(f"DELETE FROM {table}")
            case 2:
                file.execute(
                    "CREATE TRIGGER t BEFORE INSERT ON answer BEGIN SELECT RAISE(IGNORE); END"
                )
            case _:
                file.execute(f"UPDATE {table} SET {dice.choice(columns)} = ?", (value,))
        file.commit()


def prepare_study(folder: Path) -> Path:
    """A study with four answers."""
    from deltaedit_kit.labs.study.answers import write_csv
    from deltaedit_kit.labs.study.creation import create_study
    from deltaedit_kit.labs.study.items import Item

    path = folder / "study.sqlite"
    if not path.exists():
        names = ("before", "first", "second", "intact", "shuffled")
        items = [
            Item(
                sentence=f"sentence {k}", face=f"face {k}", first="one", second="two",
                **{f"{name}_png": b"%d" % k for name in names},
            )
            for k in range(20)
        ]  # fmt: skip
        store = create_study(path, items)
        who = store.join("somebody-1234")
        for _ in range(4):
            if (ask := store.next_question(who)) is not None:
                store.answer(ask, "left", seconds=2.0)
        write_csv(store.answers(), folder / "answers.csv")
    return path


def say_sentence(dice: random.Random, _folder: Path, state: Any, mild: bool) -> None:
    """A sentence as somebody else types it, or words that programs trip over."""
    if mild:
        sentence = dice.choice(SENTENCES)
        for _ in range(dice.randint(1, 3)):
            sentence = change_sentence(dice, sentence)
        state.delta_text(sentence, dice.choice((None, "face", "portrait")))
        return
    parts = [dice.choice(WORDS) for _ in range(dice.randint(1, 4))]
    parts += ["".join(chr(dice.randrange(0x11000)) for _ in range(dice.randint(0, 30)))]
    dice.shuffle(parts)
    state.delta_text(" ".join(parts), dice.choice((None, None, "face", dice.choice(WORDS))))


def type_command(dice: random.Random, folder: Path, state: Path, mild: bool) -> None:
    """A command with options and values, sensible or at random."""
    from deltaedit_kit.labs.cli.main import main
    from deltaedit_kit.support.errors import DeltaEditError

    words = _sensible(dice, state) if mild else _random_words(dice, folder, state)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), contextlib.chdir(folder):
        try:
            code = main(words)
        except SystemExit as left:  # --help
            code = left.code
    if code:
        line = err.getvalue()
        if code != 2 or line.count("\n") != 1:
            raise AssertionError(f"exit code {code} with {line.count(chr(10))} lines: {line[:200]}")
        raise DeltaEditError(line)


def _sensible(dice: random.Random, state: Path) -> list[str]:
    """A command that people type, its options in another order, at times one word replaced."""
    network = str(
        state / f"{dice.choice(('generator', 'mapper', 'relevance', 'clip'))}.safetensors"
    )
    command, *parts = dice.choice(
        (
            ("edit", "face with smile", f"--domain={state}", "--faces=1", "--out=case.png"),
            ("edit", "an old face", f"--domain={state}", "--faces=1", "--strength=0.5"),
            ("sample", f"--domain={state}", "--faces=2", f"--seed={dice.randrange(99)}"),
            ("inspect", network),
            ("convert", network, "--out=converted.safetensors"),
            ("download", str(state), "--dry-run"),
            ("codes", str(state), "--samples=2", "--out=codes"),
            ("verify", str(state), "--json"),
            ("new-domain", f"mine{dice.randrange(99)}", "--renderer"),
            # With the CLIP that it takes by itself it would need most of a case's memory.
            (
                "new-domain",
                f"given{dice.randrange(99)}",
                f"--generator={network}",
                f"--clip={state / 'clip.safetensors'}",
                "--neutral=cat",
            ),
        )
    )
    dice.shuffle(parts)
    if dice.random() < 0.3:
        parts.append(dice.choice(WORDS))
    return [command, *parts]


def _random_words(dice: random.Random, folder: Path, state: Path) -> list[str]:
    """A command, then options and values that need not fit it."""
    commands = ("edit", "sample", "download", "inspect", "convert", "codes", "train", "evaluate",
             "x", "verify", "new-domain", "build", "relevance", "course")  # fmt: skip
    options = (
        *("--domain", "--faces", "--seed", "--truncation", "--strength", "--threshold", "--out"),
        *("--photo", "--face", "--refine", "--no-align", "--neutral", "--samples", "--dry-run"),
        *("--steps", "--batch", "--device", "--help", "--", "--only", "--methods", "-x"),
    )
    values = (*WORDS, str(state), str(folder / "case.png"), "toyfaces", "cpu", "cuda", "2", "0.5")
    words = [dice.choice(commands)]
    for _ in range(dice.randint(0, 5)):
        words.append(dice.choice(options if dice.random() < 0.5 else values))
    if words[0] in ("edit", "sample") and "--domain" not in words:
        words[1:1] = ["--domain", str(state)]
    if words[0] in ("edit", "sample", "inspect", "convert", "codes", "download", "x"):
        return words + ["--dry-run"] * (words[0] == "download")
    words.append("--of-nothing")  # never the network, hours, or files outside the folder
    return words
