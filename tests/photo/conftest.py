"""Portraits with known factors."""

from __future__ import annotations

import pytest
import torch

from deltaedit_kit.toyfaces.factors import sample_factors
from deltaedit_kit.toyfaces.renderer import render


@pytest.fixture(scope="module")
def renders() -> torch.Tensor:
    """Three portraits of factors that no training saw."""
    return render(sample_factors(3, seed=987_001))
