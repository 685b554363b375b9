"""The studio that the tests of its panel set controls of."""

from __future__ import annotations

from pathlib import Path

import pytest

from deltaedit_kit.labs.studio import Studio
from tests.widgets.studio_fixture import DOMAIN


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(DOMAIN, folder=tmp_path)
