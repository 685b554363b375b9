"""The terms that optimising methods add up, one value a face, so that faces never mix.

    clip      1 - i(picture) · t(sentence)
    identity  1 - e(picture) · e(before)          e: the domain's face embedding
    pixels    mean (picture - before)²

Where a domain has no face embedding, as cats have none, the identity term is left out.

StyleCLIP (arXiv:2103.17249), equations 1 and 2; TediGAN (arXiv:2012.03308), equation 9 with CLIP.
`Drawing` is the path from w+ to these terms, in a lower precision where asked and where this
machine is faster with it: an optimiser does not notice.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from deltaedit_kit.support.device import computing

if TYPE_CHECKING:
    from jaxtyping import Float

    from deltaedit_kit.domain import Domain


@dataclass(frozen=True)
class Drawing:
    """Differentiable pictures of one domain, and how near a sentence is."""

    domain: Domain
    fast: bool = False

    def pictures(self, w_plus: Float[Tensor, "n L W"]) -> Float[Tensor, "n 3 H W"]:
        """Pictures of codes, float32; gradients reach `w_plus`."""
        generator = self.domain.generator
        with self._computing():
            drawn = generator.synthesize(generator.to_style(w_plus), w_plus)
        return drawn.float()

    def clip_loss(
        self, pictures: Float[Tensor, "n 3 H W"], wanted: Float[Tensor, " E"]
    ) -> Float[Tensor, " n"]:
        """1 - cosine of each picture to the unit embedding of the sentence."""
        with self._computing():
            seen = self.domain.clip.encode_images(pictures, drawn=True)
        return 1 - seen.float() @ wanted

    def identity_loss(
        self, pictures: Float[Tensor, "n 3 H W"], before: Float[Tensor, "n 3 H W"]
    ) -> Float[Tensor, " n"]:
        """1 - cosine of the face in each picture to the face before; the domain embeds faces."""
        embed = self.domain.identity
        assert embed is not None
        with torch.no_grad():
            wanted = embed(before)
        return 1 - (embed(pictures) * wanted).sum(1)

    def _computing(self) -> AbstractContextManager[object]:
        return computing(self.domain.device, self.fast, gradients=True)
