"""The encoder of portraits, and what its second looks at its own drawing are worth."""

from __future__ import annotations

import pytest
import torch

from deltaedit_kit.domain import Domain
from deltaedit_kit.labs.metrics.pictures import psnr
from deltaedit_kit.labs.photo.encoding import SHARE, encode
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.toyfaces.encoder import ROWS, WIDTH, Encoder, read_encoder
from deltaedit_kit.toyfaces.portraits import BATCH
from tests.photo.encoders import MeanCode, many_w, with_encoder
from tests.tiny_domain import tiny_domain


@pytest.mark.slow
def test_second_looks_bring_a_portrait_nearer_and_never_away(
    renders: torch.Tensor, toyfaces: Domain
) -> None:
    """Against a plain loop: one picture, every look, the best of them."""
    found = encode(toyfaces, renders)
    encoder = read_encoder()
    first = encoder(renders)
    generator, gains = toyfaces.generator, []
    for k, picture in enumerate(renders.split(1)):
        answer = code = first[k : k + 1]
        seen = []
        for _ in range(toyfaces.spec.second_looks + 1):
            made = generator.synthesize(generator.to_style(code), code, noise="fixed").clamp(-1, 1)
            seen.append((float(psnr(made, picture)), code))
            code = code + SHARE * (answer - encoder(made))
        decibels, best = max(seen, key=lambda look: look[0])
        torch.testing.assert_close(found[k : k + 1], best, atol=1e-4, rtol=1e-4)
        gains.append(decibels - seen[0][0])
    assert toyfaces.spec.second_looks > 0
    assert min(gains) >= 0
    assert max(gains) > 0.1


def test_an_encoder_without_second_looks_is_asked_once() -> None:
    domain = with_encoder()
    encoder = domain.inversion
    assert isinstance(encoder, MeanCode)
    pictures = torch.zeros(2, 3, 64, 64)
    assert torch.equal(encode(domain, pictures), encoder.mean_w.expand(2, encoder.rows, -1))
    assert encoder.asked == 1
    with pytest.raises(DeltaEditError, match="has no encoder for photos"):
        encode(tiny_domain(), pictures)


def test_the_encoder_starts_as_one_w_and_stays_in_its_box(renders: torch.Tensor) -> None:
    encoder = Encoder().eval()
    w_plus = encoder(renders)
    assert w_plus.shape == (3, ROWS, WIDTH)
    assert torch.equal(w_plus, w_plus[:, :1].expand_as(w_plus))
    encoder.low.fill_(-0.01)
    encoder.high.fill_(0.01)
    assert float(encoder(renders).detach().abs().max()) <= 0.01 + 1e-6
    shipped = read_encoder()
    sketches = shipped(torch.zeros(BATCH + 1, 3, 40, 40))  # another size, two passes
    assert sketches.shape == (BATCH + 1, ROWS, WIDTH)
    for wrong in (torch.zeros(3, 128, 128), torch.zeros(1, 3, 128, 128, dtype=torch.uint8)):
        with pytest.raises(DeltaEditError, match="pictures"):
            shipped(wrong)


def test_generated_faces_come_back_to_their_own_w(toyfaces: Domain) -> None:
    faces = toyfaces.sample(6, seed=31, truncation=1.0)
    found = read_encoder()(faces.images.clamp(-1, 1))[:, 0]
    spread = many_w(toyfaces).std(dim=0)
    assert float(((found - faces.w_plus[:, 0]) / spread).abs().mean()) < 0.35
