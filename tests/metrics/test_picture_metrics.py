"""Fréchet distance and PSNR against closed forms and an independent implementation."""

import math

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.labs.metrics.frechet import frechet_distance
from deltaedit_kit.labs.metrics.psnr import psnr


def test_frechet_agrees_with_the_matrix_square_root_of_scipy():
    first = torch.randn(300, 6) @ torch.randn(6, 6)
    second = torch.randn(200, 6) @ torch.randn(6, 6) + 1
    c1, c2 = np.cov(first.T.numpy()), np.cov(second.T.numpy())
    gap = ((first.mean(0) - second.mean(0)) ** 2).sum().item()
    plain = gap + np.trace(c1 + c2 - 2 * np.real(sqrtm(c1 @ c2)))
    assert frechet_distance(first, second) == pytest.approx(plain, rel=1e-4)
    assert frechet_distance(second, first) == pytest.approx(plain, rel=1e-4)


def test_frechet_of_a_shift_is_its_squared_length_and_of_itself_zero():
    cloud = torch.randn(50, 4)
    assert frechet_distance(cloud, cloud) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(cloud, cloud + 2) == pytest.approx(4 * 2**2, rel=1e-5)
    assert frechet_distance(cloud[:, :1], cloud[:, :1] * 1) == pytest.approx(0, abs=1e-9)


def test_psnr_by_hand():
    wanted = torch.zeros(2, 3, 4, 4)
    off = wanted.clone()
    off[0] += 0.2
    off[1, :, :2] += 0.2
    decibels = psnr(off, wanted)
    assert decibels[0].item() == pytest.approx(20)
    assert decibels[1].item() == pytest.approx(20 + 10 * math.log10(2))
    assert psnr(wanted, wanted).isinf().all()


def test_the_gradient_of_psnr_by_hand():
    wanted, pictures = torch.rand(2, 3, 4, 4), torch.rand(2, 3, 4, 4, requires_grad=True)
    psnr(pictures, wanted).sum().backward()
    off = (pictures - wanted).detach()
    by_hand = -20 / math.log(10) * off / off.square().sum((1, 2, 3), keepdim=True)
    torch.testing.assert_close(pictures.grad, by_hand)


def test_refusals():
    with pytest.raises(DeltaEditError, match="shapes"):
        frechet_distance(torch.zeros(3, 2), torch.zeros(3, 3))
    with pytest.raises(DeltaEditError, match="two rows"):
        frechet_distance(torch.zeros(1, 2), torch.zeros(3, 2))
    with pytest.raises(DeltaEditError, match="one size"):
        psnr(torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 8, 8))
    grey = torch.full((1, 3, 4, 4), 128, dtype=torch.uint8)
    with pytest.raises(DeltaEditError, match="give floats"):
        psnr(grey, grey + 1)
