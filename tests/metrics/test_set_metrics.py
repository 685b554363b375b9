"""FID and KID: zero on themselves, closed forms, torchmetrics, and what they refuse."""

import math

import pytest
import torch
from torch import nn

from deltaedit_kit.labs.metrics.frechet import (
    Moments,
    frechet_distance,
    frechet_interval,
    frechet_of_moments,
)
from deltaedit_kit.labs.metrics.interval import FewSamples
from deltaedit_kit.labs.metrics.kernel import kernel_distance
from deltaedit_kit.support.errors import DeltaEditError


class Eyes(nn.Module):
    """A tiny feature network for torchmetrics."""

    num_features = 6

    def forward(self, pictures):
        return pictures.float().flatten(1)[:, :6]


def test_fid_of_normals_is_the_closed_form():
    """Diagonal covariances: d² = |μ₁ - μ₂|² + Σ (σ₁ - σ₂)²."""
    mean, sigma = torch.tensor([1.0, -2.0, 0.5]), torch.tensor([1.0, 2.0, 0.5])
    first = torch.randn(200_000, 3)
    second = torch.randn(200_000, 3) * sigma + mean
    wanted = float(mean.square().sum() + (1 - sigma).square().sum())
    assert frechet_distance(first, second) == pytest.approx(wanted, rel=0.01)


def test_fid_and_kid_agree_with_torchmetrics():
    from torchmetrics.image.fid import FrechetInceptionDistance
    from torchmetrics.image.kid import KernelInceptionDistance

    x, y = torch.rand(80, 3, 4, 4), torch.rand(80, 3, 4, 4) ** 2 + 0.1
    fid = FrechetInceptionDistance(feature=Eyes(), normalize=True)
    fid.update(x, real=True)
    fid.update(y, real=False)
    eyes = Eyes()
    assert frechet_distance(eyes(x), eyes(y)) == pytest.approx(float(fid.compute()), rel=1e-3)
    kid = KernelInceptionDistance(feature=Eyes(), subsets=1, subset_size=80, normalize=True)
    kid.update(x, real=True)
    kid.update(y, real=False)
    assert kernel_distance(eyes(x), eyes(y)) == pytest.approx(float(kid.compute()[0]), rel=1e-3)


def test_moments_of_parts_add_up_to_those_of_the_whole():
    features = torch.randn(300, 5) * 3 + 100
    parts = [Moments.of(part) for part in features.split(7)]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    whole = Moments.of(features)
    assert total.n == 300
    torch.testing.assert_close(total.mean, whole.mean)
    torch.testing.assert_close(total.covariance, torch.cov(features.T.double()))
    assert frechet_of_moments(total, whole) <= 1e-3


def test_the_jackknife_interval_holds_the_distance_of_many_pictures():
    reference = Moments.of(torch.randn(20_000, 4))
    truth = 4 * 0.25
    groups = [Moments.of(torch.randn(500, 4) + 0.5) for _ in range(10)]
    found = frechet_interval(groups, reference)
    assert found.low < truth < found.high
    assert found.high - found.low < 0.5
    with pytest.warns(FewSamples, match="from 40 pictures"):
        assert math.isnan(frechet_interval([Moments.of(torch.randn(40, 4))], reference).low)


@pytest.mark.filterwarnings("ignore::deltaedit_kit.labs.metrics.interval.FewSamples")
@pytest.mark.slow
@pytest.mark.parametrize("groups", [3, 10])
def test_the_jackknife_interval_covers_the_truth_also_with_few_groups(groups):
    """With the normal 1.96 instead of Student's number, three groups cover it 76 times of 100."""
    reference, covered = Moments.of(torch.randn(100_000, 4)), 0
    for _ in range(200):
        parts = [Moments.of(torch.randn(200, 4) + 0.5) for _ in range(groups)]
        found = frechet_interval(parts, reference)
        covered += found.low <= 4 * 0.25 <= found.high
    assert covered >= 180


def test_kid_is_zero_on_average_however_few_pictures():
    """Unbiased: the mean over draws of one distribution is zero within its standard error."""
    draws = torch.tensor(
        [kernel_distance(torch.randn(8, 5), torch.randn(8, 5)) for _ in range(400)]
    )
    assert abs(float(draws.mean())) < 3 * float(draws.std()) / math.sqrt(400)
    apart = [kernel_distance(torch.randn(8, 5), torch.randn(8, 5) + 1) for _ in range(50)]
    assert sum(apart) / 50 > 5 * float(draws.std()) / math.sqrt(50)


@pytest.mark.parametrize("distance", [frechet_distance, kernel_distance])
def test_refusals(distance):
    with pytest.raises(DeltaEditError, match="give 2 or more"):
        distance(torch.zeros(1, 3), torch.zeros(5, 3))
    with pytest.raises(DeltaEditError, match="shapes"):
        distance(torch.zeros(5, 3), torch.zeros(5, 4))
    with pytest.raises(DeltaEditError, match="NaN"):
        distance(torch.full((5, 3), math.nan), torch.zeros(5, 3))


def test_constant_pictures_have_a_distance_too():
    assert frechet_distance(torch.ones(9, 3), torch.ones(9, 3)) == 0
    assert frechet_distance(torch.ones(9, 3), torch.zeros(9, 3)) == pytest.approx(3)
    assert kernel_distance(torch.ones(9, 3), torch.ones(9, 3)) == pytest.approx(0)
