"""The mapper as it is used: sizes from a layout, gradients, the PixelNorm quirk, its refusals."""

import math

import pytest
import torch
from torch.nn import functional as F

from deltaedit_kit.mapper import DeltaMapper, Tower
from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.support.errors import DeltaEditError

TOY = StyleLayout((8,) * 8 + (8, 4, 4))
E = 6


def inputs(n: int, layout: StyleLayout = TOY) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    clip, delta = F.normalize(torch.randn(2, n, E), dim=2)
    return torch.randn(n, layout.total), clip, delta


def plain_linear(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    y = x @ (weight * 0.01 / math.sqrt(weight.shape[1])).T + bias * 0.01
    return math.sqrt(2) * torch.where(y > 0, y, 0.2 * y)


def plain_fine(state: dict[str, torch.Tensor], s, clip, delta) -> torch.Tensor:
    """The fine branch spelt out, the only one whose PixelNorm is over channels."""

    def tower(name: str, x: torch.Tensor, first: int) -> torch.Tensor:
        for i in range(first, first + 4):
            weight = state[f"{name}.mapping.{i}.weight"]
            x = plain_linear(x, weight, state[f"{name}.mapping.{i}.bias"])
        return x

    def unit_power(x: torch.Tensor) -> torch.Tensor:
        return x / torch.sqrt((x**2).mean(1, keepdim=True) + 1e-8)

    conditioned = tower("cm_fine", unit_power(torch.cat([clip, delta], 1)), 1)
    style = tower("sm_fine", unit_power(s[:, 7 * 8 :]), 1)
    return tower("fm_fine", torch.cat([style, conditioned], 1), 0)


def test_fine_branch_and_its_gradients_equal_a_plain_transcription():
    mapper = DeltaMapper(TOY, E).double()
    s, clip, delta = (x.double() for x in inputs(5))
    s.requires_grad_()
    ours = mapper(s, clip, delta)[:, 7 * 8 :]
    plain = plain_fine(mapper.state_dict(keep_vars=True), s, clip, delta)
    torch.testing.assert_close(ours, plain)
    key = mapper.cm_fine.mapping[2].weight
    for ours_grad, plain_grad in zip(
        torch.autograd.grad(ours.square().sum(), (s, key)),
        torch.autograd.grad(plain.square().sum(), (s, key)),
        strict=True,
    ):
        torch.testing.assert_close(ours_grad, plain_grad)
        assert ours_grad.abs().sum() > 0


def test_tokens_are_normalised_over_the_layer_axis():
    tokens = torch.randn(2, 4, 8)
    normed = Tower(8, 8).mapping[0](tokens)
    torch.testing.assert_close(normed.square().mean(1), torch.ones(2, 8), atol=1e-4, rtol=1e-4)
    assert (normed.square().mean(2) - 1).abs().max() > 0.05


@pytest.mark.parametrize("widths", [TOY.widths, (8,) * 7, (8, 8, 6, 6, 4, 4, 3, 3, 2)])
def test_every_channel_of_s_and_every_input_matters(widths: tuple[int, ...]):
    layout = StyleLayout(widths)
    mapper = DeltaMapper(layout, E)
    parts = [x.requires_grad_() for x in inputs(3, layout)]
    out = mapper(*parts)
    assert out.shape == (3, layout.total)
    for gradient in torch.autograd.grad(out.square().sum(), parts):
        assert (gradient.abs().sum(0) > 0).all()


def test_state_dict_round_trip_finds_the_clip_width():
    mapper = DeltaMapper(TOY, E)
    again = DeltaMapper.from_state_dict(mapper.state_dict(), TOY)
    assert again.clip_width == E
    given = inputs(2)
    assert torch.equal(mapper(*given), again(*given))


def test_wrong_inputs_and_wrong_weights_are_refused_in_one_line():
    mapper = DeltaMapper(TOY, E)
    s, clip, delta = inputs(2)
    with pytest.raises(DeltaEditError, match="s has shape"):
        mapper(s[:, :-1], clip, delta)
    with pytest.raises(DeltaEditError, match="delta has shape"):
        mapper(s, clip, delta[0])
    with pytest.raises(DeltaEditError, match=r"clip is a ndarray; .*torch\.as_tensor"):
        mapper(s, clip.numpy(), delta)
    with pytest.raises(DeltaEditError, match="another domain"):
        DeltaMapper.from_state_dict(mapper.state_dict(), StyleLayout((16,) * 8 + (8, 4, 4)))
    with pytest.raises(DeltaEditError, match="no DeltaMapper"):
        DeltaMapper.from_state_dict({"style.1.weight": torch.zeros(2, 2)}, TOY)
