"""Relevance: the mask rule, and R against a plain loop that draws every picture whole."""

import pytest
import torch
from torch.nn import functional as F

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.relevance import ChannelStatistics, compute_relevance, kept_channels
from tests.training.tiny import picture_domain


def plain_relevance(domain, pictures: int, step: float) -> torch.Tensor:
    """The published definition, one channel and one sign at a time."""
    generator = domain.generator
    z = torch.randn(pictures, generator.style_dim, generator=torch.Generator().manual_seed(0))
    w_plus = generator.expand(generator.mapping(z))
    s = generator.to_style(w_plus)
    statistics = ChannelStatistics.of(domain)
    rows = []
    for channel in range(s.shape[1]):
        seen = []
        for sign in (1, -1):
            moved = s.clone()
            moved[:, channel] = statistics.mean[channel] + sign * step * statistics.std[channel]
            seen.append(domain.clip.encode_images(generator.synthesize(moved, w_plus)))
        rows.append(F.normalize(F.normalize(seen[0] - seen[1], dim=1).mean(0), dim=0))
    return torch.stack(rows)


@pytest.mark.parametrize("batch", [4, 64])
def test_relevance_equals_the_plain_loop(batch):
    domain = picture_domain()
    drawn = []
    ours = compute_relevance(domain, pictures=5, batch=batch, progress=drawn.append)
    assert ours.shape == (domain.layout.total, 12)
    assert sum(drawn) == 2 * 5 * domain.layout.total
    torch.testing.assert_close(ours.norm(dim=1), torch.ones(len(ours)))
    torch.testing.assert_close(ours, plain_relevance(domain, 5, 5.0), atol=2e-3, rtol=1e-3)


def test_a_run_cut_off_goes_on_from_the_layers_it_has():
    domain = picture_domain()
    layers: dict[int, torch.Tensor] = {}
    whole = compute_relevance(domain, pictures=3, on_layer=layers.__setitem__)
    assert list(layers) == list(range(len(domain.layout.widths)))
    known = {k: rows for k, rows in layers.items() if k < 6}
    later = []
    again = compute_relevance(
        domain, pictures=3, known=known, on_layer=lambda k, rows: later.append(k)
    )
    assert later == list(range(6, len(layers)))
    assert torch.equal(whole, again)


def test_bfloat16_points_the_same_way():
    domain = picture_domain()
    exact = compute_relevance(domain, pictures=4)
    fast = compute_relevance(domain, pictures=4, fast=True)
    assert F.cosine_similarity(exact, fast).median() > 0.95


def test_channel_statistics_describe_sampled_codes():
    domain = picture_domain()
    statistics = ChannelStatistics.of(domain, samples=4000)
    z = torch.randn(4000, domain.generator.style_dim)
    s = domain.generator.to_style(domain.generator.expand(domain.generator.mapping(z)))
    assert ((statistics.mean - s.mean(0)).abs() < 0.15 * statistics.std + 1e-4).all()
    torch.testing.assert_close(statistics.std, s.std(0), rtol=0.15, atol=1e-4)


def test_the_mask_follows_the_unnormalised_change():
    relevance = F.normalize(torch.randn(20, 6), dim=1)
    change = torch.randn(3, 6)
    kept = kept_channels(relevance, change, 0.5)
    assert kept.shape == (3, 20)
    for row, delta in zip(kept, change, strict=True):
        assert torch.equal(row, kept_channels(relevance, delta, 0.5))
        plain = [abs(float(r @ delta)) >= 0.5 for r in relevance]
        assert row.tolist() == plain
    assert kept_channels(relevance, change, 0.0).all()
    assert kept_channels(relevance, 10 * change, 0.5).sum() > kept.sum()


def test_refusals_name_the_cause():
    relevance = torch.eye(4)
    with pytest.raises(DeltaEditError, match=r"width 4.*width 3"):
        kept_channels(relevance, torch.ones(3), 0.1)
    with pytest.raises(DeltaEditError, match="threshold"):
        kept_channels(relevance, torch.ones(4), float("nan"))
    with pytest.raises(DeltaEditError, match="relevance is a ndarray"):
        kept_channels(relevance.numpy(), torch.ones(4), 0.1)
    with pytest.raises(DeltaEditError, match="pictures"):
        compute_relevance(picture_domain(), pictures=0)
    with pytest.raises(DeltaEditError, match="step > 0, got 1, inf"):
        compute_relevance(picture_domain(), pictures=1, step=float("inf"))
