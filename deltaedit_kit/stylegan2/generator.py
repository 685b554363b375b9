"""StyleGAN2's generator, opened at every joint: z -> w -> w+ -> s -> picture.

Idea: a mapping network bends a normal z into w; each layer k reads its own row of w+ as a style
s_k = A_k w_k + b_k, the scale of its input channels; pictures of growing size add up to the result:

    z --mapping--> w --expand--> w+ [L rows] --to_style--> s --synthesize--> picture

Layer k (a 3x3 convolution) reads row k of w+; the ToRGB after every even layer k reads row k + 1
and is not part of s. Truncation: w <- mean_w + psi (w - mean_w).

Source: Karras et al. 2020 (arXiv:1912.04958); key layout: rosinality/stylegan2-pytorch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.stylegan2.layers import EqualLinear, PixelNorm, StyledConv, ToRGB
from deltaedit_kit.stylegan2.layout import sizes_of, unwrap

Noise = Literal["fixed", "random", "none"]


class State(NamedTuple):
    """What reaches a layer: features [n, C, h, h] and the picture so far [n, 3, h, h] or None."""

    features: Tensor
    image: Tensor | None


@dataclass(frozen=True)
class SynthesisLayer:
    """Layer k of the synthesis: its convolution, its noise, and the ToRGB that follows, if any."""

    index: int
    resolution: int
    conv: StyledConv
    noise: Tensor
    to_rgb: ToRGB | None

    def __call__(self, state: State, style: Tensor, w_plus: Tensor, noise: Noise) -> State:
        """One step: state before this layer, style s_k [n, C], w+ [n, L, W] -> state after it."""
        features = self.conv(state.features, style, self.draw(noise, style))
        if self.to_rgb is None:
            return State(features, state.image)
        return State(features, self.to_rgb(features, w_plus[:, self.index + 1], state.image))

    def draw(self, noise: Noise, style: Tensor) -> Tensor | None:
        """The stored noise picture [1, 1, h, h], fresh ones [n, 1, h, h], or None."""
        if noise == "fixed":
            return self.noise
        if noise == "random":
            return torch.randn(
                style.shape[0], *self.noise.shape[1:], device=style.device, dtype=style.dtype
            )
        if noise == "none":
            return None
        raise DeltaEditError(f"noise={noise!r} is unknown; use 'fixed', 'random' or 'none'")


class Generator(nn.Module):
    """StyleGAN2 with `channels[r]` feature channels at resolution r.

    `resolution` is a power of two from 8; `channels` has an entry for 4, 8, ... `resolution`;
    z and w have the width `style_dim`. Raises DeltaEditError for sizes that do not fit.
    `load_state_dict` takes the rosinality layout (`g_ema`) as it is; `from_state_dict` also
    finds the sizes.
    """

    mean_w: Tensor | None

    def __init__(
        self,
        resolution: int,
        channels: Mapping[int, int],
        style_dim: int,
        mapping_layers: int = 8,
        mapping_lr_mul: float = 0.01,
        blur_kernel: tuple[int, ...] = (1, 3, 3, 1),
    ) -> None:
        super().__init__()
        if resolution < 8 or resolution & (resolution - 1):
            raise DeltaEditError(f"resolution {resolution} must be a power of two from 8, as 128")
        sizes = [2**k for k in range(2, resolution.bit_length())]
        missing = [size for size in sizes if size not in channels]
        if missing:
            raise DeltaEditError(f"channels lacks the resolutions {missing}; give all of {sizes}")
        self.resolution = resolution
        self.style_dim = style_dim
        self.style = nn.Sequential(
            PixelNorm(),
            *(
                EqualLinear(style_dim, style_dim, lr_mul=mapping_lr_mul, activate=True)
                for _ in range(mapping_layers)
            ),
        )
        self.input = nn.Module()
        self.input.register_parameter("input", nn.Parameter(torch.randn(1, channels[4], 4, 4)))
        self.conv1 = StyledConv(channels[4], channels[4], style_dim)
        self.to_rgb1 = ToRGB(channels[4], style_dim)
        self.convs = nn.ModuleList()
        self.to_rgbs = nn.ModuleList()
        self.noises = nn.Module()
        self.noises.register_buffer("noise_0", torch.randn(1, 1, 4, 4))
        for below, size in zip(sizes, sizes[1:], strict=False):
            wide, own = channels[below], channels[size]
            self.convs.append(StyledConv(wide, own, style_dim, blur_kernel))
            self.convs.append(StyledConv(own, own, style_dim))
            self.to_rgbs.append(ToRGB(own, style_dim, blur_kernel))
            for index in (len(self.convs) - 1, len(self.convs)):
                self.noises.register_buffer(f"noise_{index}", torch.randn(1, 1, size, size))
        # Not persistent: the public key layout has no place for it (see `checkpoint`).
        self.register_buffer("mean_w", None, persistent=False)

    @property
    def layers(self) -> tuple[SynthesisLayer, ...]:
        """The synthesis as a list of steps, one a 3x3 convolution."""
        steps = []
        for index in range(len(self.convs) + 1):
            conv = self.conv1 if index == 0 else self.convs[index - 1]
            noise = self.noises.get_buffer(f"noise_{index}")
            to_rgb = None
            if index % 2 == 0:
                to_rgb = self.to_rgb1 if index == 0 else self.to_rgbs[index // 2 - 1]
            steps.append(SynthesisLayer(index, noise.shape[-1], conv, noise, to_rgb))  # pyright: ignore[reportArgumentType]
        return tuple(steps)

    @property
    def style_widths(self) -> tuple[int, ...]:
        """Widths of the parts of s: the input channels of every 3x3 convolution."""
        return tuple(layer.conv.conv.fan_in for layer in self.layers)

    @property
    def latent_rows(self) -> int:
        """L, the rows of w+: 2 log2(resolution) - 2."""
        return len(self.convs) + 2

    def mapping(self, z: Tensor, truncation: float = 1.0) -> Tensor:
        """z [n, W] -> w [n, W], pulled toward `mean_w` by `truncation` (1 = not at all)."""
        if z.ndim != 2 or z.shape[1] != self.style_dim:
            raise DeltaEditError(
                f"z has the shape {list(z.shape)}, this generator needs [n, {self.style_dim}]; "
                f"draw it with torch.randn(n, {self.style_dim})"
            )
        w = self.style(z)
        if truncation == 1.0:
            return w
        if self.mean_w is None:
            raise DeltaEditError(
                f"truncation {truncation} needs the mean of w, which this checkpoint lacks; "
                "call estimate_mean_w() first"
            )
        return self.mean_w + truncation * (w - self.mean_w)

    @torch.no_grad()
    def estimate_mean_w(self, samples: int = 10_000, seed: int = 0) -> Tensor:
        """Set and return `mean_w` [W]: the mean of w over `samples` seeded normals."""
        device = self.conv1.activate.bias.device
        generator = torch.Generator().manual_seed(seed)
        z = torch.randn(samples, self.style_dim, generator=generator).to(device)
        self.mean_w = self.style(z.to(self.conv1.activate.bias.dtype)).mean(dim=0)
        return self.mean_w

    def expand(self, w: Tensor) -> Tensor:
        """w [n, W] -> w+ [n, L, W]: the same row for every layer (a view)."""
        if w.ndim != 2 or w.shape[1] != self.style_dim:
            raise DeltaEditError(
                f"w has the shape {list(w.shape)}, this generator needs [n, {self.style_dim}]; "
                "a [n, L, W] code is already w+"
            )
        return w[:, None].expand(-1, self.latent_rows, -1)

    def to_style(self, w_plus: Tensor) -> Tensor:
        """w+ [n, L, W] -> s [n, S]: the joined styles of the 3x3 convolutions."""
        self.check_w_plus(w_plus)
        styles = [layer.conv.conv.modulation(w_plus[:, layer.index]) for layer in self.layers]
        return torch.cat(styles, dim=1)

    def synthesize(
        self, s: Tensor, w_plus: Tensor, noise: Noise = "fixed", resolution: int | None = None
    ) -> Tensor:
        """s [n, S], w+ [n, L, W] (read by ToRGB only) -> pictures [n, 3, H, H], about [-1, 1].

        Not clamped. `resolution` below the full one stops there and returns the picture so far.
        """
        return self.synthesize_from(0, *self.start(s.shape[0]), s, w_plus, noise, resolution)

    def synthesize_from(
        self,
        layer: int,
        features: Tensor,
        image: Tensor | None,
        s: Tensor,
        w_plus: Tensor,
        noise: Noise = "fixed",
        resolution: int | None = None,
    ) -> Tensor:
        """Go on from the state before layer `layer` (see `states`) to the picture.

        features [n, C, h, h], image [n, 3, h, h] or None; s [n, S] and w+ [n, L, W] are whole,
        only their entries from `layer` on are read.
        """
        self.check_codes(s, w_plus)
        self.check_resolution(resolution)
        state = State(features, image)
        styles = s.split(self.style_widths, dim=1)
        for step in self.layers[layer:]:
            if resolution is not None and step.resolution > resolution:
                break
            state = step(state, styles[step.index], w_plus, noise)
        if state.image is None:
            raise DeltaEditError(f"layer {layer} leaves nothing to do; start from a lower layer")
        return state.image

    def states(self, s: Tensor, w_plus: Tensor, noise: Noise = "fixed") -> list[State]:
        """The state before every layer, for `synthesize_from(k, *states[k], s, w_plus)`."""
        self.check_codes(s, w_plus)
        styles = s.split(self.style_widths, dim=1)
        states = [self.start(s.shape[0])]
        for step in self.layers[:-1]:
            states.append(step(states[-1], styles[step.index], w_plus, noise))
        return states

    def start(self, n: int) -> State:
        """The learnt constant, n times, and no picture yet: the state before layer 0."""
        constant = self.input.get_parameter("input").expand(n, -1, -1, -1)
        # Convolutions are faster on channels_last, and the layout spreads through the layers.
        return State(constant.contiguous(memory_format=torch.channels_last), None)

    def forward(self, z: Tensor, truncation: float = 1.0, noise: Noise = "fixed") -> Tensor:
        """z [n, W] -> pictures [n, 3, H, H]."""
        w_plus = self.expand(self.mapping(z, truncation))
        return self.synthesize(self.to_style(w_plus), w_plus, noise)

    def check_w_plus(self, w_plus: Tensor) -> None:
        """Raise DeltaEditError unless w_plus is [n, L, W]."""
        if w_plus.ndim != 3 or w_plus.shape[1:] != (self.latent_rows, self.style_dim):
            raise DeltaEditError(
                f"w+ has the shape {list(w_plus.shape)}, this {self.resolution} px generator needs "
                f"[n, {self.latent_rows}, {self.style_dim}]; make it with expand(w)"
            )

    def check_codes(self, s: Tensor, w_plus: Tensor) -> None:
        """Raise DeltaEditError unless s [n, S] and w_plus [n, L, W] belong together."""
        self.check_w_plus(w_plus)
        total = sum(self.style_widths)
        if s.ndim != 2 or s.shape[1] != total:
            raise DeltaEditError(
                f"s has the shape {list(s.shape)}, this generator needs [n, {total}]; "
                "make it with to_style(w_plus) of the same generator"
            )
        if s.shape[0] != w_plus.shape[0]:
            raise DeltaEditError(
                f"{s.shape[0]} rows of s come with {w_plus.shape[0]} of w+; give one w+ for each s"
            )

    def check_resolution(self, resolution: int | None) -> None:
        """Raise DeltaEditError unless `resolution` is None or one of 4, 8, ... the full one."""
        sizes = [layer.resolution for layer in self.layers if layer.to_rgb is not None]
        if resolution is not None and resolution not in sizes:
            raise DeltaEditError(f"resolution {resolution} is not one of {sizes}; choose from them")

    def checkpoint(self) -> dict[str, Tensor]:
        """The state dict plus `latent_avg` (if known): what `from_state_dict` reads, flat."""
        extra = {} if self.mean_w is None else {"latent_avg": self.mean_w.detach().clone()}
        return {**self.state_dict(), **extra}

    @classmethod
    def from_state_dict(
        cls, checkpoint: Mapping[str, Any], mapping_lr_mul: float = 0.01
    ) -> Generator:
        """A generator with every size read off the keys (rosinality layout, wrapped or flat)."""
        tensors, mean_w = unwrap(checkpoint)
        generator = cls(**sizes_of(tensors), mapping_lr_mul=mapping_lr_mul)
        try:
            generator.load_state_dict(tensors)
        except RuntimeError as error:
            raise DeltaEditError(f"{error}; give a complete rosinality-layout file") from None
        generator.mean_w = mean_w
        return generator
