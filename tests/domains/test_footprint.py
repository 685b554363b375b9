"""Memory counted from shapes beside memory that torch held, and beside the rehearsal's."""

from __future__ import annotations

import re
import weakref
from pathlib import Path

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from deltaedit_kit import Editor, load_domain
from deltaedit_kit.io import standin
from deltaedit_kit.io.footprint import PROCESS, Footprint, footprint, published_footprint

ROOT = Path(__file__).parents[2]


class Tracked(TorchDispatchMode):
    """Bytes of all storages that operations inside it return, while they live."""

    def __init__(self) -> None:
        super().__init__()
        self.live: dict[int, int] = {}
        self.peak = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                self.see(leaf.untyped_storage())
        return result

    def see(self, storage: torch.UntypedStorage) -> None:
        key = storage._cdata
        if key not in self.live:
            self.live[key] = storage.nbytes()
            weakref.finalize(storage, self.live.pop, key, None)
            self.peak = max(self.peak, sum(self.live.values()))


@pytest.mark.parametrize(("side", "width"), [(128, 64), (256, 32)])
def test_an_edit_holds_what_is_counted(
    side: int, width: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never more than is counted, at least 55 % of it: a convolution's own work is not seen."""
    monkeypatch.setattr(standin, "RESOLUTION", side)
    monkeypatch.setattr(standin, "CHANNELS", {2**k: width for k in range(2, side.bit_length())})
    domain = load_domain(standin.write_standin(tmp_path / "domain"))
    counted = footprint(domain.generator, domain.clip.model, domain.clip.width)
    faces = domain.sample(1, 0)
    editor = Editor(domain)
    editor.edit(faces, "face with smile")  # the networks are there
    with Tracked() as tracked:
        editor.edit(faces, "face with glasses")
    held = counted.load - PROCESS + tracked.peak
    assert 0.55 * (counted.edit - counted.load) < tracked.peak < counted.edit - counted.load
    assert held < counted.edit - PROCESS


def measured(step: str) -> float:
    """Own memory of a step of the rehearsal at full size, in bytes, as its page tells it."""
    page = (ROOT / "docs" / "published.md").read_text(encoding="utf-8").splitlines()
    head = next(line for line in page if line.startswith("| step |")).split("|")
    row = next(line for line in page if line.startswith(f"| {step}")).split("|")
    return 1e6 * int(re.sub(r"\D", "", row[head.index(" own memory, MB ")]))


def test_the_rehearsal_measured_what_is_counted() -> None:
    faces, cats = published_footprint(1024), published_footprint(256)
    assert faces.edit == pytest.approx(measured("`edit`, one sampled"), rel=0.1)
    assert faces.train == pytest.approx(measured("`train`, ffhq"), rel=0.1)
    assert cats.train == pytest.approx(measured("`train`, lsun-cat"), rel=0.1)
    assert max(faces.edit, faces.train, cats.train) < 6 * 2**30


def test_what_is_too_large_is_said() -> None:
    assert "fits Colab and a T4" in Footprint(1, 2, 3).line()
    assert "fits a T4" in Footprint(1, 2, 14 * 10**9).line()
    assert "too large" in Footprint(1, 2, 16 * 10**9).line()
