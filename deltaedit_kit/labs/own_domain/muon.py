"""Muon: momentum whose every direction steps equally far (Jordan et al. 2024).

    m <- β m + (1 - β) g,    W <- W - lr .2 √max(rows, columns) U Vᵀ,    U Σ Vᵀ = the SVD of m

A gradient of a convolution has a few large singular values and many small ones; the small ones are
the details that a generator by regression learns last. U Vᵀ gives all of them the same step. It is
found by five Newton-Schulz iterations, matrix products alone; the factor makes the steps as large
as Adam's (Liu et al. 2025, arXiv:2502.16982). PyTorch's `torch.optim.Muon` takes matrices alone,
and a modulated convolution has five dimensions; on matrices a test holds the two together.

Measured on a generator that Adam had trained to 29.79 dB, with 6,400 pictures more and rates that
fell to .03 of the first: Adam 29.18 dB from a rate of 1e-3, 29.95 from 3e-4; Muon 30.23 dB. On the
mushrooms, from nothing: Adam 30.5 dB after 6,000 steps, Muon 37.9 dB after 3,000.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the odd polynomial that lifts small singular values
ITERATIONS = 5
MOMENTUM = 0.95


def is_matrix(parameter: Tensor) -> bool:
    """Whether `parameter` maps features to features: a linear layer or a convolution, not ToRGB."""
    return parameter.ndim == 2 or (parameter.ndim == 5 and parameter.shape[1] > 3)


def orthogonalize(matrix: Tensor) -> Tensor:
    """About U Vᵀ of `matrix` [rows, columns] = U Σ Vᵀ: singular values between .7 and 1.2."""
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    a, b, c = COEFFICIENTS
    x = (wide / wide.norm().clamp(min=1e-7)).float()
    for _ in range(ITERATIONS):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x if wide is matrix else x.T).to(matrix.dtype)


def muon_and_adam(network: nn.Module, pace: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices that learn, at `pace` times the rate, Adam for what else learns."""
    learning = [x for x in network.parameters() if x.requires_grad]
    others = [x for x in learning if not is_matrix(x)]
    matrices = [x for x in learning if is_matrix(x)]
    return [Muon(matrices, pace), torch.optim.Adam(others, betas=(0.9, 0.99))]


class Muon(torch.optim.Optimizer):
    """Steps for linear layers [o, i] and modulated convolutions [1, o, i, k, k]."""

    def __init__(self, parameters: Iterable[Tensor], pace: float) -> None:
        super().__init__(parameters, {"lr": 1e-3, "pace": pace})

    @torch.no_grad()
    def step(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, closure: Callable[[], float] | None = None
    ) -> None:
        """One step for every parameter that has a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if not state:
                    state["momentum"] = torch.zeros_like(parameter)
                momentum = state["momentum"]
                momentum.lerp_(parameter.grad, 1 - MOMENTUM)
                ahead = parameter.grad.lerp(momentum, MOMENTUM)  # Nesterov
                matrix = ahead[0].flatten(1) if ahead.ndim == 5 else ahead
                step = orthogonalize(matrix) * (0.2 * max(matrix.shape) ** 0.5)
                parameter.add_(step.view_as(parameter), alpha=-group["lr"])
