"""The shipped codes: styles drawn again fit the embeddings read, and only their own networks do."""

import pytest
import torch

from deltaedit_kit import Domain
from deltaedit_kit.codes import make_codes
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.toyfaces.shipped_codes import shipped_codes, write_shipped_codes
from tests.tiny_domain import tiny_domain


def test_each_embedding_is_that_of_the_picture_its_style_draws(toyfaces: Domain) -> None:
    store = shipped_codes(toyfaces)
    assert len(store) >= 5000
    assert store.complete
    some = torch.linspace(0, len(store) - 1, 12).long()
    codes = store.resident(w=True)[some]
    assert codes.w_plus is not None
    style = toyfaces.generator.to_style(codes.w_plus.float())
    torch.testing.assert_close(style, codes.s.float(), atol=1e-2, rtol=1e-2)
    w_plus = toyfaces.generator.expand(toyfaces.generator.mean_w.expand(len(some), -1))
    seen = toyfaces.clip.encode_images(toyfaces.draw(codes.s.float(), w_plus))
    assert (seen * codes.clip.float()).sum(dim=1).min() > 0.99
    other = (seen * codes.clip.float().roll(1, 0)).sum(dim=1)
    assert other.max() < 0.99


def test_neighbours_are_correlated(toyfaces: Domain) -> None:
    store = shipped_codes(toyfaces, 500)
    assert torch.equal(store.resident().s, shipped_codes(toyfaces, 700).resident(limit=500).s)
    styles = store.resident().s.float().unflatten(0, (-1, store.header.correlated))
    within = styles.std(dim=1).square().mean()
    between = styles.mean(dim=1).std(dim=0).square().mean()
    assert within < between


def test_networks_that_did_not_make_them_and_too_many_are_refused(toyfaces, tmp_path) -> None:
    with pytest.raises(DeltaEditError, match=r"belongs to the networks .* make_codes"):
        shipped_codes(tiny_domain())
    with pytest.raises(DeltaEditError, match="n is 10000000"):
        shipped_codes(toyfaces, 10_000_000)
    with pytest.raises(DeltaEditError, match=r"cannot read .*install the kit again"):
        shipped_codes(toyfaces, path=tmp_path / "nothing.safetensors")


def test_what_is_written_is_read_again(tmp_path) -> None:
    domain = tiny_domain()
    store = make_codes(domain, tmp_path / "store", 30, seed=7, truncations=(1.0, 0.5), chunk=8)
    clip = store.resident().clip
    file = write_shipped_codes(tmp_path / "codes.safetensors", store.header, clip)
    again = shipped_codes(domain, path=file)
    assert torch.equal(again.resident().s, store.resident().s)
    assert torch.equal(again.resident().clip, clip)
    assert (again.header.networks, again.header.correlated) == (store.header.networks, 1)
