"""Fréchet distance between two clouds of feature vectors: do the pictures look alike as a set?

Idea: describe each cloud by its mean μ and covariance C as if it were normal; the distance between
two normals has a closed form:

    d² = |μ₁ - μ₂|² + tr(C₁ + C₂ - 2 (C₁^½ C₂ C₁^½)^½)

The number depends on the features and on how many pictures there are, so it only means something
beside the same distance between two disjoint sets of real pictures.

Citation: Heusel et al., arXiv:1706.08500, equation 6; Dowson & Landau 1982 for the formula.
"""

from __future__ import annotations

import torch
from torch import Tensor

from deltaedit_kit.errors import DeltaEditError


def frechet_distance(first: Tensor, second: Tensor) -> float:
    """d² between clouds [n, E] and [m, E]; 0 for equal means and covariances.

    Raises DeltaEditError for other shapes, differing widths or fewer than two rows.
    """
    if first.dim() != 2 or second.dim() != 2 or first.shape[1] != second.shape[1]:
        shapes = f"{tuple(first.shape)} and {tuple(second.shape)}"
        raise DeltaEditError(f"features have shapes {shapes}; give [n, E] and [m, E]")
    if min(len(first), len(second)) < 2:
        raise DeltaEditError("a cloud of features needs at least two rows")
    first, second = first.double(), second.double()
    gap = (first.mean(0) - second.mean(0)).square().sum()
    c1, c2 = torch.atleast_2d(torch.cov(first.T)), torch.atleast_2d(torch.cov(second.T))
    root = _root(c1)
    # The product is symmetric only up to rounding; its eigenvalues are those of C₁ C₂.
    shared = torch.linalg.eigvalsh(root @ c2 @ root).clamp(min=0).sqrt().sum()
    return float((gap + c1.trace() + c2.trace() - 2 * shared).clamp(min=0))


def _root(covariance: Tensor) -> Tensor:
    """The symmetric square root of a covariance matrix."""
    values, vectors = torch.linalg.eigh(covariance)
    return (vectors * values.clamp(min=0).sqrt()) @ vectors.T
