"""DeltaEdit itself as a `Method`, so that a comparison asks every method the same questions.

    Δs = mapper(s, i, Δt / |Δt|) * [|R · Δt| >= threshold],   Δw+ = 0

Source: Lyu et al., CVPR 2023, arXiv:2303.06285. Strength and threshold are the domain's: they are
DeltaEdit's published ones for photographs, and measured ones for toyfaces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from deltaedit_kit.editor import Editor
from deltaedit_kit.labs.compare.baselines.method import Change, Method, Seconds, Settings

if TYPE_CHECKING:
    from deltaedit_kit.domain.faces import Faces


@dataclass(frozen=True)
class DeltaEditSettings(Settings):
    """How far, and which channels; `DeltaEdit` fills in the domain's values."""

    threshold: float = 0.03


class DeltaEdit(Method):
    """The kit's `Editor` behind the common interface."""

    name: ClassVar[str] = "deltaedit"
    settings_type: ClassVar[type[Settings]] = DeltaEditSettings
    grid: ClassVar[tuple[Mapping[str, Any], ...]] = (
        {"threshold": 0.03},
        {"threshold": 0.06},
        {"threshold": 0.1},
    )
    networks: ClassVar[tuple[str, ...]] = ("generator", "clip", "mapper", "relevance")

    def domain_settings(self) -> dict[str, Any]:
        """How far and which channels, as measured on the domain."""
        spec = self.domain.spec
        return {"strength": spec.strength, "threshold": spec.threshold}

    def _change(self, faces: Faces, text: str, neutral: str, threshold: float) -> Change:
        seconds, editor = Seconds(self.domain.device.type), Editor(self.domain)
        with seconds.measure("edit"):
            moves = editor.moves(faces, text, neutral)
            kept = editor.kept(moves, threshold)[0]
            delta_s = moves.delta_s[0] * kept
        return Change(delta_s, None, kept, seconds)
