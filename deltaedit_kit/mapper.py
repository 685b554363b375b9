"""DeltaMapper: from a picture's style code and a target CLIP change to the change of its style.

Idea: one network learns  Δs = M(s, i, d)  from pairs of pictures, where d is the unit CLIP
change between the two. Texts live in the same CLIP space as pictures, so at editing time d is
the change between two sentences and no text was ever needed for training. The code s is cut
into a coarse, a medium and a fine part, and each part g goes through three small networks:

    h_g = style_g(s_g)        c_g = condition_g([i, d])        Δs_g = fusion_g([h_g, c_g])

Each of them is four equalised linear layers, y = √2 · leaky_relu(0.01 · (W x / √fan_in + b)).

Citation: Lyu et al., DeltaEdit: Exploring Text-free Training for Text-Driven Image
Manipulation, CVPR 2023, arXiv:2303.06285, section 3.3 and figure 3.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from deltaedit_kit.stylegan2.layers import EqualLinear, PixelNorm
from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.support.errors import DeltaEditError, check_tensor

LAYERS = 4
LR_MUL = 0.01  # stored weights are 100 times the effective ones, hence the paper's Adam rate 0.5


class Tower(nn.Module):
    """[PixelNorm,] linear, linear, linear, linear: x [..., fan_in] -> [..., fan_out].

    PixelNorm divides by the root mean square over dim 1, *whatever that dim is*. For vectors
    [n, C] that is the channel axis, as in StyleGAN2; for tokens [n, L, C] it is the layer axis,
    so each channel is normalised over the L layers of its group. It looks like a slip of the
    reference, but the released weights were trained with it and work only with it.
    """

    def __init__(self, fan_in: int, fan_out: int, norm: bool = True) -> None:
        super().__init__()
        layers: list[nn.Module] = [PixelNorm()] if norm else []
        for depth in range(LAYERS):
            width = fan_in if depth == 0 else fan_out
            layers.append(EqualLinear(width, fan_out, lr_mul=LR_MUL, activate=True))
        self.mapping = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """x [n, fan_in] or [n, L, fan_in] -> the same shape with fan_out."""
        return self.mapping(x)


class DeltaMapper(nn.Module):
    """M(s, clip, delta) -> Δs, with the sizes of one generator and one CLIP.

    `layout` says how s splits: C is the width of a coarse or medium token, F that of the fine
    vector. `clip_width` is E. Comments count the tokens of 64 px and more; 32 px have two medium.
    The native state dict has the keys of the released `net_face.pth`:
    `{sm,cm,fm}_{coarse,medium,fine}.mapping.<i>.{weight,bias}`.
    """

    def __init__(self, layout: StyleLayout, clip_width: int) -> None:
        super().__init__()
        self.layout = layout
        self.clip_width = clip_width
        token, fine = layout.token_width, layout.fine_width
        self.sm_coarse = Tower(token, token)
        self.sm_medium = Tower(token, token)
        self.sm_fine = Tower(fine, fine)
        self.cm_coarse = Tower(2 * clip_width, token)
        self.cm_medium = Tower(2 * clip_width, token)
        self.cm_fine = Tower(2 * clip_width, fine)
        self.fm_coarse = Tower(2 * token, token, norm=False)
        self.fm_medium = Tower(2 * token, token, norm=False)
        self.fm_fine = Tower(2 * fine, fine, norm=False)

    def forward(self, s: Tensor, clip: Tensor, delta: Tensor) -> Tensor:
        """Δs [n, S] for codes s [n, S], unit picture embeddings clip [n, E], unit changes delta.

        `delta` is [n, E]; it must be normalised, since only its direction is learned: how far to
        go is the caller's `strength`. Raises DeltaEditError where the sizes do not fit.
        """
        self._check(s, clip, delta)
        coarse, medium, fine = self.layout.groups(s)  # [n, 3, C], [n, 4, C], [n, F]
        condition = torch.cat([clip, delta], dim=1)  # [n, 2E]

        coarse = self.sm_coarse(coarse)  # [n, 3, C]
        asked = self.cm_coarse(condition)[:, None].expand_as(coarse)  # the same for every layer
        coarse = self.fm_coarse(torch.cat([coarse, asked], dim=2))  # [n, 3, 2C] -> [n, 3, C]

        medium = self.sm_medium(medium)  # [n, 4, C]
        asked = self.cm_medium(condition)[:, None].expand_as(medium)
        medium = self.fm_medium(torch.cat([medium, asked], dim=2))  # [n, 4, 2C] -> [n, 4, C]

        fine = self.sm_fine(fine)  # [n, F]
        fine = self.fm_fine(torch.cat([fine, self.cm_fine(condition)], dim=1))  # [n, 2F] -> [n, F]

        return self.layout.ungroup(coarse, medium, fine)  # [n, S]

    @classmethod
    def from_state_dict(
        cls, state: Mapping[str, Tensor], layout: StyleLayout, clip_width: int | None = None
    ) -> DeltaMapper:
        """The mapper that `state` holds, E read from its keys; `clip_width` is the E expected.

        Raises DeltaEditError when `state` is no DeltaMapper or one of another domain's sizes.
        """
        key = "cm_coarse.mapping.1.weight"
        if key not in state:
            raise DeltaEditError(
                f"these weights are no DeltaMapper: {key} is missing; give the mapper's file"
            )
        mapper = cls(layout, clip_width=state[key].shape[1] // 2)
        wanted = {name: tuple(value.shape) for name, value in mapper.state_dict().items()}
        given = {name: tuple(value.shape) for name, value in state.items()}
        if wanted != given:
            odd = sorted(set(wanted.items()) ^ set(given.items()))[0][0]
            raise DeltaEditError(
                f"this mapper is of another domain: {odd} is {given.get(odd)}, this domain "
                f"({layout.total} style channels) needs {wanted.get(odd)}; load its own mapper"
            )
        if clip_width is not None and mapper.clip_width != clip_width:
            raise DeltaEditError(
                f"this mapper reads CLIP vectors of width {mapper.clip_width}, this CLIP writes "
                f"{clip_width}; train the mapper on codes of this CLIP"
            )
        mapper.load_state_dict(dict(state))
        return mapper

    def _check(self, s: Tensor, clip: Tensor, delta: Tensor) -> None:
        wanted = {"s": (s, self.layout.total), "clip": (clip, self.clip_width)}
        for name, (x, width) in (wanted | {"delta": (delta, self.clip_width)}).items():
            check_tensor(name, x)
            if x.dim() != 2 or x.shape[1] != width or len(x) != len(s):
                raise DeltaEditError(
                    f"{name} has shape {tuple(x.shape)}, the mapper needs [{len(s)}, {width}]; "
                    "use codes and embeddings of the mapper's own domain"
                )
