"""Cases of captions, prompts, recipes, studies, sentences and command lines.

As in folders.py, a function prepares what is good and another one spoils and reads it.
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
from benchmarks.fuzz.mild import change_text, change_tree, spell

MILD = 0.5  # the share of cases that are changed a little, not spoilt
CSV = "text,asks,split\nface with glasses,glasses,test\nan old face,old,tune\na smile,,test\n"
CAPTIONS = "image,caption\na.png,a face with glasses\nb.png,an old face\n"


def read_caption_file(dice: random.Random, folder: Path, _: None) -> None:
    """CSV, JSON or JSON lines of captions."""
    from deltaedit_kit.labs.delta_space.clouds.reading import read_captions

    rows = [{"image": "a.png", "caption": "a face"}, {"image": "b.png", "caption": ["x", "y"]}]
    if dice.random() < 0.5:
        text = change_text(dice, CAPTIONS) if dice.random() < MILD else spoil_text(dice, CAPTIONS)
        path = write(folder, "captions.csv", encode(dice, text))
    elif dice.random() < 0.5:
        text = json.dumps(spoil_tree(dice, rows))
        path = write(folder, "captions.json", encode(dice, text))
    else:
        lines = "\n".join(json.dumps(spoil_tree(dice, row)) for row in rows)
        path = write(folder, "captions.jsonl", encode(dice, lines))
    read_captions(path)


def prepare_nothing(_folder: Path) -> None:
    """A surface that needs nothing; a named function, since a child process is sent it."""


def prepare_captions(folder: Path) -> None:
    """Two small pictures to talk about."""
    from PIL import Image

    for name in ("a.png", "b.png"):
        Image.new("RGB", (32, 32)).save(folder / name)


def read_prompt_file(dice: random.Random, folder: Path, _: None) -> None:
    """A file of sentences for a comparison."""
    from deltaedit_kit.labs.compare.prompts import read_prompts

    text = change_text(dice, CSV) if dice.random() < MILD else spoil_text(dice, CSV)
    read_prompts(write(folder, "prompts.csv", encode(dice, text)))


def replay_recipe(dice: random.Random, _folder: Path, state: Any) -> None:
    """A recipe with other values."""
    editor, recipe = state
    if dice.random() < MILD:
        editor.replay(json.loads(spell(dice, change_tree(dice, recipe))))
    else:
        editor.replay(spoil_tree(dice, recipe))


def prepare_recipe(folder: Path) -> Any:
    """An editor, and the recipe of an edit."""
    from deltaedit_kit import Editor

    domain = load_standin(folder)
    editor = Editor(domain)
    recipe = editor.edit(domain.sample(2, 0), ["face with glasses", "an old face"]).recipe
    return editor, json.loads(json.dumps(recipe))


def read_study(dice: random.Random, folder: Path, state: Path) -> None:
    """A study file or its answers, spoilt as bytes or through SQL."""
    from deltaedit_kit.labs.study.answers import read_csv
    from deltaedit_kit.labs.study.store import StudyStore

    if dice.random() < 0.3:
        text = (state.parent / "answers.csv").read_text(encoding="utf-8")
        text = change_text(dice, text) if dice.random() < MILD else spoil_text(dice, text)
        read_csv(write(folder, "case.csv", encode(dice, text)))
        return
    case = folder / "case.sqlite"
    for old in folder.glob("case.sqlite*"):
        old.unlink()
    shutil.copy(state, case)
    if dice.random() < 0.5:
        case.write_bytes(spoil_bytes(dice, case.read_bytes()))
    else:
        _spoil_tables(dice, case)
    store = StudyStore(case)
    who = store.join("a-code-of-mine")
    ask = store.next_question(who)
    if ask is not None:
        store.answer(ask, "left", seconds=2.0)
    store.answers()


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


def say_sentence(dice: random.Random, _folder: Path, state: Any) -> None:
    """Words that programs trip over, and characters at random."""
    parts = [dice.choice(WORDS) for _ in range(dice.randint(1, 4))]
    parts += ["".join(chr(dice.randrange(0x11000)) for _ in range(dice.randint(0, 30)))]
    dice.shuffle(parts)
    state.delta_text(" ".join(parts), dice.choice((None, None, "face", dice.choice(WORDS))))


def type_command(dice: random.Random, folder: Path, state: Path) -> None:
    """A verb with options and values, of a sensible command or at random."""
    from deltaedit_kit.errors import DeltaEditError
    from deltaedit_kit.labs.cli.main import main

    words = _sensible(dice, state) if dice.random() < MILD else _random_words(dice, folder, state)
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
    verb, *parts = dice.choice(
        (
            ("edit", "face with smile", f"--domain={state}", "--faces=1", "--out=case.png"),
            ("edit", "an old face", f"--domain={state}", "--faces=1", "--strength=0.5"),
            ("sample", f"--domain={state}", "--faces=2", f"--seed={dice.randrange(99)}"),
            ("inspect", network),
            ("convert", network, "--out=converted.safetensors"),
            ("download", str(state), "--dry-run"),
        )
    )
    dice.shuffle(parts)
    if dice.random() < 0.3:
        parts.append(dice.choice(WORDS))
    return [verb, *parts]


def _random_words(dice: random.Random, folder: Path, state: Path) -> list[str]:
    """A verb, then options and values that need not fit it."""
    verbs = ("edit", "sample", "download", "inspect", "convert", "codes", "train", "evaluate", "x")
    options = (
        *("--domain", "--faces", "--seed", "--truncation", "--strength", "--threshold", "--out"),
        *("--photo", "--face", "--refine", "--no-align", "--neutral", "--samples", "--dry-run"),
        *("--steps", "--batch", "--device", "--help", "--", "--only", "--methods", "-x"),
    )
    values = (*WORDS, str(state), str(folder / "case.png"), "toyfaces", "cpu", "cuda", "2", "0.5")
    words = [dice.choice(verbs)]
    for _ in range(dice.randint(0, 5)):
        words.append(dice.choice(options if dice.random() < 0.5 else values))
    if words[0] in ("edit", "sample") and "--domain" not in words:
        words[1:1] = ["--domain", str(state)]
    if words[0] in ("download", "evaluate", "train"):  # never the network, never hours
        words += ["--dry-run"] if words[0] == "download" else ["--steps-of-nothing"]
    return words
