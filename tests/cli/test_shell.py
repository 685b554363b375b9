"""What the shell hands over: closed and full streams, no current folder, Ctrl-C more than once.

Each case is a program of its own, for Python sets its streams up once. What is printed waits in a
buffer, or does not (`python -u`): two ways to lose an output.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deltaedit_kit.labs.cli.main import READER_GONE, WRONG_INPUT

pytestmark = pytest.mark.skipif(os.name == "nt", reason="written for a POSIX shell")
KIT = f"'{sys.executable}' -m deltaedit_kit"
HELP, VERSION, WRONG = f"{KIT} edit --help", f"{KIT} --version", f"{KIT} edit --nosuch"
AT_ONCE = f"'{sys.executable}' -u -m deltaedit_kit --version"
printing = pytest.mark.parametrize(
    "command", [HELP, VERSION, AT_ONCE], ids=["help", "version", "-u"]
)
full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")


def shell(line: str, folder: Path) -> tuple[int, str, str]:
    """Exit code, output and errors of a line of bash in an empty folder."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    environment.pop("PYTHONUNBUFFERED", None)
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    return done.returncode, done.stdout, done.stderr


@printing
def test_a_closed_output_is_refused(command: str, tmp_path: Path) -> None:
    code, _, err = shell(f"{command} >&-", tmp_path)
    assert (code, err.count("\n")) == (WRONG_INPUT, 1)
    assert "output is closed" in err
    code, out, err = shell(f"{command} >&- 2>&-", tmp_path)
    assert (code, out, err) == (WRONG_INPUT, "", "")


def test_an_error_is_no_output(tmp_path: Path) -> None:
    assert shell(f"{WRONG} 2>&-", tmp_path) == (WRONG_INPUT, "", "")


def test_no_file_gets_the_number_of_a_closed_stream(tmp_path: Path) -> None:
    """It would get what libraries print there."""
    code = "from deltaedit_kit.labs.cli.shell import check_surroundings as c; c()"
    line = f"'{sys.executable}' -c '{code}; print(open(\"x\", \"w\").fileno())' <&- 2>&-"
    exit_code, out, _ = shell(line, tmp_path)
    assert exit_code == 0
    assert int(out) > 2


@full
@printing
def test_a_full_output_is_one_line(command: str, tmp_path: Path) -> None:
    code, _, err = shell(f"{command} >/dev/full", tmp_path)
    assert (code, err.count("\n")) == (WRONG_INPUT, 1)
    assert "No space left" in err


@full
def test_where_no_complaint_fits_the_exit_code_says_it(tmp_path: Path) -> None:
    assert shell(f"{WRONG} 2>/dev/full", tmp_path) == (WRONG_INPUT, "", "")


@printing
def test_a_reader_that_left_is_no_complaint(command: str, tmp_path: Path) -> None:
    line = f"(sleep 0.1; {command}; echo $? >code) | true"
    assert shell(line, tmp_path) == (0, "", "")
    assert int((tmp_path / "code").read_text()) == READER_GONE


def test_a_current_folder_that_was_deleted(tmp_path: Path) -> None:
    code, _, err = shell(f"mkdir gone; cd gone; rmdir ../gone; {WRONG}", tmp_path)
    assert (code, err.count("\n")) == (WRONG_INPUT, 1)
    assert "current folder" in err


STOPPED = """
import os, signal
from deltaedit_kit.labs.cli.shell import stop_at_once, stop_in_order_once
{start}
stop_in_order_once()
try:
    {first}
except KeyboardInterrupt:
    print("put in order", flush=True)
stop_at_once()
os.kill(os.getpid(), signal.SIGINT)
print("went on")
"""


@pytest.mark.parametrize(
    "first", ["os.kill(os.getpid(), signal.SIGINT)", "raise KeyboardInterrupt"]
)
def test_pressed_again_ctrl_c_ends_without_a_traceback(first: str, tmp_path: Path) -> None:
    start = "signal.signal(signal.SIGINT, signal.default_int_handler)"  # tests may run behind "&"
    (tmp_path / "program.py").write_text(STOPPED.format(start=start, first=first))
    code, out, err = shell(f"exec '{sys.executable}' program.py", tmp_path)
    assert (code, out, err) == (-signal.SIGINT, "put in order\n", "")


def test_a_program_that_is_not_to_be_interrupted_is_not(tmp_path: Path) -> None:
    program = STOPPED.format(start="", first="os.kill(os.getpid(), signal.SIGINT)")
    (tmp_path / "program.py").write_text(program)
    line = f"trap '' INT; exec '{sys.executable}' program.py"  # as `nohup` and "&" do
    assert shell(line, tmp_path) == (0, "went on\n", "")
