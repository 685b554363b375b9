"""Files that would hang, crash or fill the machine: one line for each, in bounded memory and work.

They are read in a process of its own, under limits of the operating system. What is judged is the
outcome: a refusal in one line, or the file read; a process that dies names the file by its absence.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.safety.bombs import BOMBS
from tests.safety.read_under_limits import READERS

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not Path("/proc/self/statm").exists(), reason="limits of memory are set as Linux does it"
    ),
]


def outcomes(readers: str, *files: Path) -> dict[tuple[str, str], str]:
    """What the readers said of each file; one that is missing ended the process."""
    command = [sys.executable, "-m", "tests.safety.read_under_limits", readers, *map(str, files)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"died after {lines[-1:]}: {done.stderr[-600:]}"
    return {(reader, name): words for reader, name, words in lines}


def test_every_bomb_is_one_line(tmp_path: Path) -> None:
    for bomb in BOMBS:
        bomb(tmp_path / bomb.__name__)
    found = outcomes("convert,describe", *(tmp_path / bomb.__name__ for bomb in BOMBS))
    assert len(found) == 2 * len(BOMBS) > 60
    for (reader, name), words in found.items():
        assert len(words) <= 600
        assert "\n" not in words
        if reader == "convert":  # which refuses also what is only odd
            assert words.startswith(str(tmp_path / name)), words


def test_pipes_and_devices_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    found = outcomes(",".join(READERS), tmp_path / "pipe", tmp_path / "link")
    assert len(found) == 2 * len(READERS)
    for words in found.values():
        assert "pipe or a device" in words
