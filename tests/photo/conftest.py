"""Portraits with known factors; a picture as the bytes of a file."""

from __future__ import annotations

import io

import pytest
import torch
from PIL import Image

from deltaedit_kit.toyfaces.factors import sample_factors
from deltaedit_kit.toyfaces.renderer import render


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def renders() -> torch.Tensor:
    """Three portraits of factors that no training saw."""
    return render(sample_factors(3, seed=987_001))
