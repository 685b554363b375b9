"""StyleGAN2's generator, with access to every step: z -> w -> w+ -> s -> picture.

Idea: a mapping network transforms a normal z into w; each layer k reads its own row of w+ as a
style s_k = A_k w_k + b_k, the scale of its input channels; pictures of growing size add up to the
result:

    z --mapping--> w --expand--> w+ [L rows] --to_style--> s --synthesize--> picture

Layer k (a 3x3 convolution) reads row k of w+; the ToRGB after every even layer k reads row k + 1
and is not part of s. Truncation: w <- mean_w + psi (w - mean_w).

Source: Karras et al. 2020 (arXiv:1912.04958); key layout: rosinality/stylegan2-pytorch.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from deltaedit_kit.stylegan2.layers import StyledConv, ToRGB, mapping_network
from deltaedit_kit.stylegan2.layout import infer_sizes, unwrap
from deltaedit_kit.stylegan2.synthesis import Noise, State, SynthesisLayer
from deltaedit_kit.support.errors import DeltaEditError, check_number, check_tensor


class Generator(nn.Module):
    """StyleGAN2 with `channels[r]` feature channels at resolution r = 4, 8, ... `resolution`.

    z and w have the width `style_dim`. `load_state_dict` takes the rosinality layout (`g_ema`) as
    it is, `from_state_dict` finds the sizes too. Codes and pictures have the parameters' dtype.
    Raises DeltaEditError for sizes that do not fit.
    """

    mean_w: Float[Tensor, " w"] | None

    def __init__(
        self,
        resolution: int,
        channels: Mapping[int, int],
        style_dim: int,
        mapping_layers: int = 8,
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
        self.style = mapping_network(style_dim, mapping_layers)
        self.input = nn.Module()
        self.input.register_parameter("input", nn.Parameter(torch.randn(1, channels[4], 4, 4)))
        self.conv1 = StyledConv(channels[4], channels[4], style_dim)
        self.to_rgb1 = ToRGB(channels[4], style_dim)
        self.convs = nn.ModuleList()
        self.to_rgbs = nn.ModuleList()
        for below, size in pairwise(sizes):
            wide, own = channels[below], channels[size]
            self.convs.append(StyledConv(wide, own, style_dim, upsample=True))
            self.convs.append(StyledConv(own, own, style_dim))
            self.to_rgbs.append(ToRGB(own, style_dim, upsample=True))
        self.noises = nn.Module()
        for index, size in enumerate(sorted([*sizes, *sizes[1:]])):  # 4, 8, 8, 16, 16, ...
            self.noises.register_buffer(f"noise_{index}", torch.randn(1, 1, size, size))
        # Not persistent: the public key layout has no place for it (see `checkpoint`).
        self.register_buffer("mean_w", None, persistent=False)

    @property
    def layers(self) -> tuple[SynthesisLayer, ...]:
        """The synthesis as a list of steps, one a 3x3 convolution."""
        convs = [self.conv1, *(cast(StyledConv, conv) for conv in self.convs)]
        to_rgbs = [self.to_rgb1, *(cast(ToRGB, to_rgb) for to_rgb in self.to_rgbs)]
        return tuple(
            SynthesisLayer(
                index=k,
                conv=conv,
                noise=self.noises.get_buffer(f"noise_{k}"),
                to_rgb=to_rgbs[k // 2] if k % 2 == 0 else None,
            )
            for k, conv in enumerate(convs)
        )

    @property
    def style_widths(self) -> tuple[int, ...]:
        """Widths of the parts of s: the input channels of every 3x3 convolution."""
        return tuple(layer.style_width for layer in self.layers)

    @property
    def latent_rows(self) -> int:
        """L, the rows of w+: 2 log2(resolution) - 2."""
        return len(self.convs) + 2

    def mapping(self, z: Float[Tensor, "n w"], truncation: float = 1.0) -> Float[Tensor, "n w"]:
        """The mapping network, its result pulled toward `mean_w` by `truncation` (1: not at all).

        Raises DeltaEditError for another width or dtype, for a truncation that is not finite, and
        for any without a known `mean_w`.
        """
        truncation = check_number("truncation", truncation)
        self._expect("z", z, (self.style_dim,), f"draw it with torch.randn(n, {self.style_dim})")
        w = self.style(z)
        if truncation == 1.0:
            return w
        if self.mean_w is None:
            raise DeltaEditError(
                f"truncation {truncation} needs the mean of w, which this generator lacks; "
                "call estimate_mean_w() first"
            )
        return self.mean_w + truncation * (w - self.mean_w)

    @torch.no_grad()
    def estimate_mean_w(self, samples: int = 10_000, seed: int = 0) -> Float[Tensor, " w"]:
        """Set `mean_w` to the mean of w over `samples` seeded normals, and return it."""
        bias = self.conv1.activate.bias
        # Drawn on the CPU in float32, so that every device and dtype sees the same z.
        random = torch.Generator().manual_seed(seed)
        z = torch.randn(samples, self.style_dim, generator=random, dtype=torch.float32)
        mean_w = self.style(z.to(bias)).mean(dim=0)
        self.mean_w = mean_w
        return mean_w

    def expand(self, w: Float[Tensor, "n w"]) -> Float[Tensor, "n l w"]:
        """The same row for every layer (a view). Raises DeltaEditError for another width."""
        self._expect("w", w, (self.style_dim,), "a [n, L, W] code is already w+")
        return w[:, None].expand(-1, self.latent_rows, -1)

    def to_style(self, w_plus: Float[Tensor, "n l w"]) -> Float[Tensor, "n s"]:
        """The joined styles of the 3x3 layers. Raises DeltaEditError for another shape."""
        self._expect("w+", w_plus, (self.latent_rows, self.style_dim), "make it with expand(w)")
        return torch.cat([layer.style(w_plus) for layer in self.layers], dim=1)

    def synthesize(
        self,
        s: Float[Tensor, "n s"],
        w_plus: Float[Tensor, "n l w"],
        noise: Noise = "fixed",
        resolution: int | None = None,
    ) -> Float[Tensor, "n 3 h h"]:
        """Pictures, about [-1, 1] but not clamped; only the ToRGB layers read `w_plus`.

        A `resolution` below the full one stops there and returns the picture so far. Raises
        DeltaEditError for codes of other shapes, resolutions and noises that do not exist.
        """
        self._check_codes(s, w_plus)
        return self.synthesize_from(0, *self.start(s.shape[0]), s, w_plus, noise, resolution)

    def synthesize_from(
        self,
        layer: int,
        features: Float[Tensor, "n c g g"],
        image: Float[Tensor, "n 3 g g"] | None,
        s: Float[Tensor, "n s"],
        w_plus: Float[Tensor, "n l w"],
        noise: Noise = "fixed",
        resolution: int | None = None,
    ) -> Float[Tensor, "n 3 h h"]:
        """Go on from the state before layer `layer` (see `state_before`) to the picture.

        s and w+ are whole; only their entries from `layer` on are read. Errors: see `synthesize`.
        """
        self._check_codes(s, w_plus)
        self._check_stop(layer, resolution)
        state = State(features, image)
        styles = s.split(self.style_widths, dim=1)
        for step in self.layers[layer:]:
            if resolution is not None and step.resolution > resolution:
                break
            state = step(state, styles[step.index], w_plus, noise)
        return cast(Tensor, state.image)

    def state_before(
        self, layer: int, s: Float[Tensor, "n s"], w_plus: Float[Tensor, "n l w"]
    ) -> State:
        """What reaches `layer` with fixed noise: `synthesize_from(layer, *state, s, w_plus)`.

        Errors as there.
        """
        self._check_codes(s, w_plus)
        self._check_stop(layer, None)
        styles, state = s.split(self.style_widths, dim=1), self.start(s.shape[0])
        for step in self.layers[:layer]:
            state = step(state, styles[step.index], w_plus, "fixed")
        return state

    def start(self, n: int) -> State:
        """The state before layer 0: the learnt constant, n times, and no picture yet."""
        constant = self.input.get_parameter("input").expand(n, -1, -1, -1)
        # Convolutions are faster on channels_last, and the layout spreads through the layers.
        return State(constant.contiguous(memory_format=torch.channels_last), None)

    def forward(
        self, z: Float[Tensor, "n w"], truncation: float = 1.0, noise: Noise = "fixed"
    ) -> Float[Tensor, "n 3 h h"]:
        """From z to pictures in one call."""
        w_plus = self.expand(self.mapping(z, truncation))
        return self.synthesize(self.to_style(w_plus), w_plus, noise)

    def checkpoint(self) -> dict[str, Tensor]:
        """The state dict plus `latent_avg` (if known): what `from_state_dict` reads, flat."""
        extra = {} if self.mean_w is None else {"latent_avg": self.mean_w.detach().clone()}
        return {**self.state_dict(), **extra}

    @classmethod
    def from_state_dict(cls, checkpoint: Mapping[str, Any]) -> Generator:
        """A generator with every size read off the keys (rosinality layout, wrapped or flat).

        Raises DeltaEditError for keys or shapes that are no such layout.
        """
        tensors, mean_w = unwrap(checkpoint)
        generator = cls(**infer_sizes(tensors))
        try:
            generator.load_state_dict(tensors)
        except RuntimeError as error:
            raise DeltaEditError(f"{error}; give a complete rosinality-layout file") from None
        generator.mean_w = mean_w
        return generator

    def _expect(self, name: str, value: Tensor, shape: tuple[int, ...], remedy: str) -> None:
        """Raise DeltaEditError unless `value` is [n, *shape], of floats that fit the weights."""
        own = self.conv1.activate.bias.dtype
        double = check_tensor(name, value).dtype == torch.float64 != own
        if double or not value.is_floating_point():
            raise DeltaEditError(
                f"{name} is {value.dtype}, this generator computes in {own}; give {name}.to({own})"
            )
        if value.ndim != len(shape) + 1 or value.shape[1:] != shape:
            raise DeltaEditError(
                f"{name} has the shape {list(value.shape)}, this {self.resolution} px generator "
                f"needs [n, {', '.join(map(str, shape))}]; {remedy}"
            )

    def _check_codes(self, s: Tensor, w_plus: Tensor) -> None:
        self._expect("w+", w_plus, (self.latent_rows, self.style_dim), "make it with expand(w)")
        self._expect("s", s, (sum(self.style_widths),), "make it with to_style(w_plus)")
        if s.shape[0] != w_plus.shape[0]:
            raise DeltaEditError(
                f"{s.shape[0]} rows of s come with {w_plus.shape[0]} of w+; give one w+ for each s"
            )

    def _check_stop(self, layer: int, resolution: int | None) -> None:
        layers = self.layers
        if not 0 <= layer < len(layers):
            raise DeltaEditError(
                f"layer {layer} does not exist; choose one of 0..{len(layers) - 1}"
            )
        sizes = sorted({step.resolution for step in layers[layer:]})
        if resolution is not None and resolution not in sizes:
            raise DeltaEditError(
                f"resolution {resolution} does not follow layer {layer}; choose one of {sizes}"
            )
