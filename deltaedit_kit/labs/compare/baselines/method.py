"""What every method of text-driven editing is here: a change of codes for a sentence.

    change(faces, sentence)  ->  Δs [n, S], Δw+ [n, L, W]
    after = G(s + strength · Δs,  w+ + strength · Δw+)

s is an affine map of w+, so that a step of length `strength` along Δw+ is the same step along its
Δs: one change serves every strength, and a curve over strength needs no second optimisation.

How long it took is part of the answer: `seconds` has training (once a sentence), preparation (once
a sentence, without training) and edit (for each picture).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from deltaedit_kit import recipe as edit_recipe
from deltaedit_kit.editor import Edit, Editor, check_texts
from deltaedit_kit.support.errors import (
    HIGHEST_SEED,
    DeltaEditError,
    check_number,
    check_whole_number,
)

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
    from torch import Tensor

    from deltaedit_kit.domain import Domain
    from deltaedit_kit.domain.faces import Faces

RECIPE_KIND = "deltaedit-method-recipe"


@dataclass(frozen=True)
class Settings:
    """Hyper-parameters of a method; subclasses add theirs, with the published values."""

    strength: float = 1.0

    def __post_init__(self) -> None:
        for setting in fields(self):
            if setting.type not in ("bool", bool):
                check_number(setting.name, getattr(self, setting.name))
        for name in ("steps", "batch", "codes"):
            check_whole_number(name, getattr(self, name, 1), 1)
        check_whole_number("seed", getattr(self, "seed", 0), 0, HIGHEST_SEED)


def now(device: str) -> float:
    """Seconds of a clock that counts this work, whatever else the machine does.

    On a CPU the time that its processors worked for this process (all threads together), on a GPU
    wall time, read when everything that was asked of it is done.
    """
    if device == "cpu":
        return process_time()
    if device == "cuda":
        torch.cuda.synchronize()
    return perf_counter()


@dataclass
class Seconds:
    """How long one sentence took for all faces, by the clock `now`."""

    device: str = "cpu"
    training: float = 0.0
    preparation: float = 0.0
    edit: float = 0.0

    @contextmanager
    def measure(self, part: str) -> Iterator[None]:
        """Add the time of a `with` block to `part`."""
        start = now(self.device)
        yield
        setattr(self, part, getattr(self, part) + now(self.device) - start)


@dataclass(frozen=True)
class Change:
    """What a sentence does to the codes of n faces, at strength 1."""

    s: Float[Tensor, "n S"]
    w_plus: Float[Tensor, "n L W"] | None  # None: the ToRGB layers stay as they are
    kept: Bool[Tensor, " S"]  # channels of s that may move
    seconds: Seconds = field(default_factory=Seconds)


class Method(Editor, ABC):
    """An editor whose change of codes comes from `_change`; the call is that of `Editor`."""

    name: ClassVar[str]
    settings_type: ClassVar[type[Settings]] = Settings
    networks: ClassVar[tuple[str, ...]] = ("generator", "clip")  # of the domain, that it works with
    # For the comparison (`presets`): what replaces the published settings on a CPU and in a trial
    # run, what tuning tries, and whether every picture costs so much that few are edited.
    short: ClassVar[Mapping[str, Any]] = {}
    quick: ClassVar[Mapping[str, Any]] = {}
    grid: ClassVar[tuple[Mapping[str, Any], ...]] = ({},)
    per_picture: ClassVar[bool] = False

    def __init__(self, domain: Domain, changed: Mapping[str, Any] | None = None) -> None:
        """Take the published settings, some of them `changed`; loads nothing yet.

        Raises DeltaEditError for a setting that the method does not have.
        """
        super().__init__(domain)
        known = [setting.name for setting in fields(self.settings_type)]
        for name in changed or {}:
            if name not in known:
                raise DeltaEditError(
                    f"{self.name} has no setting {str(name)[:40]!r}; it has {', '.join(known)}"
                )
        self.settings = self.settings_type(**{**self.domain_settings(), **(changed or {})})

    def domain_settings(self) -> dict[str, Any]:
        """What the domain sets in the place of published values."""
        return {}

    @abstractmethod
    def _change(self, faces: Faces, text: str, neutral: str, threshold: float) -> Change:
        """The change at strength 1; measures itself in `Change.seconds`.

        `threshold`: the caller's, or the method's own; 0 for a method without one.
        """

    def change(
        self, faces: Faces, text: str, neutral: str | None = None, threshold: float | None = None
    ) -> Change:
        """What the sentence does to these faces at strength 1, and how long that took.

        Raises `DeltaEditError` for faces of another domain, texts that cannot be read or say what
        the neutral word says, and a threshold where the method has none.
        """
        self.domain.check(faces)
        neutral, threshold = self._given(neutral, threshold)
        self.domain.delta_text(text, neutral)  # refuses texts before any work is done
        return self._change(faces, text, neutral, threshold)

    def _given(self, neutral: str | None, threshold: float | None) -> tuple[str, float]:
        """Both, the domain's and the method's own in the place of None."""
        own = getattr(self.settings, "threshold", None)
        if threshold is not None and own is None:
            raise DeltaEditError(f"{self.name} has no threshold; leave it out")
        threshold = check_number("threshold", (own or 0.0) if threshold is None else threshold, 0.0)
        return self.domain.spec.neutral if neutral is None else neutral, threshold

    @torch.no_grad()
    def apply(self, faces: Faces, change: Change, strength: float) -> Float[Tensor, "n 3 H W"]:
        """Pictures of the faces after `strength` times the change."""
        w_plus = faces.w_plus
        if change.w_plus is not None:
            w_plus = w_plus + strength * change.w_plus
        return self.domain.draw(faces.s + strength * change.s, w_plus)

    def edit(
        self,
        faces: Faces,
        text: str | Sequence[str],
        neutral: str | None = None,
        strength: float | None = None,
        threshold: float | None = None,
    ) -> Edit:
        """Edit every face with each text: arguments, result and errors are those of `Editor.edit`.

        strength: None takes the method's own. threshold: only where the method has one.
        """
        usual, texts = self.settings.strength, check_texts(text)
        strength = check_number("strength", usual if strength is None else strength)
        changes = [self.change(faces, one, neutral, threshold) for one in texts]
        after = [self.apply(faces, change, strength) for change in changes]
        neutral, threshold = self._given(neutral, threshold)
        recipe = edit_recipe.write(
            self.domain, faces, text, neutral, strength, threshold, self.networks
        )
        own = {"kind": RECIPE_KIND, "method": self.name, "settings": asdict(self.settings)}
        edit = Edit(
            faces=faces,
            texts=texts,
            after=torch.stack(after),
            delta_s=torch.stack([change.s for change in changes]),
            kept=torch.stack([change.kept for change in changes]),
            recipe=recipe | own,
            domain=self.domain,
        )
        return edit.of_one_text() if isinstance(text, str) else edit

    def replay(self, recipe: dict[str, Any]) -> Edit:
        """Make the edit of this method's recipe again, with the settings that it names.

        Raises `DeltaEditError` for a recipe of another method or domain, or a damaged one.
        """
        if not isinstance(recipe, dict) or recipe.get("kind") != RECIPE_KIND:
            raise DeltaEditError("this is no recipe of a method; give the dict of edit.recipe")
        if recipe.get("method") != self.name:
            raise DeltaEditError(
                f"the recipe is of method {str(recipe.get('method'))[:40]!r}, not of {self.name}"
            )
        wanted = edit_recipe.read({**recipe, "kind": edit_recipe.KIND}, self.domain, self.networks)
        same = type(self)(self.domain, dict(recipe.get("settings") or {}))
        threshold = wanted.threshold if hasattr(same.settings, "threshold") else None
        return same.edit(wanted.faces, wanted.text, wanted.neutral, wanted.strength, threshold)
