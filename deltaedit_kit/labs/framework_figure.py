"""The framework in one figure, its boxes filled with the sizes of the domain that is loaded.

    training   z -> w -> s1, picture, i1 ;  z' -> s2, i2 ;  M(s1, i1, Δi) ~ Δs
    editing    s, i, two sentences -> Δt -> M -> Δs -> mask by R -> G -> picture

`facts_of` reads every number off the networks; `framework_figure` only draws. After figure 2 of
DeltaEdit (arXiv:2303.06285), drawn anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from deltaedit_kit.support.pictures import ACCENT, FAINT, INK, PictureFigure

if TYPE_CHECKING:
    from deltaedit_kit.domain import Domain

NETWORK, DATA, TRAINED = "#dfeaf0", "#ffffff", "#fbe3d0"
HIGH = 0.84  # of a box


class Facts(NamedTuple):
    """The sizes that the figure names."""

    name: str
    side: int  # of a picture
    z: int
    rows: int  # of w+
    s: int
    layers: int  # coarse, medium, and the width of the fine vector
    token: int
    coarse: int
    medium: int
    fine: int
    clip: int
    threshold: float
    parameters: int  # of the mapper
    kept: float  # channels that the domain's first sentence may touch
    sentence: str
    neutral: str


def facts_of(domain: Domain) -> Facts:
    """Every number of the figure, from the shapes of the loaded networks."""
    from deltaedit_kit.relevance import kept_channels

    layout, spec = domain.layout, domain.spec
    delta = domain.delta_text(spec.examples[0])
    kept = kept_channels(domain.relevance, delta[None], spec.threshold)
    return Facts(
        spec.name,
        domain.generator.resolution,
        domain.generator.style_dim,
        domain.generator.latent_rows,
        layout.total,
        len(layout.widths),
        layout.token_width,
        layout.coarse,
        layout.medium,
        layout.fine_width,
        domain.clip.width,
        spec.threshold,
        sum(p.numel() for p in domain.mapper.parameters()),
        int(kept.sum()),
        spec.examples[0],
        spec.neutral,
    )


def framework_figure(facts: Facts) -> Figure:
    """Training above, editing below; what is learned is orange, what is frozen blue."""
    f = facts
    figure = PictureFigure(figsize=(12.4, 6.6))
    axis = figure.add_axes((0.01, 0.01, 0.98, 0.98))
    axis.set_xlim(0, 12.4)
    axis.set_ylim(0, 6.6)
    axis.set_axis_off()
    _title(axis, 6.3, f"Training of {f.name}: pairs of pictures, no text")
    _title(axis, 2.85, "Editing: two sentences take the place of the second picture")

    for y, n in ((5.35, "₁"), (4.05, "₂")):
        _box(axis, 0.7, y, 0.95, f"z{n}\n[{f.z}]", DATA)
        _box(axis, 2.1, y, 1.35, f"mapping, affine\nw+ [{f.rows}, {f.z}]", NETWORK)
        _box(axis, 3.75, y, 1.1, f"s{n}\n[{f.s}]", DATA)
        _box(axis, 5.25, y, 1.25, f"generator G\n{f.side}×{f.side}", NETWORK)
        _box(axis, 6.85, y, 1.2, "CLIP, picture", NETWORK)
        _box(axis, 8.25, y, 0.9, f"i{n}\n[{f.clip}]", DATA)
        for a, b in ((1.18, 1.42), (2.78, 3.2), (4.3, 4.62), (5.88, 6.25), (7.45, 7.8)):
            _arrow(axis, (a, y), (b, y))
    _box(axis, 9.75, 4.05, 1.35, f"Δi = i₂ - i₁\nunit [{f.clip}]", DATA)
    _box(axis, 9.75, 5.35, 1.35, f"mapper M\n{f.parameters / 1e6:.1f} M weights", TRAINED)
    _box(axis, 11.45, 5.35, 1.2, f"Δŝ\n[{f.s}]", DATA)
    _box(axis, 11.45, 4.05, 1.5, "loss to Δs = s₂ - s₁\nL2 + 1 - cosine", TRAINED)
    _arrow(axis, (8.7, 5.35), (9.07, 5.35))
    _arrow(axis, (8.7, 4.05), (9.07, 4.05))
    _arrow(axis, (8.6, 4.93), (9.15, 4.47))
    _arrow(axis, (9.75, 4.47), (9.75, 4.93))
    _arrow(axis, (10.43, 5.35), (10.85, 5.35))
    _arrow(axis, (11.45, 4.93), (11.45, 4.47))
    _arrow(axis, (3.75, 5.77), (9.75, 5.77), "arc3,rad=-0.05")
    _text(
        axis,
        0.3,
        3.35,
        f"s = {f.layers} layers: {f.coarse} coarse and {f.medium} medium tokens of {f.token}, "
        f"one fine vector of {f.fine}.   M = style, condition and fusion network for each group.",
    )

    _box(axis, 1.25, 2.05, 2.0, f"“{_short(f.sentence)}”", DATA)
    _box(axis, 1.25, 0.85, 2.0, f"“{_short(f.neutral)}”", DATA)
    _box(axis, 3.25, 1.45, 1.2, "CLIP, text", NETWORK)
    _box(axis, 5.0, 1.45, 1.35, f"Δt = t - t₀\n[{f.clip}]", DATA)
    _box(axis, 6.9, 2.05, 1.35, "mapper M\n(s, i, unit Δt)", TRAINED)
    _box(axis, 6.9, 0.85, 1.6, f"relevance R\n[{f.s}, {f.clip}]", NETWORK)
    _box(axis, 8.85, 1.45, 1.5, f"Δs, kept where\n|R·Δt| ≥ {f.threshold:g}", DATA)
    _box(axis, 10.75, 1.45, 1.5, f"G(s + α Δs)\n{f.side}×{f.side}", NETWORK)
    for start, end in (
        ((2.25, 2.05), (2.65, 1.6)),
        ((2.25, 0.85), (2.65, 1.3)),
        ((3.85, 1.45), (4.32, 1.45)),
        ((5.68, 1.6), (6.22, 1.95)),
        ((5.68, 1.3), (6.1, 0.95)),
        ((7.58, 2.0), (8.1, 1.65)),
        ((7.7, 0.9), (8.1, 1.25)),
        ((9.6, 1.45), (10.0, 1.45)),
    ):
        _arrow(axis, start, end)
    _text(
        axis,
        0.3,
        0.2,
        f"Here {f.kept:,.0f} of {f.s:,} channels may move.   Orange: learned.   Blue: frozen.   "
        "White: numbers.",
    )
    return figure


def _box(axis: Any, x: float, y: float, wide: float, text: str, colour: str) -> None:
    """A rounded box around (x, y)."""
    axis.add_patch(
        FancyBboxPatch(
            (x - wide / 2, y - HIGH / 2),
            wide,
            HIGH,
            boxstyle="round,pad=0,rounding_size=0.08",
            facecolor=colour,
            edgecolor=FAINT,
            linewidth=0.9,
        )
    )
    axis.text(
        x, y, text, ha="center", va="center", fontsize=9, color=INK, linespacing=1.35,
        parse_math=False,
    )  # fmt: skip


def _arrow(
    axis: Any, start: tuple[float, float], end: tuple[float, float], bend: str = "arc3"
) -> None:
    axis.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            mutation_scale=10,
            color=FAINT,
            linewidth=1.1,
            connectionstyle=bend,
        )
    )


def _title(axis: Any, y: float, text: str) -> None:
    axis.text(0.2, y, text, fontsize=12.5, fontweight="bold", color=ACCENT, va="center")


def _text(axis: Any, x: float, y: float, text: str) -> None:
    axis.text(x, y, text, fontsize=9, color=FAINT, va="center", parse_math=False)


def _short(text: str) -> str:
    return text if len(text) <= 26 else text[:25] + "…"
