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
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.lib.format import open_memmap
from torch import Tensor, nn

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
from recipes.toyfaces.renders import to_bytes, to_float

RUN = Path("runs/toyfaces/identity")
CHUNK = 20  # people drawn between two notes of progress


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
    save_every: int = 100  # steps


class People(NamedTuple):
    """Faces [people * portraits, 3, 64, 64] as bytes and who is on them [people, 9]."""

    faces: np.ndarray
    who: Tensor


def people(config: Config, folder: Path) -> People:
    """The training set, drawn now as far as `folder` lacks it."""
    folder.mkdir(parents=True, exist_ok=True)
    path, note = folder / "faces.npy", folder / "drawn.txt"
    shape = (config.people * config.portraits, 3, 64, 64)
    done = int(note.read_text()) if note.exists() and path.exists() else 0
    fresh = {"dtype": np.uint8, "shape": shape} if done == 0 else {}
    faces = open_memmap(path, mode="w+" if done == 0 else "r+", **fresh)
    columns = [index(name) for name in PERSON]
    factors = [portraits_of(person, config.portraits) for person in range(config.people)]
    for first in range(done, config.people, CHUNK):
        some = torch.cat(factors[first : first + CHUNK])
        rows = slice(first * config.portraits, first * config.portraits + len(some))
        faces[rows] = to_bytes(face_of(render(some))).numpy()
        note.write_text(str(first + CHUNK))
    return People(faces, torch.stack([f[0, columns] for f in factors]))


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


def train(config: Config, device: str, out: Path, run: Path = RUN) -> float:
    """Train or go on training, write `out` in float16, return the seconds that it took."""
    data = people(config, run)
    torch.manual_seed(config.seed)
    learner = Learner().to(device)
    optimizer = torch.optim.AdamW(learner.parameters(), lr=config.lr, weight_decay=0.02)
    step, seconds, path = 0, 0.0, run / "state.pt"
    if path.exists():
        state = torch.load(path, map_location=device, weights_only=True)
        learner.load_state_dict(state["learner"])
        optimizer.load_state_dict(state["optimizer"])
        step, seconds = state["step"], state["seconds"]
    clock, damage = time.perf_counter(), Damage()
    while step < config.steps:
        rate = min(1, (step + 1) / config.warm_up)
        rate *= 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * step / config.steps))
        for group in optimizer.param_groups:
            group["lr"] = config.lr * rate
        seeded = torch.Generator().manual_seed(config.seed * 1_000_003 + step)
        rows = torch.randint(len(data.faces), (config.batch,), generator=seeded).sort().values
        faces = augment(to_float(data.faces[rows.numpy()]).to(device), damage, seeded)
        person = rows // config.portraits
        margin = config.margin * min(1, 3 * step / config.steps)
        with computing(device, gradients=True):
            cosines = learner(faces, data.who.to(device))
        loss = arcface_loss(cosines.float(), person.to(device), config.scale, margin)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        step += 1
        if step % config.save_every == 0 or step == config.steps:
            seconds, clock = seconds + time.perf_counter() - clock, time.perf_counter()
            state = {"learner": learner.state_dict(), "optimizer": optimizer.state_dict()}
            torch.save({**state, "step": step, "seconds": seconds}, path.with_suffix(".part"))
            path.with_suffix(".part").replace(path)
            halves = {
                name: value.half() if value.is_floating_point() else value
                for name, value in learner.network.state_dict().items()
            }
            save_tensors(out, halves, {"format": "toyfaces-identity", "domain": "toyfaces"})
            print(
                f"step {step}/{config.steps}  loss {loss.item():.3f}  {seconds:.0f} s", flush=True
            )
    return seconds


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=FILE)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    print(f"trained in {train(Config(), options.device, options.out):.0f} s")


if __name__ == "__main__":
    main()
