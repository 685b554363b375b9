"""Relevance: the relevance mask, and R against a plain loop that draws every picture whole."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from deltaedit_kit.domain import Domain
from deltaedit_kit.relevance import (
    ChannelStatistics,
    Plan,
    Probe,
    compute_relevance,
    kept_channels,
    make_relevance,
)
from deltaedit_kit.support.atomic import load_tensors, save_tensors
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.support.lock import only_writer
from tests.tiny_domain import tiny_domain

pytestmark = pytest.mark.slow


def plain_relevance(domain: Domain, pictures: int, step: float) -> torch.Tensor:
    """The published definition, one channel and one sign at a time."""
    generator = domain.generator
    w_plus = generator.expand(domain.sample_w(pictures, seed=0))
    s = generator.to_style(w_plus)
    statistics = ChannelStatistics.of(domain)
    rows = []
    for channel in range(s.shape[1]):
        seen = []
        for sign in (1, -1):
            moved = s.clone()
            moved[:, channel] = statistics.mean[channel] + sign * step * statistics.std[channel]
            seen.append(domain.clip.encode_images(generator.synthesize(moved, w_plus), drawn=True))
        rows.append(F.normalize(F.normalize(seen[0] - seen[1], dim=1).mean(0), dim=0))
    return torch.stack(rows)


@pytest.fixture(scope="module")
def plain() -> torch.Tensor:
    return plain_relevance(tiny_domain(), 2, 5.0)


@pytest.mark.parametrize("batch", [7, 64])
def test_relevance_equals_the_plain_loop(batch: int, plain: torch.Tensor) -> None:
    domain = tiny_domain()
    counted: list[tuple[int, int]] = []
    ours = compute_relevance(
        domain, Plan(pictures=2, batch=batch), progress=lambda *counts: counted.append(counts)
    )
    assert ours.shape == (domain.layout.total, 12)
    assert counted[-1] == (2 * 2 * domain.layout.total,) * 2
    torch.testing.assert_close(ours.norm(dim=1), torch.ones(len(ours)))
    torch.testing.assert_close(ours, plain, atol=2e-3, rtol=1e-3)


@pytest.mark.parametrize(("method", "parts"), [("difference", 9), ("gradient", 3)])
def test_a_run_cut_off_goes_on_from_the_parts_it_has(
    method: str, parts: int, tmp_path: Path
) -> None:
    domain, plan = (
        tiny_domain(),
        Plan(pictures=3, batch=1 if method == "gradient" else 64, method=method),
    )
    counted: list[tuple[int, int]] = []

    def stops(done: int, total: int) -> None:
        if done > total * 0.9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compute_relevance(domain, plan, tmp_path, stops)
    left = sorted(tmp_path.iterdir())
    assert 1 < len(left) < parts
    left[0].write_bytes(left[0].read_bytes()[:-1])  # damaged: made again
    again = compute_relevance(domain, plan, tmp_path, lambda *counts: counted.append(counts))
    assert torch.equal(again, compute_relevance(domain, plan))
    assert counted[-1][0] == counted[-1][1]
    assert len(list(tmp_path.iterdir())) == parts
    loaded = compute_relevance(domain, plan, tmp_path, lambda *counts: counted.append(counts))
    assert torch.equal(again, loaded)


def test_pictures_are_seen_as_the_domain_says_for_its_relevance() -> None:
    domain = tiny_domain()
    domain.spec = replace(domain.spec, relevance_preprocessing="clip")
    seen = Probe(domain, Plan()).clip
    assert (seen.preprocessing, domain.clip.preprocessing) == ("clip", "plain")
    assert seen.model is domain.clip.model


def test_a_step_that_no_slope_takes_is_refused() -> None:
    with pytest.raises(DeltaEditError, match="belongs to the method difference"):
        Plan(step=3.0, method="gradient")


def test_no_matrix_mixes_two_plans_or_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DELTAEDIT_PRECISION", "bfloat16")
    plans = [
        Plan(),
        Plan(pictures=50),
        Plan(step=3.0),
        Plan(seed=1),
        Plan(fast=True),
        Plan(method="gradient"),
        Plan(method="gradient", batch=1),
    ]
    names = {
        plan.folder(domain) for plan in plans for domain in (tiny_domain(), tiny_domain("b", 1))
    }
    assert len(names) == 2 * len(plans)


def test_the_file_says_what_it_is_for_and_its_parts_go(tmp_path: Path) -> None:
    domain = tiny_domain()
    domain._folder = tmp_path
    path = make_relevance(domain, tmp_path / "r.safetensors", Plan(pictures=2, method="gradient"))
    tensors, header = load_tensors(path)
    assert torch.equal(tensors["relevance"], compute_relevance(domain, Plan(2, method="gradient")))
    assert (header["domain"], header["networks"]) == ("tiny", domain.fingerprint())
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("method", ["difference", "gradient"])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda rows: {"rows": rows * float("nan")},
        lambda rows: {"rows": rows * 24},
        lambda rows: {"rows": rows[:3]},
        lambda rows: {"rows": rows[:, :2]},
        lambda rows: {"others": rows},
    ],
)
def test_a_kept_part_that_cannot_be_one_is_made_again(
    method: str, spoil: Callable[[torch.Tensor], dict[str, torch.Tensor]], tmp_path: Path
) -> None:
    domain, plan = tiny_domain(), Plan(pictures=2, method=method)
    wanted = compute_relevance(domain, plan, tmp_path)
    for file in tmp_path.iterdir():
        save_tensors(file, spoil(load_tensors(file)[0]["rows"]))
    assert torch.equal(compute_relevance(domain, plan, tmp_path), wanted)


def test_two_processes_do_not_sweep_each_others_parts(tmp_path: Path) -> None:
    domain, plan = tiny_domain(), Plan(pictures=2)
    domain._folder = tmp_path
    with (
        only_writer(tmp_path / plan.folder(domain), "parts"),
        pytest.raises(DeltaEditError, match="another process"),
    ):
        make_relevance(domain, tmp_path / "r.safetensors", plan)


def test_nan_is_refused_and_nothing_of_it_is_kept(tmp_path: Path) -> None:
    domain = tiny_domain()
    domain.generator.convs[-1].conv.weight.data[:] = float("nan")
    domain._folder = tmp_path / "folder"
    for method in ("difference", "gradient"):
        with pytest.raises(DeltaEditError, match="NaN"):
            make_relevance(domain, tmp_path / "r.safetensors", Plan(pictures=1, method=method))
    assert not list(tmp_path.rglob("*.safetensors"))


def test_bfloat16_points_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DELTAEDIT_PRECISION", "bfloat16")
    domain = tiny_domain()
    exact = compute_relevance(domain, Plan(pictures=1))
    fast = compute_relevance(domain, Plan(pictures=1, fast=True))
    assert 0.95 < F.cosine_similarity(exact, fast).median() < 1 - 1e-7


@pytest.mark.parametrize("method", ["difference", "gradient"])
def test_a_callers_autocast_changes_nothing(method: Any) -> None:
    domain, plan = tiny_domain(), Plan(4, batch=8, method=method)
    calm = compute_relevance(domain, plan)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(compute_relevance(domain, plan), calm)


def test_jacobian_equals_central_differences() -> None:
    domain = tiny_domain()
    w_plus = domain.generator.expand(domain.sample_w(2, seed=3))
    s = domain.generator.to_style(w_plus)
    slopes = Probe(domain, Plan(method="gradient")).jacobian(s, w_plus)
    assert slopes.shape == (2, 12, domain.layout.total)
    for channel in range(0, domain.layout.total, 15):
        move = torch.zeros_like(s)
        move[:, channel] = 2e-3
        high, low = (
            domain.clip.encode_images(
                domain.generator.synthesize(s + sign * move, w_plus), drawn=True
            )
            for sign in (1, -1)
        )
        torch.testing.assert_close(slopes[:, :, channel], (high - low) / 4e-3, rtol=2e-2, atol=2e-3)


def test_the_gradient_points_where_the_published_definition_points() -> None:
    """Half a standard deviation around the mean is not the slope at the picture: near, not equal.

    With the rows of other channels the agreement is none."""
    domain = tiny_domain()
    ours = compute_relevance(domain, Plan(pictures=4, method="gradient"))
    torch.testing.assert_close(ours.norm(dim=1), torch.ones(len(ours)))
    published = compute_relevance(domain, Plan(pictures=4, step=0.5))
    assert F.cosine_similarity(ours, published).median() > 0.75
    assert F.cosine_similarity(ours, published.roll(1, 0)).median().abs() < 0.3


def test_channel_statistics_describe_sampled_codes():
    domain = tiny_domain()
    statistics = ChannelStatistics.of(domain, samples=4000)
    s = domain.generator.to_style(domain.generator.expand(domain.sample_w(4000, seed=77)))
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


@pytest.mark.parametrize(
    "wrong",
    [
        {"pictures": 0},
        {"step": float("inf")},
        {"step": 0},
        {"seed": -1},
        {"batch": 0},
        {"method": "guess"},
    ],
)
def test_plans_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(DeltaEditError, match=str(next(iter(wrong)))):
        Plan(**wrong)
