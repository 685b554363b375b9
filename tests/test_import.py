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


DOMAIN = "from deltaedit_kit import Editor, load_domain; d = load_domain('toyfaces')"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "spared"),
    [
        ("from deltaedit_kit import load_domain", {*HEAVY} - {"torch"}),
        ("from deltaedit_kit import Editor", {*HEAVY} - {"torch"}),
        (DOMAIN, {"open_clip", "umap", "torchmetrics", "matplotlib"}),
        (
            f"{DOMAIN}; Editor(d).edit(d.sample(1), 'a smiling face')",
            {"open_clip", "torchvision", "timm", "sklearn"},
        ),
        ("import deltaedit_kit.labs.delta_space.projection", {"umap", "numba"}),
    ],
)
def test_nothing_is_loaded_before_it_is_needed(statement: str, spared: set[str]):
    loaded = modules_after(statement)
    assert "torch" in loaded
    assert loaded.isdisjoint(spared)


def test_the_terminal_command_answers_help_without_torch():
    loaded = modules_after(
        "import contextlib, io, deltaedit_kit.labs.cli.main\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):\n"
        "    deltaedit_kit.labs.cli.main.main(['--help'])"
    )
    assert loaded.isdisjoint(HEAVY)
