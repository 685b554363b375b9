"""Codes: what is sampled, that it repeats, and the file they are kept in."""

import pytest
import torch

from deltaedit_kit.codes import Codes, sample_codes
from deltaedit_kit.errors import DeltaEditError
from tests.training.tiny import linear_codes, picture_domain


def test_codes_are_the_styles_and_embeddings_of_the_generators_pictures():
    domain = picture_domain()
    seen = []
    codes = sample_codes(domain, 10, seed=4, batch=4, keep_w_plus=True, progress=seen.append)
    assert seen == [4, 4, 2]
    assert (codes.s.dtype, codes.s.shape) == (torch.float16, (10, domain.layout.total))
    assert codes.w_plus is not None
    w_plus = codes.w_plus.float()
    s = domain.generator.to_style(w_plus)
    torch.testing.assert_close(codes.s.float(), s, atol=5e-3, rtol=5e-3)
    clip = domain.clip.encode_images(domain.generator.synthesize(s, w_plus))
    torch.testing.assert_close(codes.clip.float(), clip, atol=5e-3, rtol=5e-3)
    torch.testing.assert_close(codes.clip.float().norm(dim=1), torch.ones(10), atol=2e-3, rtol=0)


def test_the_seed_decides_and_truncation_calms():
    domain = picture_domain()
    first, again = (sample_codes(domain, 6, seed=1) for _ in range(2))
    assert torch.equal(first.s, again.s)
    assert not torch.equal(first.s, sample_codes(domain, 6, seed=2).s)
    mixed = sample_codes(domain, 64, seed=1, batch=32, truncations=(1.0, 0.3))
    assert mixed.s[32:].float().std(0).mean() < 0.6 * mixed.s[:32].float().std(0).mean()


def test_bfloat16_pictures_give_nearly_the_same_embeddings():
    domain = picture_domain()
    exact, fast = (sample_codes(domain, 8, seed=1, fast=fast) for fast in (False, True))
    assert torch.equal(exact.s, fast.s)
    assert not torch.equal(exact.clip, fast.clip)
    assert (exact.clip.float() * fast.clip.float()).sum(1).min() > 0.99


def test_files_round_trip_and_strangers_are_refused(tmp_path):
    codes = linear_codes(5)
    again = Codes.load(codes.save(tmp_path / "a.safetensors"))
    assert torch.equal(codes.s, again.s)
    assert torch.equal(codes.clip, again.clip)
    assert (again.domain, again.w_plus) == ("tiny", None)
    assert [path.name for path in tmp_path.iterdir()] == ["a.safetensors"]
    (tmp_path / "b.safetensors").write_bytes(b"no codes")
    with pytest.raises(DeltaEditError, match="cannot read codes"):
        Codes.load(tmp_path / "b.safetensors")


def test_parts_join_in_order_and_domains_never_mix():
    a, b = linear_codes(4), linear_codes(3)
    both = Codes.join([a, b])
    assert len(both) == 7
    assert torch.equal(both.clip[4:], b.clip)
    with pytest.raises(DeltaEditError, match="cannot be joined"):
        Codes.join([a, Codes(b.s, b.clip, "other")])
    with pytest.raises(DeltaEditError, match="cannot sample"):
        sample_codes(picture_domain(), 0, seed=1)
