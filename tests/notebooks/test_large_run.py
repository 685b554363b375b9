"""The large run of lesson 08: here with a domain of random numbers, and without a GPU."""

from __future__ import annotations

from pathlib import Path

import pytest

from deltaedit_kit.io.standin import write_standin
from recipes.notebooks import FOLDER, executed
from recipes.rehearsal.lesson import large_run


@pytest.mark.slow
def test_the_large_run_goes_through_on_a_cpu_with_files_of_random_numbers(tmp_path: Path) -> None:
    notebook = executed(large_run(write_standin(tmp_path / "domain")), FOLDER)
    said = "".join(
        output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", ())
    )
    assert "the large run" in said
    assert "left out" not in said
