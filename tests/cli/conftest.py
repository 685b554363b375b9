"""What tests of `deltaedit new-domain` share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from deltaedit_kit.io.standin import write_standin
from deltaedit_kit.labs.cli import main as cli

NewDomain = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a stand-in, as if they came from somebody."""
    return write_standin(tmp_path_factory.mktemp("theirs"))


@pytest.fixture
def new_domain(capsys: pytest.CaptureFixture[str]) -> NewDomain:
    """Calls the command; returns its exit code, what it printed, and its errors."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        code = cli.main(["new-domain", *map(str, arguments)])
        out, err = capsys.readouterr()
        return code, out, err

    return call
