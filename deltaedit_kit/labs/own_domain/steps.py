"""`deltaedit build DIR`: from a renderer to a domain, step after step, none of them twice.

    renders, oracle, generator, clip, scales, codes, mapper, relevance, settings, card

A step is done when its file is there and its fingerprint is the one written down: a checksum of
what the step depends on, renderer, words, sizes, and the fingerprints of the steps before. So a
changed caption trains CLIP again and all that follows it, but draws no render twice. A mapper or an
R that no build made, but `deltaedit train` or `relevance`, is kept.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from zlib import crc32

from deltaedit_kit.io.published_domain import COMMANDS
from deltaedit_kit.labs.own_domain.clip import make_clip
from deltaedit_kit.labs.own_domain.context import FULL, BuildContext, Sizes
from deltaedit_kit.labs.own_domain.editing import make_mapper, make_r, make_store
from deltaedit_kit.labs.own_domain.evaluation import make_card, make_settings
from deltaedit_kit.labs.own_domain.generator import RAW, make_generator, make_scales
from deltaedit_kit.labs.own_domain.mapping import KNOTS
from deltaedit_kit.labs.own_domain.oracle import make_oracle
from deltaedit_kit.labs.own_domain.project import Project, open_project
from deltaedit_kit.labs.own_domain.sheet import SHEET, make_renders
from deltaedit_kit.support.atomic import check_regular_file, load_tensors, write_text
from deltaedit_kit.support.device import learning
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.support.lock import only_writer

Say = Callable[[str], object]
EVERY = 10.0  # seconds between two lines of progress
ORACLE = "oracle.safetensors"
GENERATOR = ("channels", "last_channels", "style_dim", "generator_schedule", "critic_pictures")
CLIP = ("clip_width", "clip_layers", "embed", "image_schedule", "text_schedule")


@dataclass(frozen=True)
class Step:
    """A step: what it makes, from which steps and sizes, and its share of a full build."""

    name: str
    make: Callable[[BuildContext], str | None]  # what it has to say when it is done
    file: str  # that is there when it is done; "" for a step inside `build/`
    after: tuple[str, ...]
    sizes: tuple[str, ...]
    minutes: float  # of one core, measured on the full size


STEPS = (
    Step("renders", make_renders, f"build/{SHEET}", (), ("renders", "held_out", "style_dim"), 1.0),
    Step("oracle", make_oracle, ORACLE, ("renders",), ("reader_width", "oracle_schedule"), 4.0),
    Step("generator", make_generator, f"build/{RAW}", ("renders",), GENERATOR, 6.0),
    Step("clip", make_clip, "clip.safetensors", ("renders",), CLIP, 6.0),
    Step("scales", make_scales, "generator.safetensors", ("generator", "clip"), (), 0.5),
    Step("codes", make_store, "", ("scales",), ("codes",), 2.0),
    Step("mapper", make_mapper, "mapper.safetensors", ("codes",), ("mapper_steps",), 3.0),
    Step("relevance", make_r, "relevance.safetensors", ("scales",), ("relevance_pictures",), 1.0),
    Step(
        "settings", make_settings, "", ("oracle", "mapper", "relevance"), ("evaluation_faces",), 1.0
    ),
    Step("card", make_card, "card.md", ("settings",), (), 0.3),
)
NAMES = tuple(step.name for step in STEPS)
CRITIC_MINUTES = 80.0  # of one core, for the pictures that the critic of a full build sees


def steps_until(name: str, sizes: Sizes, adversarial: bool) -> tuple[Step, ...]:
    """The steps up to the one of this name; a critic takes its time for the generator."""
    share = sizes.critic_pictures / FULL.critic_pictures
    return tuple(
        replace(step, minutes=CRITIC_MINUTES * share)
        if adversarial and step.name == "generator"
        else step
        for step in STEPS[: NAMES.index(name) + 1]
    )


def fingerprints_of(project: Project, sizes: Sizes, adversarial: bool) -> dict[str, str]:
    """The fingerprint of every step."""
    own = {
        "renders": f"{project.source} {project.factors} {project.spec.resolution}",
        "generator": str(adversarial),
        "clip": project.words,
    }
    fingerprints: dict[str, str] = {}
    for step in STEPS:
        parts = [own.get(step.name, ""), *(repr(getattr(sizes, name)) for name in step.sizes)]
        parts += [fingerprints[name] for name in step.after]
        fingerprints[step.name] = f"{crc32(json.dumps(parts).encode()):08x}"
    return fingerprints


def build(
    folder: str | Path,
    sizes: Sizes = FULL,
    until: str = NAMES[-1],
    adversarial: bool = False,
    device: str = "cpu",
    say: Say = print,
) -> Path:
    """Make what is not made yet, up to the step `until`; the folder. RUNS the folder's renderer.py.

    Stopped or killed, it goes on where it was. Raises DeltaEditError for a project that is none,
    more factors than w has room for, an unknown step, and while another build works in the folder.
    """
    if until not in NAMES:
        raise DeltaEditError(f"there is no step {until[:40]!r}; the steps are {', '.join(NAMES)}")
    project = open_project(folder)
    most = sizes.style_dim // len(KNOTS)
    if len(project.factors) > most and not adversarial:  # told before half an hour of work
        raise DeltaEditError(
            f"{len(project.factors)} factors do not fit into w; declare at most {most}"
        )
    fingerprints = fingerprints_of(project, sizes, adversarial)
    workspace = project.folder / "build"
    with only_writer(workspace, "build"):
        steps = steps_until(until, sizes, adversarial)
        clock = Clock(steps, say)
        for step in steps:
            if _is_done(project.folder, step, fingerprints):
                clock.skip(step, "done already")
                continue
            if _is_of_another_command(project.folder, step):
                clock.skip(step, f"kept {step.file}, which another command made")
                continue
            context = BuildContext(
                project, sizes, fingerprints, step.name, clock.begin(step), device, adversarial
            )
            with learning():
                word = step.make(context)
            done = _done(workspace) | {step.name: fingerprints[step.name]}
            write_text(workspace / "done.json", json.dumps(done, indent=2))
            clock.end(step)
            if word:
                say(f"  {word}")
    return project.folder


def _done(workspace: Path) -> dict[str, str]:
    path = workspace / "done.json"
    try:
        return dict(json.loads(check_regular_file(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, RecursionError):
        return {}


def _is_done(folder: Path, step: Step, fingerprints: dict[str, str]) -> bool:
    if _done(folder / "build").get(step.name) != fingerprints[step.name]:
        return False
    path = folder / step.file
    if path.suffix != ".safetensors":
        return path.exists()
    try:
        return bool(load_tensors(path))
    except DeltaEditError:  # missing or damaged: made again, the same
        return False


def _is_of_another_command(folder: Path, step: Step) -> bool:
    """Whether a file is there that a command of its own can make, and that no build made."""
    by_hand = step.name in COMMANDS and step.name not in _done(folder / "build")
    return by_hand and (folder / step.file).exists()


class Clock:
    """Says how far a build is and how long it will take, from what its steps took so far."""

    def __init__(self, steps: tuple[Step, ...], say: Say) -> None:
        self.left = {step.name: step.minutes for step in steps}
        self.say, self.count, self.spent, self.expected = say, len(steps), 0.0, 0.0
        self.start = self.last = time.monotonic()

    def skip(self, step: Step, why: str) -> None:
        """A step that need not be taken."""
        del self.left[step.name]
        self.say(f"{self._number()} {step.name}: {why}")

    def _number(self) -> str:
        return f"[{self.count - len(self.left)}/{self.count}]"

    def begin(self, step: Step) -> Callable[[int, int], None]:
        """Start a step; what it is to call as it gets on."""
        expected = self.left.pop(step.name)
        self.start = self.last = since = time.monotonic()
        first, before, share = 0, math.inf, 0.0

        def progress(done: int, total: int) -> None:
            nonlocal since, first, before, share
            now = time.monotonic()
            if done < before:  # the first call, or a step that trains twice
                first, since = done, now
            before, share = done, max(share, done / total)
            if now - self.last < EVERY or done == first:
                return
            self.last = now
            rest = (now - since) * (total - done) / (done - first)
            pace = (self.spent + now - self.start) / (self.expected + expected * share)
            whole = rest + pace * sum(self.left.values())
            self.say(
                f"{self._number()} {step.name}: {done}/{total}, {rest / 60:.1f} min left; "
                f"{whole / 60:.1f} min until all is done"
            )

        return progress

    def end(self, step: Step) -> None:
        """A step is done."""
        took = time.monotonic() - self.start
        self.spent, self.expected = self.spent + took, self.expected + step.minutes
        self.say(f"{self._number()} {step.name}: done in {took / 60:.1f} min")
