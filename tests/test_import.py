"""`import deltaedit_kit` is light: nothing heavy is loaded before a name that needs it is used.

Measured with `python -X importtime -c "import deltaedit_kit"`; a clock would make a test that fails
on a busy machine, so the modules themselves are looked at.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "torch",
    "torchvision",
    "open_clip",
    "timm",
    "umap",
    "numba",
    "sklearn",
    "torchmetrics",
    "matplotlib",
    "ipywidgets",
    "IPython",
)


def modules_after(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter has loaded after `statement`."""
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_the_kit_loads_nothing_heavy():
    loaded = modules_after("import deltaedit_kit")
    assert "deltaedit_kit" in loaded
    assert loaded.isdisjoint(HEAVY)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["load_domain", "Editor"])
def test_public_names_load_only_what_they_need(name: str):
    loaded = modules_after(f"from deltaedit_kit import {name}")
    assert "torch" in loaded
    assert loaded.isdisjoint(set(HEAVY) - {"torch"})


def test_the_terminal_command_answers_help_without_torch():
    loaded = modules_after(
        "import contextlib, io, deltaedit_kit.labs.cli.main\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):\n"
        "    deltaedit_kit.labs.cli.main.main(['--help'])"
    )
    assert loaded.isdisjoint(HEAVY)
