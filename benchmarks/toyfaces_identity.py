"""Does the identity network know people that it never met? Verification, as on faces in the wild.

    python -m benchmarks.toyfaces_identity

Pairs of portraits, of one person or of two, are called same or not by one threshold on
e_1 · e_2, chosen on half of the people and counted on the other half, and the other
way round. "Hard" pairs are of two people who share the colour of skin within a tenth: colour alone
does not tell them apart. What is not the person (hair, glasses, smile, age, pose, ...) is
drawn anew for each portrait.
"""

from __future__ import annotations

import argparse
import platform
import time
from typing import NamedTuple

import torch
from torch import Tensor

from deltaedit_kit.toyfaces.factors import index
from deltaedit_kit.toyfaces.identity import portraits_of, read_identity
from deltaedit_kit.toyfaces.renderer import render

FIRST_PERSON = 100_000  # training used people from 0
SKIN_WITHIN = 0.1


class Pairs(NamedTuple):
    """Cosines of pairs of portraits; the first half of each is of the first half of the people."""

    same: Tensor
    different: Tensor
    hard: Tensor


@torch.no_grad()
def pairs(people: int, portraits: int) -> Pairs:
    """Every pair of one person's portraits; every pair of people, one portrait of each."""
    factors = torch.stack([portraits_of(FIRST_PERSON + p, portraits) for p in range(people)])
    embedded = read_identity()(render(factors.flatten(0, 1))).unflatten(0, (people, portraits))
    within = embedded @ embedded.transpose(1, 2)  # [people, portraits, portraits]
    upper = torch.ones(portraits, portraits).triu(1).bool()
    # Two people meet in pairs (2k, 2k + j): each half of the list holds its own half of the people.
    half, different, hard = people // 2, [], []
    skin = factors[:, 0, index("skin")]
    for some in (slice(0, half), slice(half, people)):
        across = embedded[some, 0] @ embedded[some, 1].T
        alike = (skin[some, None] - skin[None, some]).abs() < SKIN_WITHIN
        two = ~torch.eye(len(across), dtype=torch.bool)
        different.append(across[two])
        hard.append(across[two & alike])
    size = min(len(part) for part in hard)
    return Pairs(
        within[:, upper].flatten(), torch.cat(different), torch.cat([h[:size] for h in hard])
    )


def accuracy(same: Tensor, different: Tensor) -> float:
    """Balanced verification accuracy, the threshold taken from the other half of the people."""
    halves = list(zip(same.chunk(2), different.chunk(2), strict=True))
    right = []
    for this, other in ((0, 1), (1, 0)):
        cuts = torch.cat(halves[other]).sort().values
        reached = _balanced(*halves[other], cuts)
        cut = cuts[reached == reached.max()].median()
        right.append(_balanced(*halves[this], cut[None]))
    return float(torch.cat(right).mean())


def _balanced(same: Tensor, different: Tensor, cuts: Tensor) -> Tensor:
    """Mean of both rates at each threshold [c]."""
    kept = torch.stack([(same > cut).float().mean() for cut in cuts])
    refused = torch.stack([(different <= cut).float().mean() for cut in cuts])
    return (kept + refused) / 2


def main() -> None:
    """Print the accuracies with their numbers of pairs, and the machine."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--portraits", type=int, default=4)
    given = parser.parse_args()
    start = time.perf_counter()
    found = pairs(given.people, given.portraits)
    print(f"{given.people} people that training never saw, {given.portraits} portraits each")
    print(f"cosine, same person       {found.same.mean():+.3f} ± {found.same.std():.3f}")
    print(f"cosine, different people  {found.different.mean():+.3f} ± {found.different.std():.3f}")
    for name, different in (("", found.different), (", like skin", found.hard)):
        right = accuracy(found.same, different)
        counts = f"{len(found.same)} same and {len(different)} different pairs"
        print(f"verification{name:11s}  {right:7.2%}   {counts}")
    print(f"{time.perf_counter() - start:.0f} s on {platform.machine()}, torch {torch.__version__}")


if __name__ == "__main__":
    main()
