"""The synthesis network as a list of steps that can be stopped and restarted anywhere.

Idea: a picture is computed in K steps, one for each 3x3 convolution. The state between steps is

    state_k = (features, picture so far),   state_{k+1} = layer_k(state_k, s_k, w+)

so code that changes s only from layer k on (as relevance R does, channel by channel) computes
state_k once and continues from there.

Source: Karras et al. 2020 (arXiv:1912.04958), figures 2 and 7: output skips.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from deltaedit_kit.stylegan2.layers import StyledConv, ToRGB
from deltaedit_kit.support.errors import DeltaEditError

Noise = Literal["fixed", "random"]


class State(NamedTuple):
    """What reaches a layer; before layer 0 there is no picture."""

    features: Float[Tensor, "n c h h"]
    image: Float[Tensor, "n 3 h h"] | None


@dataclass(frozen=True)
class SynthesisLayer:
    """Layer `index`: its convolution, its stored noise, and the ToRGB that follows even layers.

    `resolution` is the size of what it returns.
    """

    index: int
    conv: StyledConv
    noise: Float[Tensor, "1 1 h h"]
    to_rgb: ToRGB | None

    @property
    def resolution(self) -> int:
        """Height and width of the features that this layer makes."""
        return self.noise.shape[-1]

    @property
    def style_width(self) -> int:
        """Width of this layer's part of s."""
        return self.conv.conv.fan_in

    def style(self, w_plus: Float[Tensor, "n l w"]) -> Float[Tensor, "n c"]:
        """This layer's part of s: an affine map of row `index` of w+."""
        return self.conv.conv.modulation(w_plus[:, self.index])

    def __call__(
        self,
        state: State,
        style: Float[Tensor, "n c"],
        w_plus: Float[Tensor, "n l w"],
        noise: Noise,
    ) -> State:
        """The state before this layer -> the state after it. ToRGB reads row `index` + 1 of w+."""
        features = self.conv(state.features, style, self._draw(noise, style))
        if self.to_rgb is None:
            return State(features, state.image)
        return State(features, self.to_rgb(features, w_plus[:, self.index + 1], state.image))

    def _draw(self, noise: Noise, style: Tensor) -> Tensor:
        """The stored noise [1, 1, h, h], or a fresh one a picture [n, 1, h, h]."""
        if noise == "fixed":
            return self.noise
        if noise == "random":
            shape = (style.shape[0], *self.noise.shape[1:])
            return torch.randn(shape, device=style.device, dtype=style.dtype)
        raise DeltaEditError(f"noise={noise!r} is unknown; use 'fixed' or 'random'")
