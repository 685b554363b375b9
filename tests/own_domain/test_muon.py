"""Muon against the singular value decomposition, and against a least squares problem."""

from __future__ import annotations

import pytest
import torch

from deltaedit_kit.labs.own_domain.muon import Muon, is_matrix, orthogonalize


@pytest.mark.parametrize("shape", [(24, 90), (40, 40), (90, 24)])
def test_orthogonalized_matrix_keeps_its_singular_vectors_and_levels_its_values(
    shape: tuple[int, int],
) -> None:
    u, _, vt = torch.linalg.svd(
        torch.randn(*shape, generator=torch.Generator().manual_seed(0)), full_matrices=False
    )
    values = torch.linspace(0.1, 1.0, min(shape))
    made = orthogonalize(u * values @ vt).float()
    seen = u.T @ made @ vt.T  # diagonal, where the vectors are the same
    assert seen.diagonal().min() > 0.6
    assert seen.diagonal().max() < 1.3
    assert (seen - torch.diag(seen.diagonal())).abs().max() < 0.05  # bfloat16


def test_matrices_are_layers_and_convolutions_but_not_to_rgb() -> None:
    shapes = {(64, 32): True, (1, 64, 32, 3, 3): True, (1, 3, 32, 1, 1): False, (64,): False}
    assert {shape: is_matrix(torch.zeros(shape)) for shape in shapes} == shapes


def test_a_flat_direction_is_learned_as_fast_as_a_steep_one() -> None:
    steepness = torch.tensor([1.0, 0.01]).sqrt()
    wanted = torch.tensor([[1.0, 0.5], [-0.5, 1.0]])
    weight = torch.nn.Parameter(torch.zeros(1, 2, 2, 1, 1))
    optimizer = Muon([weight], pace=1.0)
    for step in range(200):
        optimizer.param_groups[0]["lr"] = 0.1 * (1 - step / 200)
        error = ((weight[0, :, :, 0, 0] - wanted) * steepness).square().sum()
        (weight.grad,) = torch.autograd.grad(error, weight)
        optimizer.step()
    torch.testing.assert_close(weight[0, :, :, 0, 0].detach(), wanted, atol=0.05, rtol=0)


def test_on_a_matrix_it_steps_like_pytorch_s_own() -> None:
    reference = getattr(torch.optim, "Muon", None)
    if reference is None:
        pytest.skip("this torch has no Muon of its own; 2.9 and later do")
    seeded = torch.Generator().manual_seed(0)
    start = torch.randn(24, 60, generator=seeded)
    ours, theirs = (torch.nn.Parameter(start.clone()) for _ in range(2))
    mine = Muon([ours], pace=1.0)
    mine.param_groups[0]["lr"] = 1e-2
    own = reference([theirs], lr=1e-2, weight_decay=0.0, adjust_lr_fn="match_rms_adamw")
    for _ in range(5):
        ours.grad = torch.randn(24, 60, generator=seeded)
        theirs.grad = ours.grad.clone()
        mine.step()
        own.step()
    moved, wanted = ours.detach() - start, theirs.detach() - start
    assert (moved - wanted).norm() < 0.05 * wanted.norm()  # .025: the other iterates in bfloat16
