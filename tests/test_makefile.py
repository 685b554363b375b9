"""`make edit TEXT=...` hands any sentence over letter by letter: no shell and no make reads it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture
def run_make(tmp_path: Path):
    """Run a target with a stand-in for .venv/bin/python that writes down its arguments."""
    heard = tmp_path / "arguments.json"
    stand_in = tmp_path / "python"
    stand_in.write_text(
        f"#!{sys.executable}\nimport json, sys\n"
        f"json.dump(sys.argv[1:], open({str(heard)!r}, 'w'))\n"
    )
    stand_in.chmod(0o755)

    def run(*arguments: str, **environment: str) -> list[str]:
        # CORE= takes away the set-up, which this test is not about.
        subprocess.run(
            ["make", "edit", f"RUN={stand_in}", "CORE=", *arguments],
            cwd=ROOT,
            env={k: v for k, v in os.environ.items() if k != "TEXT"} | environment,
            check=True,
            capture_output=True,
        )
        return json.loads(heard.read_text())

    return run


def test_without_a_sentence_the_first_edit_is_drawn(run_make):
    assert run_make() == [
        "-m",
        "deltaedit_kit",
        "edit",
        "--out",
        "figures/first_edit.png",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a smiling face with glasses",
        "she said \"hi\" and 'bye'",
        "costs $5, $HOME, $$ and $(shell echo broken)",
        "`id`; exit 1 & echo # no comment",
        "--strength",
        "visage \u00e9l\u00e9gant \u2013 \u9854 \U0001f453",
        "back\\slash %s 100%",
    ],
)
def test_a_sentence_arrives_as_it_was_typed(run_make, text: str):
    from_command_line = run_make(f"TEXT={text}")
    assert from_command_line[-2:] == ["--", text]
    assert run_make(TEXT=text) == from_command_line  # TEXT=... make edit
