"""Two questions to CLIP: does the picture fit the sentence, and did it move where it points?

    CLIP score    100 · max(0, i · t)                                (arXiv:2104.08718)
    directional   cos( i_after - i_before,  t_target - t_neutral )   (arXiv:2108.00946, equation 2)

t is the mean over the domain's templates, for both scores and for the methods that optimise it: a
score of the bare sentence would rate another text than the one that everybody was asked for.

The first one is high for a picture that fitted from the start, the second one only for a change in
the right direction. Methods that optimise CLIP itself can please it without changing what people
see: read both beside `success`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from deltaedit_kit.support.errors import DeltaEditError, check_finite, check_unit_rows

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from deltaedit_kit.domain import Domain


def sentence_embedding(domain: Domain, sentence: str) -> Float[Tensor, " E"]:
    """The unit embedding of a sentence, averaged over the domain's templates if it has any."""
    frames = domain.spec.templates or ("{}",)
    mean = domain.clip.encode_texts([frame.replace("{}", sentence) for frame in frames]).mean(0)
    return mean / mean.norm()


def clip_score(pictures: Float[Tensor, "n E"], text: Float[Tensor, " E"]) -> Float[Tensor, " n"]:
    """CLIP score of unit embeddings [n, E] to one unit sentence [E].

    Raises DeltaEditError for shapes that do not fit and for vectors that are not unit.
    """
    _check(pictures, text)
    check_unit_rows("text", text[None])
    return 100 * (pictures @ text).clamp(min=0)


def directional_similarity(
    before: Float[Tensor, "n E"], after: Float[Tensor, "n E"], delta_text: Float[Tensor, " E"]
) -> Float[Tensor, " n"]:
    """Cosine of the change of each unit embedding to Δt, in [-1, 1].

    Where a picture did not move there is no direction, and the value is 0: nothing was achieved.
    Raises DeltaEditError for shapes that do not fit, embeddings of pictures that are not unit, and
    values that are not finite.
    """
    _check(before, delta_text)
    _check(after, delta_text)
    change = after - before
    lengths = change.norm(dim=-1) * delta_text.norm(dim=-1)
    cosine = (change @ delta_text) / lengths.clamp(min=1e-12)
    moved = change.norm(dim=-1) > 1e-6
    return torch.where(moved, cosine, torch.zeros_like(cosine)).clamp(-1, 1)


def _check(pictures: Tensor, text: Tensor) -> None:
    check_unit_rows("embeddings of pictures", pictures)
    if text.shape != pictures.shape[1:]:
        shapes = f"{list(pictures.shape)} and {list(text.shape)}"
        raise DeltaEditError(f"embeddings have shapes {shapes}; give [n, E] and [E]")
    check_finite("text", text)
