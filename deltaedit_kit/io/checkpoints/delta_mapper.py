"""DeltaMapper: the published `net_face.pth` (a bare state dict), or safetensors.

Its sizes are in its weights: coarse and medium tokens are C wide, the fine vector F, and a CLIP
vector E. How many layers are tokens, how wide each is, and how the fine layers share F, the
generator knows; without one, seven tokens of full width are assumed, as in the published domains.

Source: github.com/Yueming6568/DeltaEdit, `delta_mapper.py` (key names).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from deltaedit_kit.io.checkpoints.filling import fill
from deltaedit_kit.io.checkpoints.kind import Kind, state_dict
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.support.errors import DeltaEditError

CONDITION = "cm_coarse.mapping.1.weight"  # [C, 2E]
FINE = "sm_fine.mapping.1.weight"  # [F, F]
COARSE_AND_MEDIUM = 7  # layers that are tokens


def mapper_from(tensors: Mapping[str, Tensor], layout: StyleLayout | None = None) -> DeltaMapper:
    """The mapper of tensors in our layout, for a generator with this layout of s (None: its own).

    Raises DeltaEditError for a mapper of other sizes.
    """
    own = layout_of(tensors)
    sizes = (own.token_width, own.fine_width)
    if layout is not None and (layout.token_width, layout.fine_width) != sizes:
        raise DeltaEditError(
            f"it is a mapper of another domain: its tokens and fine vector are {sizes} wide, this "
            f"generator's {layout.token_width, layout.fine_width}; load the mapper that was "
            "trained for it"
        )
    width = tensors[CONDITION].shape[1] // 2
    return fill(lambda: DeltaMapper(layout or own, width), tensors, "DeltaMapper")


def layout_of(tensors: Mapping[str, Tensor]) -> StyleLayout:
    """A layout of s that fits a mapper, its fine layers as one. KeyError: no mapper."""
    token, fine = tensors[CONDITION].shape[0], tensors[FINE].shape[0]
    return StyleLayout((token,) * COARSE_AND_MEDIUM + (fine,))


def _sizes(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    layout = layout_of(tensors)
    return {
        "token_width": layout.token_width,
        "fine_width": layout.fine_width,
        "clip_width": tensors[CONDITION].shape[1] // 2,
    }


MATCH = state_dict("DeltaEdit layout", CONDITION, FINE)
KIND = Kind("delta_mapper", "DeltaMapper", "load_delta_mapper", MATCH, _sizes)
