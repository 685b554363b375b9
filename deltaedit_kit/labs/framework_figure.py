"""The framework in one figure, its boxes filled with the sizes of the domain that is loaded.

    training   z -> w -> s1, picture, i1 ;  z' -> s2, i2 ;  M(s1, i1, Δi) ~ Δs
    editing    s, i, two sentences -> Δt -> M -> Δs -> mask by R -> G -> picture

Every number is read off the networks. After figure 2 of DeltaEdit (arXiv:2303.06285), drawn anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from deltaedit_kit.relevance import kept_channels
from deltaedit_kit.support.pictures import ACCENT, FAINT, INK, PictureFigure

if TYPE_CHECKING:
    from deltaedit_kit.domain import Domain

NETWORK, DATA, TRAINED = "#dfeaf0", "#ffffff", "#fbe3d0"
HIGH = 0.84  # of a box


def framework_figure(domain: Domain) -> Figure:
    """Training above, editing below; what is learned is orange, what is frozen blue."""
    spec, layout, clip = domain.spec, domain.layout, domain.clip.width
    side, z = domain.generator.resolution, domain.generator.style_dim
    rows, s, layers = domain.generator.latent_rows, layout.total, len(layout.widths)
    weights = sum(p.numel() for p in domain.mapper.parameters())
    delta = domain.delta_text(spec.examples[0])
    kept = int(kept_channels(domain.relevance, delta[None], spec.threshold).sum())
    figure = PictureFigure(figsize=(12.4, 6.6))
    axis = figure.add_axes((0.01, 0.01, 0.98, 0.98))
    axis.set_xlim(0, 12.4)
    axis.set_ylim(0, 6.6)
    axis.set_axis_off()
    _title(axis, 6.3, f"Training of {spec.name}: pairs of pictures, no text")
    _title(axis, 2.85, "Editing: two sentences take the place of the second picture")

    for y, n in ((5.35, "₁"), (4.05, "₂")):
        _box(axis, 0.7, y, 0.95, f"z{n}\n[{z}]", DATA)
        _box(axis, 2.1, y, 1.35, f"mapping, affine\nw+ [{rows}, {z}]", NETWORK)
        _box(axis, 3.75, y, 1.1, f"s{n}\n[{s}]", DATA)
        _box(axis, 5.25, y, 1.25, f"generator G\n{side}×{side}", NETWORK)
        _box(axis, 6.85, y, 1.2, "CLIP, picture", NETWORK)
        _box(axis, 8.25, y, 0.9, f"i{n}\n[{clip}]", DATA)
        for a, b in ((1.18, 1.42), (2.78, 3.2), (4.3, 4.62), (5.88, 6.25), (7.45, 7.8)):
            _arrow(axis, (a, y), (b, y))
    _box(axis, 9.75, 4.05, 1.35, f"Δi = i₂ - i₁\nunit [{clip}]", DATA)
    _box(axis, 9.75, 5.35, 1.35, f"mapper M\n{weights / 1e6:.1f} M weights", TRAINED)
    _box(axis, 11.45, 5.35, 1.2, f"Δŝ\n[{s}]", DATA)
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
        f"s = {layers} layers: {layout.coarse} coarse and {layout.medium} medium tokens of "
        f"{layout.token_width}, one fine vector of {layout.fine_width}.   M = style, condition and "
        "fusion network for each group.",
    )

    _box(axis, 1.25, 2.05, 2.0, f"“{_short(spec.examples[0])}”", DATA)
    _box(axis, 1.25, 0.85, 2.0, f"“{_short(spec.neutral)}”", DATA)
    _box(axis, 3.25, 1.45, 1.2, "CLIP, text", NETWORK)
    _box(axis, 5.0, 1.45, 1.35, f"Δt = t - t₀\n[{clip}]", DATA)
    _box(axis, 6.9, 2.05, 1.35, "mapper M\n(s, i, unit Δt)", TRAINED)
    _box(axis, 6.9, 0.85, 1.6, f"relevance R\n[{s}, {clip}]", NETWORK)
    _box(axis, 8.85, 1.45, 1.5, f"Δs, kept where\n|R·Δt| ≥ {spec.threshold:g}", DATA)
    _box(axis, 10.75, 1.45, 1.5, f"G(s + α Δs)\n{side}×{side}", NETWORK)
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
        f"Here {kept:,.0f} of {s:,} channels may move.   Orange: learned.   Blue: frozen.   "
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
