"""Effective weights: the same outputs, and the same steps as Adam takes on the stored weights."""

import torch

from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.training import TrainingConfig
from deltaedit_kit.training.loss import delta_loss, learned_channels, lesson_loss
from deltaedit_kit.training.network import adam, effective, multiplications, orthogonalize, stored
from deltaedit_kit.training.pairs import pairs_at
from deltaedit_kit.training.speed import gemm_peak
from tests.training.tiny import TOY, linear_codes

PUBLISHED = StyleLayout((512,) * 10 + (256, 256, 128, 128, 64, 64, 32))


def lessons(n: int = 16):
    index = torch.randint(400, (2, n))
    return pairs_at(linear_codes(), index[0], index[1])


def test_there_and_back_changes_nothing():
    mapper, pairs = DeltaMapper(TOY, 6), lessons()
    twin = effective(mapper)
    torch.testing.assert_close(twin(*pairs[:3]), mapper(*pairs[:3]))
    again = stored(twin)
    torch.testing.assert_close(again(*pairs[:3]), mapper(*pairs[:3]))
    assert again.state_dict().keys() == mapper.state_dict().keys() == twin.state_dict().keys()


def test_steps_are_those_of_adam_on_the_stored_weights():
    mapper = DeltaMapper(TOY, 6).double()
    twin = effective(mapper)
    plain = torch.optim.Adam(mapper.parameters(), lr=0.5)
    ours = adam(twin, 0.5)
    for _ in range(5):
        pairs = [x.double() for x in lessons()]
        for network, optimizer in ((mapper, plain), (twin, ours)):
            optimizer.zero_grad()
            delta_loss(network(*pairs[:3]), pairs[3]).total.backward()
            optimizer.step()
    for name, value in stored(twin).double().state_dict().items():
        # `stored` rounds to float32, in which Adam's 0.5 a step leaves seven digits
        torch.testing.assert_close(value, mapper.state_dict()[name], rtol=2e-6, atol=2e-5)


def test_orthogonal_matrices_are_as_large_as_the_normal_ones_they_replace():
    mapper = DeltaMapper(TOY, 6)
    sizes = {name: value.norm() for name, value in mapper.named_parameters() if value.dim() == 2}
    for name, matrix in orthogonalize(mapper).named_parameters():
        if name in sizes:
            torch.testing.assert_close(matrix.norm(), sizes[name])
            short = matrix if len(matrix) <= matrix.shape[1] else matrix.T
            product = short @ short.T
            torch.testing.assert_close(
                product / product[0, 0], torch.eye(len(short)), rtol=0, atol=1e-4
            )
        else:
            assert not matrix.any()  # biases


def test_a_published_pair_costs_half_a_gigaflop():
    assert PUBLISHED.total == 6048
    with torch.device("meta"):
        count = multiplications(PUBLISHED, 512)
    assert abs(6 * count / 1e9 - 0.57) < 0.005


def test_bfloat16_gives_nearly_the_same_loss_and_float32_gradients():
    twin, pairs = effective(DeltaMapper(TOY, 6)), lessons()
    exact, fast = (
        lesson_loss(twin, pairs, slice(None), TrainingConfig(precision=precision))
        for precision in ("fp32", "bf16")
    )
    assert exact.total != fast.total
    torch.testing.assert_close(fast.total, exact.total, rtol=0.02, atol=0)
    fast.total.backward()
    assert {p.grad.dtype for p in twin.parameters()} == {torch.float32}


def test_groups_are_learned_apart():
    token = TOY.token_width
    assert learned_channels(TOY, "coarse") == slice(0, 3 * token)
    assert learned_channels(TOY, "medium") == slice(3 * token, 7 * token)
    assert learned_channels(TOY, "fine") == slice(7 * token, TOY.total)
    twin = effective(DeltaMapper(TOY, 6))
    fine = learned_channels(TOY, "fine")
    lesson_loss(twin, lessons(), fine, TrainingConfig(group="fine")).total.backward()
    moved = {name for name, p in twin.named_parameters() if p.grad is not None and p.grad.any()}
    assert moved
    assert all("fine" in name for name in moved)


def test_the_peak_is_a_plausible_number():
    assert 1e8 < gemm_peak("cpu") < 1e15
    assert gemm_peak("cpu") == gemm_peak("cpu")  # measured once
