"""Relevance: which channels of s a sentence may touch.

Idea: move one style channel c of many pictures, look where CLIP sees them go, and keep the
direction. With μ and σ the mean and standard deviation of the channel and e the unit embedding,

    R_c = unit( mean over pictures of  unit( e(s_c = μ + 5σ) - e(s_c = μ - 5σ) ) )        [S, E]

A sentence with the change Δt (not normalised) may then move channel c only if |R_c · Δt| reaches
a threshold, 0.03 as published; all other channels stay exactly where they are.

The plain loop draws 2·S·pictures whole pictures. A channel of layer k leaves everything before
layer k as it is, so the state before layer k is kept and synthesis starts again from there.

Citations: Patashnik et al., StyleCLIP, arXiv:2103.17249, section 6.1; arXiv:2303.06285, eq. 6.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from deltaedit_kit.errors import DeltaEditError, finite_number, tensor


def kept_channels(relevance: Tensor, delta_text: Tensor, threshold: float) -> Tensor:
    """The channels that a text may move: bool [S], or [T, S] for several texts.

    `relevance` is R [S, E] with unit rows; `delta_text` [E] or [T, E] is target - neutral, NOT
    normalised: a sentence that says little touches little. Raises DeltaEditError for what
    is no tensor, where the widths differ, and unless the threshold is a finite number >= 0.
    """
    relevance, delta_text = tensor("relevance", relevance), tensor("Δt", delta_text)
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
    threshold = finite_number("threshold", threshold, low=0.0)  # 0 keeps all
    return (delta_text @ relevance.T).abs() >= threshold


@dataclass(frozen=True)
class ChannelStatistics:
    """What "±step σ from its mean" refers to: mean and std of every channel of s, both [S]."""

    mean: Tensor
    std: Tensor

    @classmethod
    @torch.inference_mode()
    def of(cls, domain: Any, samples: int = 10_000, seed: int = 1) -> ChannelStatistics:
        """Statistics over `samples` codes at truncation 1; no picture is drawn."""
        generator = domain.generator
        z = torch.randn(
            samples, generator.style_dim, generator=torch.Generator().manual_seed(seed)
        ).to(domain.device)
        s = torch.cat(
            [generator.to_style(generator.expand(generator.mapping(part))) for part in z.split(512)]
        )
        return cls(s.mean(0), s.std(0))


@torch.inference_mode()
def compute_relevance(
    domain: Any,
    pictures: int = 100,
    step: float = 5.0,
    seed: int = 0,
    batch: int = 32,
    fast: bool = False,
    known: Mapping[int, Tensor] | None = None,
    on_layer: Callable[[int, Tensor], object] | None = None,
    progress: Callable[[int], object] | None = None,
) -> Tensor:
    """R [S, E], float32, unit rows, on the domain's device.

    `domain` gives .generator, .clip, .layout and .device; `batch` pictures are drawn in one pass,
    with `fast` in bfloat16. Layers found in `known` are not computed again; `on_layer(k, rows
    [width, E])` is told each new one, so that a caller can store it and resume; `progress(count)`
    counts pictures drawn. Raises DeltaEditError for pictures < 1 and a step not in (0, ∞).
    """
    if pictures < 1 or not 0 < step < float("inf"):
        raise DeltaEditError(f"relevance needs pictures >= 1 and step > 0, got {pictures}, {step}")
    generator = domain.generator
    z = torch.randn(pictures, generator.style_dim, generator=torch.Generator().manual_seed(seed))
    w_plus = generator.expand(generator.mapping(z.to(domain.device)))  # [n, L, W]
    s = generator.to_style(w_plus)  # [n, S]
    probe = Probe(domain, ChannelStatistics.of(domain), step, batch, fast, progress)
    rows = dict(known or {})
    for layer in range(len(domain.layout.widths)):
        if layer not in rows:
            rows[layer] = probe.layer(layer, s, w_plus)
            if on_layer:
                on_layer(layer, rows[layer])
    return torch.cat([rows[layer].to(domain.device) for layer in sorted(rows)])


@dataclass(frozen=True)
class Probe:
    """Moves channels and looks through CLIP; the settings of one computation of R."""

    domain: Any
    statistics: ChannelStatistics
    step: float
    batch: int
    fast: bool
    progress: Callable[[int], object] | None

    def layer(self, layer: int, s: Tensor, w_plus: Tensor) -> Tensor:
        """Unit rows [width, E] of R for one layer, from codes s [n, S], w_plus [n, L, W]."""
        channels = range(*self.domain.layout.slices[layer].indices(s.shape[1]))
        size = min(len(s), max(self.batch // 2, 1))  # pictures a pass
        group = max(self.batch // (2 * size), 1)  # channels a pass
        sums: list[Tensor] = []
        for part in torch.arange(len(s)).split(size):
            state = self._state_before(layer, s[part], w_plus[part])
            moves = [
                self._moves(channels[k : k + group], layer, state, s[part], w_plus[part])
                for k in range(0, len(channels), group)
            ]
            sums.append(torch.cat(moves))
        return F.normalize(torch.stack(sums).sum(0), dim=1)

    def _state_before(self, layer: int, s: Tensor, w_plus: Tensor) -> Any:
        """What reaches `layer`: drawn once, shared by all of its channels."""
        with self._precision():
            return self.domain.generator.state_before(layer, s, w_plus)

    def _moves(
        self, channels: Sequence[int], layer: int, state: Any, s: Tensor, w_plus: Tensor
    ) -> Tensor:
        """Sum over the pictures of the unit CLIP change of each channel: [channels, E]."""
        copies = 2 * len(channels)  # high and low, channel after channel
        codes = s.repeat(copies, 1, 1)  # [2c, n, S]
        for k, c in enumerate(channels):
            reach = self.step * self.statistics.std[c]
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
        seen = self.domain.clip.encode_images(pictures.float())
        high, low = seen.view(len(channels), 2, len(s), -1).unbind(1)  # [c, n, E] each
        if self.progress:
            self.progress(len(pictures))
        return F.normalize(high - low, dim=2).sum(1)

    def _precision(self) -> torch.autocast:
        return torch.autocast(self.domain.device.type, torch.bfloat16, enabled=self.fast)
