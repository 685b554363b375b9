"""One switch each: what an ablation trains, how it is asked, and the table of a sweep."""

from dataclasses import replace

import pandas as pd
import pytest
import torch

from deltaedit_kit.codes import CodeStore, make_codes
from deltaedit_kit.labs.training.ablation import ABLATIONS, effects, sweep
from deltaedit_kit.labs.training.experiment import ExperimentConfig, as_trained, draw_indices
from deltaedit_kit.labs.training.start import train_fast
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.train import pairs_at
from tests.training.tiny import TINY, linear_codes, picture_domain

BASE = ExperimentConfig(steps=6, batch=8, held_out=0.2, seed=1)


@pytest.mark.slow
def test_every_switch_changes_what_is_learned():
    codes = linear_codes()
    codes = replace(codes, w_plus=torch.randn(400, 9, 8).half())
    rows = sweep(TINY, codes, BASE, ABLATIONS | {"300 codes": {"limit": 300}})
    assert list(rows.index) == [*ABLATIONS, "300 codes"]
    assert len(rows[["cosine", "l2"]].round(6).drop_duplicates()) == len(rows)
    assert rows["codes"].tolist()[-2:] == [320, 300]  # a fifth is held out


def test_a_mapper_is_asked_as_it_was_taught():
    pairs = pairs_at(linear_codes(), torch.arange(8), torch.arange(8, 16))
    blind = replace(BASE, condition_on_image=False)
    mapper = train_fast(TINY, linear_codes(), blind)
    asked = as_trained(mapper, blind)
    other = torch.nn.functional.normalize(torch.randn_like(pairs.clip), dim=1)
    without = asked(pairs.s, pairs.clip, pairs.direction)
    assert torch.equal(without, asked(pairs.s, other, pairs.direction))
    fine = as_trained(mapper, replace(BASE, group="fine"))(*pairs[:3])
    assert not fine[:, : 7 * 8].any()
    assert torch.equal(fine[:, 7 * 8 :], mapper(*pairs[:3])[:, 7 * 8 :])
    assert as_trained(mapper, BASE) is mapper


def test_fixed_pairs_meet_one_partner_and_free_ones_many():
    device = torch.device("cpu")
    for fixed in (True, False):
        partners: dict[int, set[int]] = {}
        for step in range(40):
            config = ExperimentConfig(batch=16, fixed_pairs=fixed)
            first, second, _ = draw_indices(30, config, step, device).tolist()
            for a, b in zip(first, second, strict=True):
                partners.setdefault(a, set()).add(b)
        assert (
            {len(met) for met in partners.values()} == {1}
            if fixed
            else min(len(met) for met in partners.values()) > 5
        )


def test_w_plus_is_learned_from_a_store(tmp_path):
    domain = picture_domain()
    store = make_codes(domain, tmp_path, 40)
    mapper = train_fast(domain, store, replace(BASE, space="w_plus"))
    assert mapper.layout.total == domain.generator.latent_rows * domain.generator.style_dim
    assert train_fast(domain, store, BASE).layout == domain.layout
    with pytest.raises(DeltaEditError, match=r"no w\+"):
        train_fast(TINY, linear_codes(), replace(BASE, space="w_plus"))


def test_a_sweep_goes_on_and_counts_edits_where_it_is_asked_to(tmp_path):
    rows = sweep(
        TINY,
        linear_codes(),
        BASE,
        {"plain": {}, "short": {"steps": 2}},
        accuracy_for=lambda config: lambda mapper: config.steps / 10,
        folder=tmp_path,
    )
    assert rows["edits"].tolist() == [0.6, 0.2]
    assert rows.loc["short", ["codes", "steps"]].tolist() == [320, 2]
    again = sweep(TINY, linear_codes(), BASE, {"plain": {}}, folder=tmp_path)  # done before
    assert again.loc["plain", "cosine"] == rows.loc["plain", "cosine"]
    assert again["edits"].isna().all()  # nobody counted
    with pytest.raises(DeltaEditError, match="see the config"):
        sweep(TINY, linear_codes(), BASE, {"odd": {"colour": 1}})


def test_unfinished_stores_and_too_few_codes_are_refused(tmp_path):
    domain, codes = picture_domain(), linear_codes()
    store = make_codes(domain, tmp_path, 40, chunk=8)
    for part in sorted(tmp_path.glob("*.safetensors"))[3:]:
        part.unlink()
    store = CodeStore.open(tmp_path)
    with pytest.raises(DeltaEditError, match="24 of 40 codes"):
        train_fast(domain, store, BASE)
    assert train_fast(domain, store, replace(BASE, limit=24)).layout == domain.layout
    with pytest.raises(DeltaEditError, match="limit is 500"):
        train_fast(TINY, codes, replace(BASE, limit=500))


def test_an_effect_is_compared_within_its_seed() -> None:
    seeds = [
        pd.DataFrame({"cosine": [base, base - loss, base + luck]}, ["all", "less", "luck"])
        for base, loss, luck in ((0.7, 0.10, 0.05), (0.5, 0.11, -0.05), (0.6, 0.09, 0.01))
    ]
    found = effects(*seeds)
    assert found.loc["less"].tolist() == pytest.approx([-0.10, -0.125, -0.075], abs=1e-3)
    assert (found["low"] * found["high"] > 0).tolist() == [True, False]
