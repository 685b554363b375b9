"""All runs of a comparison, one after the other, in a folder that remembers what is done.

    comparison.json   what the numbers belong to: domain, faces, strengths, weights
    runs/             one run each: method × setting × sentence;   index.json names the latest
    tuning/           the runs that "best" was chosen from;   best.json: the choice
    table.csv, summary.csv    written by `results` at the end, and after every interruption

Methods and sentences may be added later. With other weights the runs that depend on them are
computed again; faces, strengths and feature networks may not change in a folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from pydantic import TypeAdapter
from tqdm import tqdm

from deltaedit_kit.labs.compare import presets
from deltaedit_kit.labs.compare.baselines import METHODS, make, method_class
from deltaedit_kit.labs.compare.evaluator import Evaluator, attributes_of
from deltaedit_kit.labs.compare.files import (
    CLAIM,
    UNEDITED,
    Claim,
    read_json,
    record,
    save_moments,
    unedited_file,
    write_json,
)
from deltaedit_kit.labs.compare.prompts import Prompt, checked, of_split
from deltaedit_kit.labs.compare.results import Results
from deltaedit_kit.labs.compare.runs import (
    SHOWN,
    Run,
    compute_run,
    load,
    save_sheet,
    store,
)
from deltaedit_kit.support.atomic import check_path
from deltaedit_kit.support.device import kit_defaults, name_precision
from deltaedit_kit.support.errors import (
    HIGHEST_SEED,
    DeltaEditError,
    check_number,
    check_whole_number,
)

if TYPE_CHECKING:
    from deltaedit_kit.domain import Domain
    from deltaedit_kit.domain.faces import Faces
    from deltaedit_kit.labs.compare.baselines.method import Method
    from deltaedit_kit.labs.metrics.frechet import Moments

# Added to the run's seed: faces to tune on, and those that the Fréchet distance compares with.
TUNING_SEED, REFERENCE_SEED = 1, 2
TUNING_SENTENCES = 4
REFERENCE_BATCH = 50
DRAWS = ("generator", "clip")  # what every method needs
MEASURES = ("oracle", "identity")
Choices = TypeAdapter(dict[str, presets.Best])  # method -> its best setting
MOST_FACES = 10_000  # their pictures are all in memory at once


@dataclass(frozen=True)
class Plan:
    """What to compare; the defaults are the full table of toyfaces."""

    methods: tuple[str, ...] = METHODS
    settings: tuple[str, ...] = ("short", "best")
    faces: int = 100
    slow_faces: int = 100  # of them, for methods that optimise every picture
    tuning_faces: int = 12
    strengths: tuple[float, ...] = (0.5, 1.0, 1.5)
    features: tuple[str, ...] = ("clip",)
    reference_faces: int = 1000  # unedited ones that the Fréchet distance compares with
    seed: int = 700_000
    fast: bool = True  # draw as fast as this machine can: `device.choose_dtype`
    quick: bool = False

    def __post_init__(self) -> None:
        check_whole_number("faces", self.faces, 2, MOST_FACES)
        check_whole_number("slow_faces", self.slow_faces, 2)
        check_whole_number("tuning_faces", self.tuning_faces, 1, MOST_FACES)
        check_whole_number("reference_faces", self.reference_faces, 4)
        check_whole_number("seed", self.seed, 0, HIGHEST_SEED - REFERENCE_SEED)
        if not self.methods or not self.settings or not self.strengths:
            raise DeltaEditError("methods, settings and strengths each need at least one entry")
        for method in self.methods:
            method_class(method)  # refuses unknown names
        for name in self.settings:
            presets.check_name(name)
        for strength in self.strengths:
            check_number("a strength", strength)
        if 1.0 not in self.strengths:
            raise DeltaEditError("strengths must contain 1, the method's own")


class Comparison:
    """A plan at work in a folder: `run()` computes what is missing."""

    @kit_defaults()
    def __init__(
        self, domain: Domain, plan: Plan, prompts: Sequence[Prompt], folder: str | Path
    ) -> None:
        """Check everything that can be checked before hours of work.

        Raises DeltaEditError for an empty list, texts that CLIP cannot read, attributes that do
        not exist, no sentences to tune on, and a folder that holds another comparison.
        """
        self.domain, self.plan, self.folder = domain, plan, check_path(folder)
        self.prompts = checked(prompts)
        self.precision = name_precision(domain.device, plan.fast)
        for prompt in self.prompts:
            attributes_of(prompt, domain)
            domain.clip.tokens([prompt.text])
        if not of_split(self.prompts, "test"):
            raise DeltaEditError("no sentence has split = test; the table needs some")
        if "best" in plan.settings and not of_split(self.prompts, "tune"):
            raise DeltaEditError(
                "no sentence has split = tune; give some, or leave the setting 'best' out"
            )
        self._check_claim()

    @kit_defaults()
    def run(self, progress: bool = True) -> None:
        """Compute the runs that are not there yet, tuning first; write the tables.

        Raises DeltaEditError for feature networks that cannot be had, and where the folder cannot
        be written to; runs that are done are kept.
        """
        try:
            self._run(progress)
        except BrokenPipeError:  # of the terminal, not of the folder
            raise
        except OSError as cause:
            raise DeltaEditError(
                f"cannot write to {self.folder}: {cause}; make room or give another folder; runs "
                "that are done are kept"
            ) from cause

    def _run(self, progress: bool) -> None:
        faces = self.domain.sample(self.plan.faces, seed=self.plan.seed)
        evaluator = Evaluator(self.domain, faces, self.plan.features)
        # Only now, when nothing more can be refused: a run that failed must not keep the folder.
        self._check_claim()
        write_json(self.folder / CLAIM, self._claim(), Claim)
        save_sheet(faces.images[None, :SHOWN], self.folder / "before.png")
        self._make_reference(evaluator)
        chosen = self._tuned(progress) if "best" in self.plan.settings else {}
        jobs = self._jobs(chosen)
        for (name, setting, prompt), settings in tqdm(
            jobs.items(), desc="comparison", unit="run", disable=not progress
        ):
            method, count = make(name, self.domain, **settings), self.plan.faces
            if method.per_picture:
                count = min(count, self.plan.slow_faces)
            # The best setting has its strength already; curves belong to the others.
            strengths = (1.0,) if setting == "best" else self.plan.strengths
            some = faces.select(range(count))
            run = self._computed(method, prompt, some, evaluator, strengths, self.folder / "runs")
            record(self.folder, (name, setting, prompt.text), run.key)
        Results(self.folder).write()

    def _jobs(
        self, chosen: dict[str, presets.Best]
    ) -> dict[tuple[str, str, Prompt], dict[str, Any]]:
        """(method, setting's name in the table, sentence) -> settings, sentence by sentence.

        So an interrupted comparison has all methods for some sentences. A method without a short
        form has one entry.
        """
        jobs = {}
        for prompt in of_split(self.prompts, "test"):
            for method in self.plan.methods:
                for name in self.plan.settings:
                    settings = presets.settings_of(method, name, self.domain, self.plan.quick)
                    label = presets.label_of(method, name, self.domain, self.plan.quick)
                    if name == "best":
                        settings |= chosen[method].settings
                    jobs[method, label, prompt] = settings
        return jobs

    def _computed(
        self,
        method: Method,
        prompt: Prompt,
        faces: Faces,
        evaluator: Evaluator,
        strengths: tuple[float, ...],
        folder: Path,
    ) -> Run:
        """The run of these in `folder`, computed if it is not there."""
        origin = self._origin(method.networks)
        settings = asdict(method.settings)
        known = load(folder, Run(method.name, settings, prompt, len(faces), strengths, origin).key)
        if known is not None:
            return known
        run = compute_run(method, prompt, faces, evaluator, strengths, self.plan.fast, origin)
        store(run, folder)
        return run

    @torch.no_grad()
    def _make_reference(self, evaluator: Evaluator) -> None:
        """Store what FIDs compare with, if it is not there: moments of unedited faces.

        A distance of edited faces means nothing alone. So those of the run's own faces before any
        edit are kept as well: their distance is what a method that changes nothing would get.
        """
        path = unedited_file(self.folder, self._origin())
        if path.exists():
            return
        domain, plan, generator = self.domain, self.plan, self.domain.generator
        w = domain.sample_w(
            plan.reference_faces, plan.seed + REFERENCE_SEED, domain.spec.truncation
        )
        whole: dict[str, Moments] = {}
        for part in w.split(REFERENCE_BATCH):
            w_plus = generator.expand(part)
            found = evaluator.moments(domain.draw(generator.to_style(w_plus), w_plus))
            whole = {name: whole[name] + m if name in whole else m for name, m in found.items()}
        kinds = zip(UNEDITED, (whole, evaluator.moments(evaluator.before)), strict=True)
        save_moments(path, {(kind, name): m for kind, ms in kinds for name, m in ms.items()})

    def _origin(self, networks: Sequence[str] = DRAWS) -> str:
        """The weights, those that measure too, and the faces that a number depends on.

        After a new R only the runs that use it are computed again, after a new oracle all of them.
        """
        weights = self.domain.fingerprint(*networks, "text", "mean_w", *MEASURES)
        return f"{weights}-{self.plan.seed}-{self.precision}"

    def _tuned(self, progress: bool) -> dict[str, presets.Best]:
        """Method -> its best setting; the strength goes into the settings."""
        plan = self.plan
        prompts = of_split(self.prompts, "tune")[:TUNING_SENTENCES]
        faces = self.domain.sample(plan.tuning_faces, seed=plan.seed + TUNING_SEED)
        evaluator = Evaluator(self.domain, faces, ())
        chosen = {}
        for name in tqdm(plan.methods, desc="tuning", unit="method", disable=not progress):
            candidates = []
            for point in method_class(name).grid:
                settings = presets.settings_of(name, "best", self.domain, plan.quick) | dict(point)
                runs = []
                for prompt in prompts:
                    method = make(name, self.domain, **settings)
                    where = plan.strengths, self.folder / "tuning"
                    runs.append(self._computed(method, prompt, faces, evaluator, *where))
                candidates.append((point, runs))
            found = presets.best(candidates)
            own = make(name, self.domain).settings.strength
            settings = found.settings | {"strength": found.strength * own}
            chosen[name] = replace(found, settings=settings)
        path = self.folder / "best.json"
        others = read_json(path, Choices) if path.exists() else {}
        write_json(path, others | chosen, Choices)
        return chosen

    def _claim(self) -> Claim:
        """What all numbers of the folder have in common."""
        plan = self.plan
        return Claim(
            domain=self.domain.spec.name,
            faces=plan.faces,
            seed=plan.seed,
            precision=self.precision,
            strengths=plan.strengths,
            features=plan.features,
            reference_faces=plan.reference_faces,
            origin=self._origin(),
        )

    def _check_claim(self) -> None:
        """Compare with the claim that is there, if one is; other weights are no other claim."""
        path = self.folder / CLAIM
        if not path.exists():
            return
        ours, theirs = self._claim(), read_json(path, Claim)
        fields = [name for name in Claim.model_fields if name != "origin"]
        odd = [name for name in fields if getattr(theirs, name) != getattr(ours, name)]
        if odd:
            raise DeltaEditError(
                f"{self.folder} contains a comparison with different {', '.join(odd)}; give "
                "another folder, or delete this one"
            )
