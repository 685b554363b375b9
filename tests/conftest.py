"""What every test may rely on: a fixed seed, no display, and the shipped domain loaded once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
import torch

if TYPE_CHECKING:
    from deltaedit_kit import Domain

os.environ.setdefault("MPLBACKEND", "Agg")  # before matplotlib is first imported: no window


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    """Start every test from the same random state, whatever ran before it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


@pytest.fixture(scope="session")
def toyfaces() -> Domain:
    """The embedded domain with its shipped weights, on the CPU."""
    from deltaedit_kit import load_domain  # the tests of the parts need no weights

    return load_domain("toyfaces", device="cpu")
