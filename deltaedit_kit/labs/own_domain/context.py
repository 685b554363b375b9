"""What a step of a build is given: the project, the sizes, and a place for unfinished work.

Full sizes are for 64 px, two cores and less than an hour; the miniature shows every step in a
minute or two, and its pictures and edits are poor.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from deltaedit_kit.labs.own_domain.loop import Schedule
from deltaedit_kit.labs.own_domain.project import Project
from deltaedit_kit.labs.own_domain.world import Progress, World, paired_world


@dataclass(frozen=True)
class Sizes:
    """Everything that decides how long a build takes and how good it gets."""

    renders: int = 6000
    held_out: int = 400  # renders after those, that only reports see
    # oracle
    reader_width: int = 24
    oracle_schedule: Schedule = field(default_factory=lambda: Schedule(1000, 2e-3))
    # generator; layers up to 32 px share a width, so that the mapper's tokens are full
    channels: int = 64
    last_channels: int = 24  # at 64 px and above
    style_dim: int = 64
    generator_schedule: Schedule = field(default_factory=lambda: Schedule(3000, 3e-3))
    critic_pictures: int = 300_000  # with --adversarial, that the critic sees
    # CLIP
    clip_width: int = 128
    clip_layers: int = 3
    embed: int = 64
    image_schedule: Schedule = field(default_factory=lambda: Schedule(800, 1e-3))
    text_schedule: Schedule = field(default_factory=lambda: Schedule(800, 2e-3))
    # mapper and R
    codes: int = 6000
    mapper_steps: int = 2000
    relevance_pictures: int = 32
    # settings and card
    evaluation_faces: int = 32


FULL = Sizes()
MINIATURE = Sizes(
    renders=600,
    held_out=100,
    reader_width=12,
    oracle_schedule=Schedule(400, 3e-3),
    channels=24,
    last_channels=12,
    generator_schedule=Schedule(400, 3e-3),
    critic_pictures=320,
    clip_width=64,
    clip_layers=2,
    embed=32,
    image_schedule=Schedule(100, 2e-3),
    text_schedule=Schedule(100, 4e-3),
    codes=600,
    mapper_steps=200,
    relevance_pictures=8,
    evaluation_faces=8,
)


@dataclass(frozen=True)
class BuildContext:
    """One step at work. `fingerprint` changes whenever anything does that the step depends on."""

    project: Project
    sizes: Sizes
    fingerprints: dict[str, str]  # of every step
    step: str
    progress: Progress
    device: str = "cpu"
    adversarial: bool = False  # the generator is taught by a critic

    @property
    def fingerprint(self) -> str:
        """This step's."""
        return self.fingerprints[self.step]

    @property
    def workspace(self) -> Path:
        """Where unfinished work lies."""
        return self.project.folder / "build"

    @property
    def factors(self) -> int:
        """K."""
        return len(self.project.factors)

    def state(self, name: str) -> Path:
        """A training's checkpoint."""
        return self.workspace / f"{name}.state.safetensors"

    def file(self, network: str) -> Path:
        """Where `load_domain` looks for a network."""
        return self.project.folder / f"{network}.safetensors"

    @property
    def made_by(self) -> str:
        """The command with its switches."""
        sizes = {FULL: "", MINIATURE: " --miniature"}.get(self.sizes, " in sizes of one's own")
        return f"deltaedit build{sizes}{' --adversarial' * self.adversarial}"

    @property
    def header(self) -> dict[str, str]:
        """What every finished file says of itself."""
        return {"domain": self.project.spec.name, "made_by": self.made_by}

    def world(self, progress: Progress = lambda *_: None) -> World:
        """The renders, drawn if they are not there."""
        sizes, folder = self.sizes, self.workspace / f"renders-{self.fingerprints['renders']}"
        file = folder / "pictures.bytes"
        numbers = (self.factors, sizes.renders, sizes.held_out, sizes.style_dim)
        return paired_world(self.project.render, *numbers, file, progress)
