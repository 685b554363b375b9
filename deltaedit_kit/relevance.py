"""Relevance: which channels of s a sentence may touch.

Idea: move one style channel c of many pictures, and store the direction in which CLIP sees
them move. With μ and σ the mean and standard deviation of the channel and e the unit embedding,

    R_c = unit( mean over pictures of  unit( e(s_c = μ + 5σ) - e(s_c = μ - 5σ) ) )        [S, E]

A sentence with the change Δt (not normalised) may then move channel c only if |R_c · Δt| reaches
a threshold, 0.03 as published; all other channels do not change.

Two ways to make R. "difference" is the definition above: 2·S·pictures drawings, of which a channel
of layer k needs only those from layer k on. "gradient" takes the slope ∂e/∂s_c at the picture in
place of the difference: one backward pass for each of CLIP's E outputs gives it in all channels at
once, many times faster (benchmarks/relevance.py prints how well the two agree). R of toyfaces was
made with "gradient".

Citations: Patashnik et al., StyleCLIP, arXiv:2103.17249, section 6.1; arXiv:2303.06285, eq. 6;
reverse mode: Griewank & Walther, Evaluating Derivatives (2008), section 3.2.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from deltaedit_kit.clip_space import ClipSpace
from deltaedit_kit.support.atomic import load_tensors, save_tensors
from deltaedit_kit.support.device import computing, full_precision, kit_defaults, name_precision
from deltaedit_kit.support.errors import (
    HIGHEST_SEED,
    DeltaEditError,
    check_domain,
    check_number,
    check_tensor,
    check_whole_number,
)
from deltaedit_kit.support.lock import only_writer

if TYPE_CHECKING:
    from deltaedit_kit.domain import Domain
    from deltaedit_kit.stylegan2.synthesis import State

METHODS = ("difference", "gradient")
STEP = 5.0  # standard deviations, as published
BATCH = {"cpu": 32, "cuda": 256}  # pictures of 256 px a pass; fewer of larger ones
FULL_BATCH_UP_TO = 256  # px

Progress = Callable[[int, int], object]  # (done, in all): pictures drawn, or backward passes


def kept_channels(relevance: Tensor, delta_text: Tensor, threshold: float) -> Tensor:
    """The channels that a text may move: bool [S], or [T, S] for several texts.

    `relevance` is R [S, E] with unit rows; `delta_text` [E] or [T, E] is target - neutral, NOT
    normalised: a sentence that says little touches little. Raises DeltaEditError for what
    is no tensor, where the widths differ, and unless the threshold is a finite number >= 0.
    """
    relevance, delta_text = check_tensor("relevance", relevance), check_tensor("Δt", delta_text)
    if relevance.dim() != 2 or delta_text.dim() not in (1, 2):
        shapes = f"{tuple(relevance.shape)} and {tuple(delta_text.shape)}"
        raise DeltaEditError(
            f"relevance and Δt have shapes {shapes}; give [S, E] and [E] or [T, E]"
        )
    if relevance.shape[1] != delta_text.shape[-1]:
        raise DeltaEditError(
            f"relevance knows CLIP vectors of width {relevance.shape[1]}, Δt has width "
            f"{delta_text.shape[-1]}; use the relevance matrix made with this CLIP"
        )
    threshold = check_number("threshold", threshold, low=0.0)  # 0 keeps all
    return (delta_text @ relevance.T).abs() >= threshold


@dataclass(frozen=True)
class Plan:
    """How R is computed: over how many pictures, of which seed, in which way.

    `step` is for the method "difference" alone. `batch` pictures are drawn in one pass (None: what
    should fit), with `fast` in the fastest precision. Raises DeltaEditError for what cannot be.
    """

    pictures: int = 100
    step: float = STEP
    seed: int = 0
    batch: int | None = None
    fast: bool = False
    method: str = METHODS[0]

    def __post_init__(self) -> None:
        check_whole_number("pictures", self.pictures, 1)
        check_whole_number("seed", self.seed, 0, HIGHEST_SEED)
        if self.batch is not None:
            check_whole_number("batch", self.batch, 1)
        if check_number("step", self.step) <= 0:
            raise DeltaEditError(f"step is {self.step:g}; give standard deviations, more than 0")
        if self.method not in METHODS:
            raise DeltaEditError(
                f"no method is called {self.method[:40]!r}; use one of {', '.join(METHODS)}"
            )
        if self.method != METHODS[0] and self.step != STEP:
            raise DeltaEditError(f"a step belongs to the method {METHODS[0]}; leave it out")

    def size(self, domain: Domain) -> int:
        """Pictures a pass: a quarter for each doubling of their side."""
        if self.batch is not None:
            return self.batch
        shrink = max(domain.spec.resolution // FULL_BATCH_UP_TO, 1) ** 2
        pictures = BATCH.get(domain.device.type, BATCH["cpu"]) // shrink
        # A picture with its graph takes several times the memory of a picture alone.
        return max(pictures // 4, 1) if self.method == "gradient" else max(pictures, 4)

    def precision(self, domain: Domain) -> str:
        """What pictures are drawn in: "float32" unless `fast`."""
        return name_precision(domain.device, self.fast, self.method == "gradient")

    def folder(self, domain: Domain) -> str:
        """A name for its finished parts: a matrix never mixes two networks or two plans."""
        way = f"{self.step:g}" if self.method == "difference" else f"gradient-{self.size(domain)}"
        seen = domain.spec.relevance_preprocessing or domain.spec.preprocessing
        numbers = f"{self.pictures}-{way}-{self.seed}-{seen}-{self.precision(domain)}"
        return f"relevance-{domain.fingerprint()}-{numbers}"


def make_relevance(
    domain: Domain, out: Path, plan: Plan | None = None, progress: Progress | None = None
) -> Path:
    """Compute R into the file `out`, going on from what a stopped run left in `domain.folder`.

    Raises DeltaEditError as `compute_relevance`, where a disk is full, and while another process
    does the same.
    """
    plan = plan or Plan()
    parts = domain.folder / plan.folder(domain)
    header = {"domain": domain.spec.name, "networks": domain.fingerprint(), "method": plan.method}
    header |= {"pictures": str(plan.pictures), "precision": plan.precision(domain)}
    header |= {"step": f"{plan.step:g}"} if plan.method == "difference" else {}
    with only_writer(parts, "parts"):
        try:
            matrix = compute_relevance(domain, plan, parts, progress)
            save_tensors(out, {"relevance": matrix}, header)
            shutil.rmtree(parts, ignore_errors=True)
        except OSError as cause:
            raise DeltaEditError(
                f"cannot write R to {out}: {cause}; make room, or give another file, and run this "
                "again: finished parts are kept"
            ) from cause
        finally:  # what has no part yet leaves no folder either
            if not any(parts.glob("*.safetensors")):
                shutil.rmtree(parts, ignore_errors=True)
    return out


@kit_defaults()
@torch.inference_mode()
def compute_relevance(
    domain: Domain,
    plan: Plan | None = None,
    parts: Path | None = None,
    progress: Progress | None = None,
) -> Tensor:
    """R [S, E], float32, unit rows, on the domain's device.

    Each part (a layer, or with "gradient" a batch of pictures) is kept in the folder `parts`,
    where there is one, and not computed again. Raises DeltaEditError where CLIP sees NaN, and
    OSError for a folder that cannot be written to.
    """
    plan = plan or Plan()
    probe = Probe(check_domain(domain), plan, progress)
    with full_precision(domain.device):
        w_plus = domain.generator.expand(domain.sample_w(plan.pictures, plan.seed))  # [n, L, W]
        s = domain.generator.to_style(w_plus)  # [n, S]
        if plan.method == "difference":
            return torch.cat(
                [
                    probe.keep(parts, layer, lambda k=layer: probe.difference(k, s, w_plus))
                    for layer in range(len(domain.layout.widths))
                ]
            )
        size = probe.size
        sums = [
            probe.keep(parts, k, lambda k=k: probe.slope(s[k : k + size], w_plus[k : k + size]))
            for k in range(0, plan.pictures, size)
        ]
        return F.normalize(torch.stack(sums).sum(0), dim=1)


@dataclass(frozen=True)
class ChannelStatistics:
    """What "±step σ from its mean" refers to: mean and std of every channel of s, both [S]."""

    mean: Tensor
    std: Tensor

    @classmethod
    @kit_defaults()
    @torch.inference_mode()
    def of(cls, domain: Domain, samples: int = 10_000, seed: int = 1) -> ChannelStatistics:
        """Statistics over `samples` codes at truncation 1; no picture is drawn."""
        generator = domain.generator
        w = domain.sample_w(samples, seed)
        s = torch.cat([generator.to_style(generator.expand(part)) for part in w.split(512)])
        return cls(s.mean(0), s.std(0))


class Probe:
    """Moves channels of s and looks through CLIP, which takes pictures as this R asks it to."""

    def __init__(self, domain: Domain, plan: Plan, progress: Progress | None = None) -> None:
        spec, clip = domain.spec, domain.clip
        seen = spec.relevance_preprocessing or spec.preprocessing
        self.domain, self.plan, self.progress = domain, plan, progress
        self.clip = ClipSpace(clip.model, clip.tokenize, seen)
        self.size, self.done = plan.size(domain), 0
        self.total = plan.pictures * clip.width
        if plan.method == "difference":
            self.total = 2 * plan.pictures * domain.layout.total
            self.statistics = ChannelStatistics.of(domain)

    def keep(self, parts: Path | None, number: int, make: Callable[[], Tensor]) -> Tensor:
        """One part, from its file where an earlier run finished it; checked and stored if not."""
        file = None if parts is None else parts / f"part-{number:04d}.safetensors"
        if file is not None and file.exists():
            with suppress(DeltaEditError):  # damaged: it is made again
                rows = load_tensors(file)[0].get("rows")
                if rows is not None and self._can_be_part(rows, number):
                    self._count(self._cost(number))
                    return rows.to(self.domain.device)
        rows = make()
        if not bool(rows.isfinite().all()):
            raise DeltaEditError(
                f"part {number} of R holds NaN, for pictures of {self.domain.spec.name!r} do; "
                "compute it without `fast`, or with a smaller step"
            )
        if file is not None:
            save_tensors(file, {"rows": rows})
        return rows

    def _can_be_part(self, rows: Tensor, number: int) -> bool:
        """Whether a kept part has the shape of this one and rows of lengths that it can have."""
        layout, single = self.domain.layout, self.plan.method == "difference"
        width = layout.widths[number] if single else layout.total
        if rows.shape != (width, self.clip.width) or not rows.is_floating_point():
            return False
        lengths = rows.norm(dim=1)
        if single:  # unit rows, or zero
            return bool(((lengths - 1).abs().minimum(lengths) < 1e-3).all())  # NaN is neither
        return bool((lengths <= 1.001 * min(self.size, self.plan.pictures - number)).all())

    def difference(self, layer: int, s: Tensor, w_plus: Tensor) -> Tensor:
        """Unit rows [width, E] of R for one layer, from codes s [n, S], w_plus [n, L, W]."""
        channels = range(*self.domain.layout.slices[layer].indices(s.shape[1]))
        size = min(len(s), max(self.size // 2, 1))  # pictures a pass
        group = max(self.size // (2 * size), 1)  # channels a pass
        sums: list[Tensor] = []
        for part in torch.arange(len(s), device="cpu").split(size):
            with self._precision():  # drawn once up to here, shared by all channels of the layer
                state = self.domain.generator.state_before(layer, s[part], w_plus[part])
            changes = [
                self.change(channels[k : k + group], layer, state, s[part], w_plus[part])
                for k in range(0, len(channels), group)
            ]
            sums.append(torch.cat(changes))
        return F.normalize(torch.stack(sums).sum(0), dim=1)

    def change(
        self, channels: Sequence[int], layer: int, state: State, s: Tensor, w_plus: Tensor
    ) -> Tensor:
        """Sum over the pictures of the unit CLIP change of each channel: [channels, E]."""
        copies = 2 * len(channels)  # high and low, channel after channel
        codes = s.repeat(copies, 1, 1)  # [2c, n, S]
        for k, c in enumerate(channels):
            reach = self.plan.step * self.statistics.std[c]
            codes[2 * k, :, c] = self.statistics.mean[c] + reach
            codes[2 * k + 1, :, c] = self.statistics.mean[c] - reach

        def tiled(x: Tensor) -> Tensor:
            return x.repeat(copies, *(1,) * (x.dim() - 1))

        image = None if state.image is None else tiled(state.image)
        features = tiled(state.features).contiguous(memory_format=torch.channels_last)
        with self._precision():
            pictures = self.domain.generator.synthesize_from(
                layer, features, image, codes.flatten(0, 1), tiled(w_plus), "fixed"
            )
        seen = self.clip.encode_images(pictures.float(), drawn=True)
        high, low = seen.view(len(channels), 2, len(s), -1).unbind(1)  # [c, n, E] each
        self._count(len(pictures))
        return F.normalize(high - low, dim=2).sum(1)

    def slope(self, s: Tensor, w_plus: Tensor) -> Tensor:
        """Sum over the pictures of their unit slopes in every channel: [S, E]."""
        return F.normalize(self.jacobian(s, w_plus), dim=1).sum(0).T.contiguous()

    def jacobian(self, s: Tensor, w_plus: Tensor) -> Tensor:
        """∂e/∂s of each picture: float32 [n, E, S] from codes s [n, S] and w_plus [n, L, W].

        A picture depends on its own code alone, so the slopes of a sum over pictures are theirs.
        """
        # Leaves that were made under inference_mode cannot be differentiated: take a copy.
        with torch.inference_mode(False), torch.enable_grad():
            s, w_plus = s.clone().requires_grad_(True), w_plus.clone()
            with self._precision():
                drawn = self.domain.generator.synthesize(s, w_plus, "fixed")
                seen = self.clip.encode_images(drawn.float(), drawn=True)  # [n, E]
            rows = []
            for output in seen.sum(0):  # keeps the graph: all outputs share one forward pass
                rows.append(torch.autograd.grad(output, s, retain_graph=True)[0])
                self._count(len(s))
        return torch.stack(rows, dim=1)

    def _cost(self, number: int) -> int:
        if self.plan.method == "difference":
            return 2 * self.plan.pictures * self.domain.layout.widths[number]
        return self.clip.width * min(self.size, self.plan.pictures - number)

    def _count(self, more: int) -> None:
        self.done += more
        if self.progress:
            self.progress(self.done, self.total)

    def _precision(self) -> AbstractContextManager[object]:
        gradients = self.plan.method == "gradient"
        return computing(self.domain.device, self.plan.fast, gradients)
