"""The terminal commands: pictures where they were asked for, one line and exit code 2 otherwise."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import matplotlib.image
import pytest

from deltaedit_kit.editor import Editor
from deltaedit_kit.io import loading
from deltaedit_kit.labs.cli import main as cli
from deltaedit_kit.labs.cli.steps import step
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.support.pictures import read_recipe
from tests.tiny_domain import tiny_domain


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`load_domain` gives the tiny domain for its name, and the current folder is empty."""
    real = loading.load_domain

    def load(name: str, device: str = "cpu") -> object:
        return tiny_domain() if name == "tiny" else real(name, device)

    monkeypatch.setattr(loading, "load_domain", load, raising=False)
    monkeypatch.chdir(tmp_path)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(arguments)
    out, err = capsys.readouterr()
    return code, out, err


def test_edit_saves_where_asked_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "edit", "an old face", "--domain", "tiny", "--out", "new/old.png")
    assert (code, err) == (0, "")
    assert "saved new/old.png" in out
    for line_start in ("load tiny", "sample 4 faces", "edit with 1 sentence", "draw and save"):
        line = next(line for line in out.splitlines() if line.startswith(line_start))
        assert line.endswith(" s")
    assert "'an old face' may touch" in out
    assert matplotlib.image.imread("new/old.png").shape[2] == 4


def test_without_a_text_the_domain_shows_its_examples(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "edit", "--domain", "tiny", "--faces", "2")
    assert code == 0
    recipe = read_recipe("figures/first_edit.png")
    assert recipe["text"] == ["face with glasses", "a smiling face", "an old face"]
    assert "saved figures/first_edit.png" in out


def test_several_texts_and_every_option_reach_the_edit(capsys: pytest.CaptureFixture[str]) -> None:
    numbers = ["--seed=5", "--faces=3", "--truncation=0.5", "--strength=-0.5", "--threshold=0.01"]
    words = ["an old face", "a smiling face", "--neutral", "a person"]
    code, _, _ = run(capsys, "edit", *words, *numbers, "--domain", "tiny", "--out", "x.png")
    assert code == 0
    recipe = read_recipe("x.png")
    assert recipe["text"] == words[:2]
    assert recipe["neutral"] == "a person"
    assert (recipe["strength"], recipe["threshold"]) == (-0.5, 0.01)
    sample = recipe["faces"]["sample"]
    asked = {"seed": 5, "count": 3, "truncation": 0.5, "rows": [0, 1, 2]}
    assert {key: sample[key] for key in asked} == asked
    assert Editor(tiny_domain()).replay(recipe).after.shape == (2, 3, 3, 64, 64)


def test_the_picture_goes_where_its_kind_belongs(capsys: pytest.CaptureFixture[str]) -> None:
    """A sentence of one's own must not write over the shipped picture."""
    code, out, _ = run(capsys, "edit", "an old face", "--domain", "tiny", "--faces", "1")
    assert code == 0
    assert "saved figures/your_edit.png" in out
    assert not Path("figures/first_edit.png").exists()


def test_a_sentence_that_moves_nothing_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--domain", "tiny", "--faces", "1", "--threshold", "1000")
    _, out, _ = run(capsys, "edit", "an old face", *options)
    assert "may touch 0 of" in out
    assert "lower --threshold (now 1000), or say more" in out


def test_sample_saves_faces(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "sample", "--domain", "tiny", "--faces", "10", "--out", "s.jpg")
    assert (code, err) == (0, "")
    assert Path("s.jpg").stat().st_size > 5000
    assert "saved s.jpg" in out


WRONG_IN_ITSELF = [
    (["x", "--strength", "nan"], "strength is nan"),
    (["x", "--threshold", "-1"], "threshold is -1"),
    (["x", "--truncation", "inf"], "truncation is inf"),
    (["x", "--faces", "0"], "--faces is 0"),
    (["x", "--faces", "99999999999"], "from 1 to 256"),
    (["x", "--out", "a.exe"], "cannot write 'a.exe'"),
    (["x", "--out", "/dev/null/a.png"], "cannot write to /dev/null"),
    (["x", "--out", "."], "cannot write '.'"),
    (["x", "--neutral", ""], "empty"),
    (["x", "--photo", "p.png", "--seed", "1"], "leave them out"),
    (["x", "--photo", "p.png", "--no-align", "--face", "1"], "--no-align"),
    ([""], "empty"),
    (["a\0b"], "'a\\x00b'"),
]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        *((["edit", *given], words) for given, words in WRONG_IN_ITSELF),
        ([], "required"),
        (["paint"], "invalid choice: 'paint'"),
        (["edit", "--strength", "lots"], "--strength"),
        (["edit", "--seeds", "1"], "unrecognized arguments: --seeds"),
        (["edit", "x", "--domain", "toyface"], "did you mean 'toyfaces'"),
        (["edit", "x", "--domain", "tiny", "--seed", "-1"], "seed is -1"),
        (["edit", "x", "--domain", "tiny", "--seed", "4294967296"], "seed is 4294967296"),
        (["edit", "smile " * 300, "--domain", "tiny"], "shorten it"),
        (["codes", "tiny", "--photos", "here", "--truncation", "0.5"], "leave them out"),
        (["codes", "tiny", "--photos", "here", "--seed", "0"], "leave them out"),
        (["relevance", "tiny", "--method", "gradient", "--step", "3"], "leave it out"),
        (["codes", "tiny", "--samples", "8", "--out", "/dev/null/codes"], "cannot write"),
        (["evaluate", "tiny", "--out", "/dev/null/table"], "cannot write"),
        (["convert", "in.pt", "/dev/null/out.safetensors"], "cannot write"),
        (["inspect", "~nobody-of-this-name/x.pt"], "~nobody"),
        (["edit", "x", "--domain", "tiny", "--device", "abacus"], "unknown device"),
        (["sample", "--faces", "many"], "--faces"),
    ],
)
def test_errors_are_one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    words: str,
) -> None:
    if arguments[1:] in [given for given, _ in WRONG_IN_ITSELF]:
        monkeypatch.setattr(loading, "load_domain", lambda *_, **__: pytest.fail("loaded"))
    if "--device" in arguments:
        monkeypatch.undo()  # the real loader checks the device
        arguments = [word.replace("tiny", "toyfaces") for word in arguments]
    code, _, err = run(capsys, *arguments)
    assert code == 2
    assert err.startswith("deltaedit: ")
    assert err.count("\n") == 1
    assert words in err


def test_a_step_that_fails_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DeltaEditError), step("bake"):
        raise DeltaEditError("burnt")
    assert capsys.readouterr().out == "bake ... failed\n"


def test_ctrl_c_is_no_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_name: str, device: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(loading, "load_domain", interrupted)
    code, _, err = run(capsys, "sample")
    assert (code, err) == (130, "deltaedit: stopped\n")


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, word in (
        [["--help"], "sample"],
        [["edit", "-h"], "TEXT"],
        [["--version"], "0."],
    ):
        with pytest.raises(SystemExit) as left:
            cli.main(arguments)
        assert left.value.code == 0
        assert word in capsys.readouterr().out


@pytest.mark.slow  # a program starts and loads the shipped domain
@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_shipped_domain_end_to_end_in_a_real_terminal(tmp_path: Path, encoding: str) -> None:
    """An emoji and a byte that is no UTF-8 meet a terminal that can show neither."""
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": str(root)}
    command = [sys.executable, "-m", "deltaedit_kit", "edit", "--faces", "1"]
    shown = subprocess.run(
        [*command, "face with glasses 😀", "--out", "g.png"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
    assert (tmp_path / "g.png").stat().st_size > 10_000
    broken = subprocess.run(
        [*[word.encode() for word in command], b"smile \xff\xfe"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert broken.returncode == 2
    assert broken.stderr.count(b"\n") == 1
    assert b"Traceback" not in broken.stderr


def test_a_reader_that_leaves_early_causes_no_traceback(tmp_path: Path) -> None:
    out = tmp_path / "face.png"
    command = [sys.executable, "-u", "-m", "deltaedit_kit", "sample", "--faces", "1"]
    with subprocess.Popen(
        [*command, "--out", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        complaint = process.stderr.read()
    assert process.returncode == cli.READER_GONE
    assert b"Traceback" not in complaint


def test_an_optional_number_leaves_the_sentence_alone() -> None:
    def read(*words: str):
        return cli.make_parser().parse_args(cli.spell_out(["edit", "--photo", "me.jpg", *words]))

    assert read("--refine", "face with glasses").text == ["face with glasses"]
    assert read("--refine", "face with glasses").refine is True
    assert read("--refine", "50", "an old face").refine == 50
    assert read("an old face", "--refine").refine is True
    assert read("an old face").refine == 0
    assert read("--", "--refine", "an old face").text == ["--refine", "an old face"]


def test_home_is_expanded_in_paths(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run(capsys, "sample", "--domain", "tiny", "--faces", "1", "--out", "~/me.png")[0] == 0
    assert (tmp_path / "me.png").is_file()
    code, _, err = run(capsys, "edit", "x", "--photo=~/nobody.png")
    assert (code, str(tmp_path) in err) == (2, True)


def test_a_disk_that_fills_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("deltaedit_kit.support.pictures.save_figure", full)
    code, _, err = run(capsys, "sample", "--domain", "tiny", "--faces", "1")
    assert (code, err.count("\n")) == (2, 1)
    assert "No space left" in err


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "not enough memory; take fewer"),
        (RuntimeError("can't allocate memory: you tried to allocate 7 bytes. (12)"), "7 bytes"),
        (RuntimeError("CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has"), "2.50 GiB"),
    ],
)
def test_memory_that_ends_is_one_line(
    error: Exception,
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_memory(_name: str, device: str) -> None:
        raise error

    monkeypatch.setattr(loading, "load_domain", no_memory)
    code, _, err = run(capsys, "sample")
    assert (code, err.count("\n"), words in err) == (2, 1, True)


def test_a_bug_of_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(_name: str, device: str) -> None:
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr(loading, "load_domain", wrong)
    with pytest.raises(RuntimeError, match="shapes"):
        cli.main(["sample"])


def test_compiling_asks_for_a_compiler_first(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    code, _, err = run(capsys, "train", "tiny", "--compile")
    assert (code, "compiler" in err) == (2, True)


@pytest.mark.slow
def test_the_package_runs_whatever_MPLBACKEND_says(tmp_path: Path) -> None:
    """A program, so that matplotlib is loaded anew."""
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "MPLBACKEND": "nonsense", "PYTHONPATH": root}
    done = subprocess.run(
        [sys.executable, "-m", "deltaedit_kit", "sample", "--faces", "1", "--out", "f.png"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "f.png").is_file()
