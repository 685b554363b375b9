"""Twenty browsers write to one study, are killed and come back: every answer is there once."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from deltaedit_kit.labs.study.creation import create_study
from deltaedit_kit.labs.study.design import Design
from deltaedit_kit.labs.study.store import StudyStore
from tests.study.cases import fake_items

WRITERS, KILLS = 20, 20
DESIGN = Design(participants=40, rounds=20, checks=0, questions=("accuracy",))
MEMORY = Path("/dev/shm")


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory where there is some: 800 commits to a slow disk take as long as the disk."""
    made = tempfile.mkdtemp(dir=MEMORY if os.access(MEMORY, os.W_OK) else None)
    yield Path(made)
    shutil.rmtree(made, ignore_errors=True)


def start(study: Path, code: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.study.writer", str(study), code]
    receipts = study.with_name(f"receipts-{code}")
    return subprocess.Popen([*command, str(receipts)], cwd=Path(__file__).parents[2])


@pytest.mark.slow
def test_twenty_writers_killed_and_resumed_lose_and_repeat_nothing(folder: Path) -> None:
    study = folder / "study.sqlite"
    create_study(study, fake_items(20), DESIGN).close()
    waiting = [f"code-{k:02d}" for k in range(DESIGN.participants)]
    running: dict[str, subprocess.Popen[bytes]] = {}
    chance, killed = random.Random(0), 0
    counter = sqlite3.connect(study)
    while waiting or running:
        for code, process in list(running.items()):
            if process.poll() is not None:
                del running[code]
                assert process.returncode in (0, -9), f"writer {code} failed"
                if process.returncode:
                    waiting.append(code)  # comes back later, with its code
        while waiting and len(running) < WRITERS:
            code = waiting.pop(0)
            running[code] = start(study, code)
        # Kill while answers are flowing, spread over the whole study.
        (answered,) = counter.execute("SELECT count(*) FROM answer").fetchone()
        if killed < KILLS and answered >= 800 * killed / KILLS * 0.9 and running:
            running[chance.choice(list(running))].kill()
            killed += 1
        time.sleep(0.05)

    counter.close()
    assert killed == KILLS
    watch = StudyStore(study)
    answers = {(a.participant, a.position, a.question): a.choice for a in watch.answers()}
    assert len(watch.answers()) == len(answers) == 800
    assert watch.progress() == (40, 40)
    receipts = [
        line.split() for file in folder.glob("receipts-*") for line in file.read_text().splitlines()
    ]
    kept = {(int(who), int(row), question): side for who, row, question, side in receipts}
    assert len(kept) == len(receipts)  # nobody was asked twice after an answer was taken
    assert kept.items() <= answers.items()  # nothing that was acknowledged is missing or changed
    assert len(receipts) >= 800 - KILLS  # a kill can fall between a commit and its receipt
    assert Counter(who for who, _, _ in answers) == dict.fromkeys(range(40), 20)
