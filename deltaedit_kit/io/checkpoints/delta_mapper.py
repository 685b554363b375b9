"""DeltaMapper: the published `net_face.pth` (a bare state dict), or safetensors.

Its sizes are in its weights: coarse and medium tokens are C wide, the fine vector F, and a CLIP
vector E. How the fine layers share F among them is the generator's affair; the mapper treats them
as one vector.

Source: github.com/Yueming6568/DeltaEdit, `delta_mapper.py` (key names).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.io.checkpoints.filling import fill
from deltaedit_kit.io.checkpoints.kind import Kind, Tensors, flat_tensors, open_as
from deltaedit_kit.io.checkpoints.reading import Contents
from deltaedit_kit.io.checkpoints.restricted import naming
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.stylespace import StyleLayout

CONDITION = "cm_coarse.mapping.1.weight"  # [C, 2E]
FINE = "sm_fine.mapping.1.weight"  # [F, F]
COARSE_AND_MEDIUM = 7  # layers that are tokens


def load_delta_mapper(path: str | Path, layout: StyleLayout | None = None) -> DeltaMapper:
    """The mapper in a file, float32, on the CPU, frozen.

    `layout` is that of the generator it shall edit; without it the mapper's own sizes are taken.
    Raises DeltaEditError naming file, cause and remedy: no mapper, or one of another domain.
    """
    tensors = open_as(path, KIND)
    with naming(path):
        own = layout_of(tensors)
        sizes = (own.token_width, own.fine_width)
        if layout is not None and (layout.token_width, layout.fine_width) != sizes:
            raise DeltaEditError(
                f"{path} is a mapper of another domain: it moves {own.total} style channels, this "
                f"generator has {layout.total}; load the mapper that was trained for it"
            )
        width = tensors[CONDITION].shape[1] // 2
        return fill(lambda: DeltaMapper(layout or own, width), tensors, "DeltaMapper")


def layout_of(tensors: Mapping[str, Tensor]) -> StyleLayout:
    """The layout of s that a mapper needs, its fine layers as one. KeyError: no mapper."""
    token, fine = tensors[CONDITION].shape[0], tensors[FINE].shape[0]
    return StyleLayout((token,) * COARSE_AND_MEDIUM + (fine,))


def _format_of(contents: Contents) -> str | None:
    tensors = flat_tensors(contents.tree)
    if CONDITION in tensors and FINE in tensors:
        return f"DeltaEdit layout, {contents.container.value}"
    return None


def _tensors(contents: Contents) -> Tensors:
    return flat_tensors(contents.tree)


def _sizes(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    layout = layout_of(tensors)
    return {
        "style_channels": layout.total,
        "token_width": layout.token_width,
        "fine_width": layout.fine_width,
        "clip_width": tensors[CONDITION].shape[1] // 2,
    }


KIND = Kind("delta_mapper", "DeltaMapper", "load_delta_mapper", _format_of, _tensors, _sizes)
