"""Train the identity network: one class a person, ArcFace's margin between the classes.

    loss = -log softmax_y( scale · cos(θ_y + margin),  scale · cos θ_other )

θ_c is the angle between the unit embedding e and the unit centre of class c; the margin asks the
right angle to be smaller by a fixed amount than softmax alone would (arXiv:1801.07698, equation 3).
ArcFace learns a free centre for each class from millions of photographs. Here a class is known by
nine numbers, so that its centre is a smooth function of them, c = unit(MLP(who)), learned along:
with free centres, 1,500 people in eight portraits each left unseen people 92 % apart.

A person is drawn in several portraits: everything in `PERSON` stays, everything else is drawn anew.

    python -m recipes.toyfaces.identity             # resumes by itself after an interruption
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from deltaedit_kit.labs.own_domain.loop import Schedule, descend
from deltaedit_kit.labs.own_domain.world import World, make_world
from deltaedit_kit.labs.progress import Progress
from deltaedit_kit.support.atomic import save_tensors
from deltaedit_kit.support.device import computing
from deltaedit_kit.toyfaces.factors import index
from deltaedit_kit.toyfaces.identity import (
    FILE,
    PERSON,
    WIDTH,
    IdentityNetwork,
    portraits_of,
)
from deltaedit_kit.toyfaces.portraits import face_of
from deltaedit_kit.toyfaces.renderer import render
from recipes.toyfaces.oracle import Config as Damage
from recipes.toyfaces.oracle import augment
from recipes.weights import rounded

RUN = Path("runs/toyfaces/identity")


@dataclass(frozen=True)
class Config:
    """Everything that shapes the shipped network."""

    people: int = 1500
    portraits: int = 8  # of each person
    steps: int = 2000
    batch: int = 48
    lr: float = 1.5e-3
    warm_up: int = 100  # steps until the full rate
    scale: float = 24.0
    margin: float = 0.3  # radians; grows from 0 over the first third
    seed: int = 0


def people(config: Config, folder: Path) -> tuple[World, Tensor]:
    """Faces of all people, drawn now as far as `folder` lacks them; who they are [people, 9]."""
    factors = torch.cat([portraits_of(person, config.portraits) for person in range(config.people)])
    draw = torch.no_grad()(lambda some: face_of(render(some)))
    file, none = folder / "faces.bytes", torch.empty(len(factors), 0)
    world = make_world(draw, factors, none, 0, file, Progress("people"))
    return world, factors[:: config.portraits][:, [index(name) for name in PERSON]]


def arcface_loss(cosines: Tensor, person: Tensor, scale: float, margin: float) -> Tensor:
    """ArcFace's loss from cosines [n, people] to the class centres and the right classes [n]."""
    right = cosines.gather(1, person[:, None]).clamp(-1 + 1e-6, 1 - 1e-6)
    # Past π the cosine would rise again, so that the angle stops there.
    closer = torch.cos((right.acos() + margin).clamp(max=math.pi))
    return F.cross_entropy(scale * cosines.scatter(1, person[:, None], closer), person)


class Learner(nn.Module):
    """The network with what only training needs: who has which class centre."""

    def __init__(self) -> None:
        super().__init__()
        self.network = IdentityNetwork()
        self.centre = nn.Sequential(
            nn.Linear(len(PERSON), 256), nn.LeakyReLU(0.1), nn.Linear(256, WIDTH)
        )

    def forward(self, faces: Tensor, who: Tensor) -> Tensor:
        """Cosines [n, people] of faces [n, 3, 64, 64] to the centres of who [people, 9]."""
        return self.network(faces) @ F.normalize(self.centre(2 * who - 1).float(), dim=1).T


def train(config: Config, device: str, out: Path, run: Path = RUN) -> None:
    """Train or go on training, write `out` in float16."""
    world, who = people(config, run)
    torch.manual_seed(config.seed)
    learner = Learner().to(device)
    damage, progress = Damage(), Progress("identity")

    def loss_at(step: int) -> Tensor:
        seeded = torch.Generator().manual_seed(config.seed * 1_000_003 + step)
        rows = torch.randint(world.rows, (config.batch,), generator=seeded).sort().values
        faces = augment(world.at(rows).to(device), damage, seeded)
        person = rows // config.portraits
        margin = config.margin * min(1, 3 * step / config.steps)
        with computing(device, gradients=True):
            cosines = learner(faces, who.to(device))
        loss = arcface_loss(cosines.float(), person.to(device), config.scale, margin)
        progress.note(loss=loss.item())
        return loss

    schedule = Schedule(config.steps, config.lr, config.warm_up, memory=0)
    adam = [torch.optim.AdamW(learner.parameters(), weight_decay=0.02)]
    state = run / "state.safetensors"
    descend(learner, loss_at, schedule, state, "toyfaces-identity", progress, adam, math.inf)
    note = {"format": "toyfaces-identity", "domain": "toyfaces"}
    save_tensors(out, rounded(learner.network.state_dict()), note)


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=FILE)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    train(Config(), options.device, options.out)


if __name__ == "__main__":
    main()
