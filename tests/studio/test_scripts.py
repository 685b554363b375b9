"""JavaScript and CSS live in files of their own, and the scripts parse as modules."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import deltaedit_kit

KIT = Path(deltaedit_kit.__file__).parent
SCRIPTS = sorted(KIT.rglob("*.js"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_parses_and_uses_no_old_or_unsafe_words(script: Path, tmp_path: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert not re.search(r"\bvar\b|\beval\(|\.innerHTML|document\.write|[^=!]==[^=]", text)
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: the script is not parsed here")
    module = tmp_path / "module.mjs"  # anywidget loads modules; node tells them by their ending
    module.write_text(text, encoding="utf-8")
    checked = subprocess.run([node, "--check", module], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr


def test_no_script_and_no_style_sheet_hides_in_a_python_string() -> None:
    hidden = re.compile(r"export default \{|addEventListener\(|\{ *display: *(grid|flex)")
    found = [file for file in KIT.rglob("*.py") if hidden.search(file.read_text("utf-8"))]
    assert found == []
    assert len(SCRIPTS) >= 4
