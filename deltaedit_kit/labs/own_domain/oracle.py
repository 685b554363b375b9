"""Step two: the oracle, which learns to read the factors off augmented renders.

    minimise  E |read(augment(picture)) - f| + 2 (...)^2

Its error on renders that it never saw is what every later number of the card rests on.
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from deltaedit_kit.io.factor_oracle import FORMAT, FactorOracle, FactorReader
from deltaedit_kit.labs.own_domain.augmentation import augment
from deltaedit_kit.labs.own_domain.context import BuildContext
from deltaedit_kit.labs.own_domain.loop import descend
from deltaedit_kit.support.atomic import load_tensors, save_tensors

BATCH, SEED = 32, 1_000_003
REACH = 1  # pixels: where a thing stands may be a factor
GUESS = 0.25  # mean |error| of an oracle that always answers one half
POOR = 0.1  # an error that should make its renderer's author look


def make_oracle(context: BuildContext) -> str:
    """Train, write oracle.safetensors; how well it reads each factor."""
    world, sizes = context.world(), context.sizes
    torch.manual_seed(0)
    reader = FactorReader(context.project.spec.resolution, context.factors, sizes.reader_width)
    reader.to(context.device)

    def loss_at(step: int) -> Tensor:
        seeded = torch.Generator().manual_seed(SEED + step)
        rows = torch.randint(world.rows, (BATCH,), generator=seeded)
        pictures = augment(world.at(rows), seeded, REACH).to(context.device)
        error = reader(pictures) - world.factors[rows].to(context.device)
        return (error.abs() + 2 * error.square()).mean()

    descend(
        reader,
        loss_at,
        sizes.oracle_schedule,
        context.state("oracle"),
        context.fingerprint,
        context.progress,
    )
    save_tensors(context.file("oracle"), reader.state_dict(), {"format": FORMAT, **context.header})
    errors = reading_errors(context)
    said = "mean error of what the oracle reads: "
    said += ", ".join(f"{name} {error:.3f}" for name, error in errors.items())
    if poor := [name for name, error in errors.items() if error > POOR]:
        said += (
            f" (guessing: {GUESS}); look in build/factors.png at how {', '.join(poor)} are drawn"
        )
    return said


def reading_errors(context: BuildContext, augmented: bool = False) -> dict[str, float]:
    """Mean |error| of each factor on unseen renders, as they are or augmented."""
    world, spec = context.world(), context.project.spec
    weights, _ = load_tensors(context.file("oracle"))
    reader = FactorReader.from_state_dict(weights, spec.resolution)
    oracle = FactorOracle(reader, spec.factors, spec.neutral)
    pictures: Float[Tensor, "n 3 R R"] = world.at(world.unseen)
    if augmented:
        pictures = augment(pictures, torch.Generator().manual_seed(0), REACH).clamp(-1, 1)
    errors = (oracle.read(pictures) - world.factors[world.unseen]).abs().mean(0)
    return dict(zip(oracle.factors, errors.tolist(), strict=True))
