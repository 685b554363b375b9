"""The benchmark of domains of one's own: it fails where a project stays below its bounds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from benchmarks import own_domain
from benchmarks.own_domain import Bound, main
from tests.own_domain.conftest import TINY


def test_a_bound_is_of_success_and_of_side_effect() -> None:
    quality = pd.DataFrame({"success": [1.0, 0.8], "side_effect": [0.06, 0.06]})
    assert Bound(0.9, 0.06).kept(quality)
    assert not Bound(0.91, 0.06).kept(quality)
    assert not Bound(0.9, 0.05).kept(quality)


@pytest.mark.slow
def test_projects_are_built_once_measured_and_refused_below_their_bounds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = replace(TINY, renders=100)
    monkeypatch.setattr(own_domain, "PROJECTS", {"house": Bound(0.0), "mushroom": Bound(1.01)})
    for done in (False, True):
        with pytest.raises(SystemExit, match="below its bounds: mushroom"):
            main(["--out", str(tmp_path), "--resolution", "32"], sizes)
        out = capsys.readouterr().out
        assert ("card: done already" in out, "house, 32 px: success" in out) == (done, True)
