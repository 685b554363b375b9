"""The cell that installs the kit, in a kernel that looks like Colab's, with a pip that notes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from recipes.notebooks import EXTRAS, FOLDER, ROOT, bootstrap, prepare

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ADDRESS = PROJECT["urls"]["Repository"]
PIP = """\
import json, sys
with open({heard!r}, "w") as file:
    json.dump(sys.argv[1:], file)
print("ERROR: no such\\nthing", file=sys.stderr)
sys.exit({code})
"""
COLAB = 'import sys, types\nsys.modules["google.colab"] = types.ModuleType("google.colab")\n'


def run_setup(
    folder: Path, before: str = COLAB, kit: str = "", extra: str = "", code: int = 0, **more: str
) -> list[str] | None:
    """Run the cell in `folder` with a stand-in for pip; what pip was asked for, or None."""
    heard, cell = folder / "heard.json", bootstrap(extra=extra)
    (folder / "pip.py").write_text(PIP.format(heard=str(heard), code=code))
    if kit:
        cell = cell.replace(f'"git+{ADDRESS}"', repr(kit))
    done = subprocess.run(
        [sys.executable, "-c", before + cell],
        cwd=folder,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | more,
        capture_output=True,
        text=True,
        check=False,
    )
    assert bool(done.returncode) == bool(code), done.stderr
    return json.loads(heard.read_text()) if heard.exists() else None


def test_nothing_happens_on_a_machine_of_ones_own(tmp_path: Path) -> None:
    assert run_setup(tmp_path, before="") is None


def test_colab_and_kaggle_install_from_the_address_in_pyproject(tmp_path: Path) -> None:
    wanted = ["install", "--quiet", f"deltaedit-kit @ git+{ADDRESS}"]
    assert run_setup(tmp_path) == wanted
    assert run_setup(tmp_path, before="", KAGGLE_KERNEL_RUN_TYPE="Interactive") == wanted


def test_one_setting_names_an_index_a_wheel_or_a_zip(tmp_path: Path) -> None:
    (tmp_path / "kit.zip").touch()
    assert run_setup(tmp_path, kit="deltaedit-kit", extra="photos") == [
        "install",
        "--quiet",
        "deltaedit-kit[photos]",
    ]
    heard = run_setup(tmp_path, kit="kit.zip", extra="photos")
    assert heard is not None
    assert heard[-1] == f"deltaedit-kit[photos] @ file://{tmp_path}/kit.zip"


def test_a_file_that_is_not_there_is_not_looked_for_on_the_index(tmp_path: Path) -> None:
    heard = run_setup(tmp_path, kit="mistyped.whl")
    assert heard is not None
    assert heard[-1] == "mistyped.whl"  # which pip refuses


@pytest.mark.slow
def test_a_failing_install_stops_the_notebook_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "pip.py").write_text(PIP.format(heard=str(tmp_path / "heard.json"), code=1))
    sources = [COLAB, bootstrap(), "print('reached')"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    metadata = {"metadata": {"path": str(tmp_path)}}
    with pytest.raises(CellExecutionError):
        NotebookClient(notebook, resources=metadata).execute()
    (output,) = notebook.cells[1].outputs
    (line,) = output.traceback
    assert "\n" not in line
    assert ADDRESS in line
    assert "no such thing" in line
    assert "run this cell again" in line
    assert not notebook.cells[2].outputs


def test_extras_are_those_of_pyproject() -> None:
    for name, extra in EXTRAS.items():
        assert (FOLDER / f"{name}.ipynb").is_file()
        assert extra in PROJECT["optional-dependencies"]


def test_renewing_the_cell_leaves_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "lesson.ipynb"
    notebook = nbformat.read(FOLDER / "00_quickstart.ipynb", as_version=4)
    notebook.cells[1].source = "import sys\nif 'google.colab' in sys.modules: old()"
    nbformat.write(notebook, path)
    prepare([path], execute=False)
    assert nbformat.read(path, as_version=4).cells[1].source == bootstrap()
    assert nbformat.read(path, as_version=4).cells[2:] == notebook.cells[2:]
