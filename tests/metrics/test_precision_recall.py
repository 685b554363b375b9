"""Precision and recall: equal sets, sets far apart, a generator that draws only one kind."""

from __future__ import annotations

import pytest
import torch

from deltaedit_kit.labs.metrics.precision_recall import precision_recall
from deltaedit_kit.support.errors import DeltaEditError


def features(n: int, seed: int) -> torch.Tensor:
    return torch.randn(n, 4, generator=torch.Generator().manual_seed(seed))


def test_a_set_covers_itself_and_none_far_away() -> None:
    one = features(50, 0)
    assert precision_recall(one, one) == (1.0, 1.0)
    assert precision_recall(one, one + 100) == (0.0, 0.0)


def test_one_kind_alone_has_precision_and_half_the_recall() -> None:
    kinds = torch.cat([features(200, 1), features(200, 2) + 50])
    precision, recall = precision_recall(kinds, features(200, 3))
    assert precision > 0.8
    assert 0.4 < recall <= 0.5


def test_balls_are_those_of_the_definition() -> None:
    real, made = features(12, 4), features(9, 5)
    inside = 0
    for point in made:
        balls = [sorted((c - o).norm() for o in real)[3] for c in real]
        inside += any((point - c).norm() <= ball for c, ball in zip(real, balls, strict=True))
    assert precision_recall(real, made)[0] == pytest.approx(inside / 9)


def test_what_is_not_comparable_is_refused() -> None:
    with pytest.raises(DeltaEditError, match="shapes"):
        precision_recall(features(5, 0), torch.zeros(5, 3))
    with pytest.raises(DeltaEditError, match="give 4 or more"):
        precision_recall(features(3, 0), features(9, 0))
    with pytest.raises(DeltaEditError, match="NaN"):  # it compares as far from everything
        precision_recall(features(9, 0), features(9, 0) * torch.nan)
