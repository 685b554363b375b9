"""StyleCLIP's latent mapper: for one sentence, train networks that edit any picture.

    w' = w + 0.1 · [M_coarse(w_0..3), M_medium(w_4..7), M_fine(w_8..)]
    min over M   1 - i(G(w')) · t  +  λ_L2 mean (w' - w)²  +  λ_ID (1 - e(G(w')) · e(G(w)))

Each M is PixelNorm and four equalised linear layers with leaky ReLU, the same `Tower` that
DeltaEdit later built its mapper from. A training serves one sentence only: that is what DeltaEdit
spares. A trained mapper is kept for the sentence as long as this object lives.

Source: Patashnik et al., StyleCLIP, arXiv:2103.17249, section 5: λ_L2 0.8, λ_ID 0.1, rate 0.5 (the
layers divide it by 100), batch 2, 50,000 steps, 5,000 codes at truncation 0.7. The authors' script
uses Ranger; this is Adam, its alternative there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import nn

from deltaedit_kit.labs.compare.baselines.method import Change, Method, Seconds, Settings
from deltaedit_kit.labs.compare.baselines.objective import Drawing
from deltaedit_kit.labs.metrics.clip_scores import sentence_embedding
from deltaedit_kit.mapper import Tower
from deltaedit_kit.support.device import learning

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from deltaedit_kit.domain import Domain
    from deltaedit_kit.domain.faces import Faces

COARSE_ROWS, MEDIUM_ROWS = 4, 4  # of w+; the rest is fine
STEP = 0.1  # of the mappers' answer that is added to w+


@dataclass(frozen=True)
class MapperSettings(Settings):
    """Published values; `fast`: see `Drawing`."""

    steps: int = 50_000
    batch: int = 2
    lr: float = 0.5
    l2: float = 0.8
    identity: float = 0.1
    codes: int = 5_000
    truncation: float = 0.7
    seed: int = 0
    fast: bool = False


class LevelsMapper(nn.Module):
    """Three towers for the coarse, medium and fine rows of w+."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.coarse = Tower(width, width)
        self.medium = Tower(width, width)
        self.fine = Tower(width, width)

    def forward(self, w_plus: Float[Tensor, "n L W"]) -> Float[Tensor, "n L W"]:
        """Δw+ [n, L, W], already scaled by `STEP`."""
        first, second = COARSE_ROWS, COARSE_ROWS + MEDIUM_ROWS
        parts = (
            self.coarse(w_plus[:, :first]),
            self.medium(w_plus[:, first:second]),
            self.fine(w_plus[:, second:]),
        )
        return STEP * torch.cat(parts, dim=1)


class LatentMapper(Method):
    """One training a sentence, then one pass a picture."""

    settings: MapperSettings  # pyright: ignore[reportIncompatibleVariableOverride] (never set anew)
    name: ClassVar[str] = "styleclip-mapper"
    settings_type: ClassVar[type[Settings]] = MapperSettings
    short: ClassVar[Mapping[str, Any]] = {"steps": 60, "batch": 4, "fast": True}
    quick: ClassVar[Mapping[str, Any]] = {"steps": 3, "batch": 2, "codes": 16, "fast": True}
    grid: ClassVar[tuple[Mapping[str, Any], ...]] = ({"l2": 0.2}, {"l2": 0.8}, {"l2": 2.0})

    def __init__(self, domain: Domain, changed: Mapping[str, Any] | None = None) -> None:
        super().__init__(domain, changed)
        self.mappers: dict[str, LevelsMapper] = {}  # sentence -> its trained networks

    def objective(
        self, mapper: LevelsMapper, w_plus: Float[Tensor, "n L W"], wanted: Float[Tensor, " E"]
    ) -> Float[Tensor, " n"]:
        """The value that is minimised, one a code."""
        settings = self.settings
        drawing = Drawing(self.domain, settings.fast)
        move = mapper(w_plus)
        pictures = drawing.pictures(w_plus + move)
        total = drawing.clip_loss(pictures, wanted)
        total = total + settings.l2 * move.square().flatten(1).mean(1)
        if settings.identity > 0 and self.domain.identity is not None:
            with torch.no_grad():
                before = drawing.pictures(w_plus)
            total = total + settings.identity * drawing.identity_loss(pictures, before)
        return total

    @learning()
    def train(self, text: str) -> LevelsMapper:
        """The mapper of a sentence, trained now if this object has not trained it yet."""
        if text in self.mappers:
            return self.mappers[text]
        settings, domain = self.settings, self.domain
        wanted, generator = sentence_embedding(domain, text), domain.generator
        random = torch.Generator().manual_seed(settings.seed)
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.default_generator.manual_seed(settings.seed)  # not those of the GPUs
            mapper = LevelsMapper(generator.style_dim).to(domain.device)
            z = torch.randn(settings.codes, generator.style_dim, generator=random)
            w = generator.mapping(z.to(domain.device), truncation=settings.truncation)
        optimiser = torch.optim.Adam(mapper.parameters(), lr=settings.lr)
        for _ in range(settings.steps):
            rows = torch.randint(len(w), (settings.batch,), generator=random)
            loss = self.objective(mapper, generator.expand(w[rows]), wanted).mean()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
        self.mappers[text] = mapper.eval().requires_grad_(False)
        return mapper

    def _change(self, faces: Faces, text: str, neutral: str, threshold: float) -> Change:
        seconds, generator = Seconds(self.domain.device.type), self.domain.generator
        with seconds.measure("training"):
            mapper = self.train(text)
        with seconds.measure("edit"), torch.no_grad():
            move = mapper(faces.w_plus)
            moved = faces.w_plus + move
            delta_s = generator.to_style(moved) - generator.to_style(faces.w_plus)
        everything = torch.ones(delta_s.shape[1], dtype=torch.bool, device=delta_s.device)
        return Change(delta_s, move, everything, seconds)
