"""Effective weights: the same outputs, and the same steps as Adam takes on the stored weights."""

import torch

from deltaedit_kit.labs.training.effective import adam, scaled_parameters, to_effective, to_stored
from deltaedit_kit.labs.training.experiment import (
    ExperimentConfig,
    ExperimentRun,
    learned_channels,
)
from deltaedit_kit.labs.training.speed import multiplications
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.train import delta_loss, pairs_at
from tests.training.tiny import TINY, TOY, linear_codes

PUBLISHED = StyleLayout((512,) * 10 + (256, 256, 128, 128, 64, 64, 32))


def some_pairs(n: int = 16):
    index = torch.randint(400, (2, n))
    return pairs_at(linear_codes(), index[0], index[1])


def test_there_and_back_changes_nothing():
    mapper, pairs = DeltaMapper(TOY, 6), some_pairs()
    copied = to_effective(mapper)
    torch.testing.assert_close(copied(*pairs[:3]), mapper(*pairs[:3]))
    again = to_stored(copied)
    torch.testing.assert_close(again(*pairs[:3]), mapper(*pairs[:3]))
    assert again.state_dict().keys() == mapper.state_dict().keys() == copied.state_dict().keys()


def test_steps_are_those_of_adam_on_the_stored_weights():
    mapper = DeltaMapper(TOY, 6).double()
    copied = to_effective(mapper)
    plain = torch.optim.Adam(mapper.parameters(), lr=0.5)
    ours = adam(copied, 0.5)
    for _ in range(5):
        pairs = [x.double() for x in some_pairs()]
        for network, optimizer in ((mapper, plain), (copied, ours)):
            optimizer.zero_grad()
            delta_loss(network(*pairs[:3]), pairs[3]).total.backward()
            optimizer.step()
    for name, value in to_stored(copied).double().state_dict().items():
        # `stored` rounds to float32, in which Adam's 0.5 a step leaves seven digits
        torch.testing.assert_close(value, mapper.state_dict()[name], rtol=2e-6, atol=2e-5)


def test_gradients_of_several_passes_add_up_in_memory_that_is_kept():
    mapper, places = DeltaMapper(TOY, 6), set()
    copied = to_effective(mapper)
    for _ in range(3):
        wanted = {name: torch.zeros_like(p) for name, p in copied.named_parameters()}
        copied.zero_grad()
        for pairs in (some_pairs(), some_pairs()):
            copied(*pairs[:3]).square().sum().backward()
            mapper.zero_grad()
            mapper(*pairs[:3]).square().sum().backward()
            for (name, p), (_, _, scale) in zip(
                mapper.named_parameters(), scaled_parameters(copied), strict=True
            ):
                wanted[name] += p.grad / scale
        for name, p in copied.named_parameters():
            torch.testing.assert_close(p.grad, wanted[name], rtol=1e-4, atol=1e-4)
        places.add(copied.fm_fine.mapping[0].weight.grad.data_ptr())
    assert len(places) == 1


def test_a_published_pair_costs_half_a_gigaflop():
    assert PUBLISHED.total == 6048
    with torch.device("meta"):
        count = multiplications(PUBLISHED, 512)
    assert abs(6 * count / 1e9 - 0.57) < 0.005


def test_bfloat16_gives_nearly_the_same_loss_and_float32_gradients(monkeypatch):
    monkeypatch.setenv("DELTAEDIT_PRECISION", "bfloat16")  # whatever this machine likes
    pairs = some_pairs()
    exact, fast = (
        ExperimentRun(TINY, linear_codes(), ExperimentConfig(fast=fast)) for fast in (False, True)
    )
    assert (exact.precision, fast.precision) == ("float32", "bfloat16")
    ours, loss = exact.loss(pairs), fast.loss(pairs)
    assert ours.total != loss.total
    torch.testing.assert_close(loss.total, ours.total, rtol=0.02, atol=0)
    loss.total.backward()
    assert {p.grad.dtype for p in fast.network.parameters()} == {torch.float32}
    report = fast.report()
    assert report.precision == "bfloat16"


def test_fast_is_float32_where_the_machine_has_nothing_faster(monkeypatch):
    monkeypatch.setenv("DELTAEDIT_PRECISION", "float32")
    run = ExperimentRun(TINY, linear_codes(), ExperimentConfig(fast=True))
    assert run.report().precision == "float32"


def test_groups_are_learned_apart():
    token = TOY.token_width
    assert learned_channels(TOY, "coarse") == slice(0, 3 * token)
    assert learned_channels(TOY, "medium") == slice(3 * token, 7 * token)
    assert learned_channels(TOY, "fine") == slice(7 * token, TOY.total)
    run = ExperimentRun(TINY, linear_codes(), ExperimentConfig(group="fine"))
    run.loss(some_pairs()).total.backward()
    named = run.network.named_parameters()
    moved = {name for name, p in named if p.grad is not None and p.grad.any()}
    assert moved
    assert all("fine" in name for name in moved)
