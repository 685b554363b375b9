"""Each fast operation agrees with its plain one: values, gradients, finite differences."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from deltaedit_kit.stylegan2 import ops
from tests.stylegan2 import plain_ops

N, FAN_IN, FAN_OUT, HEIGHT, WIDTH = 2, 3, 4, 4, 5
BLURS = {
    "same size": None,
    "upsampled": ops.fir_kernel((1, 3, 3, 1), gain=4.0).double(),
    # A lopsided filter catches a mirrored axis, which [1, 3, 3, 1] cannot.
    "upsampled by a lopsided filter": ops.fir_kernel((1, 2, 5, 3), gain=4.0).double(),
}


@pytest.fixture(params=BLURS.values(), ids=BLURS.keys())
def blur(request: pytest.FixtureRequest) -> Tensor | None:
    return request.param


def leaves(n: int = N) -> tuple[Tensor, Tensor, Tensor]:
    """x, weight and style of a tiny layer, double, with gradients."""
    x = torch.randn(n, FAN_IN, HEIGHT, WIDTH, dtype=torch.double)
    weight = torch.randn(FAN_OUT, FAN_IN, 3, 3, dtype=torch.double)
    style = 1 + torch.randn(n, FAN_IN, dtype=torch.double)
    return x.requires_grad_(), weight.requires_grad_(), style.requires_grad_()


def bias_and_noise(blur: Tensor | None) -> tuple[Tensor, Tensor]:
    factor = 1 if blur is None else 2
    noise = torch.randn(1, 1, factor * HEIGHT, factor * WIDTH, dtype=torch.double)
    return torch.randn(FAN_OUT, dtype=torch.double).requires_grad_(), noise.requires_grad_()


def gradients(output: Tensor, inputs: tuple[Tensor, ...], mix: Tensor) -> tuple[Tensor, ...]:
    return torch.autograd.grad((output * mix).sum(), inputs)


@pytest.mark.parametrize("pictures", [1, N])
def test_modulated_conv_agrees_with_own_weights_for_every_picture(
    blur: Tensor | None, pictures: int
) -> None:
    inputs = (*leaves(pictures), *bias_and_noise(blur))
    fast = ops.modulated_conv(*inputs, gain=1.5, blur=blur)
    plain = plain_ops.modulated_conv_reference(*inputs, gain=1.5, blur=blur)
    torch.testing.assert_close(fast, plain)
    mix = torch.randn_like(plain)
    for ours, expected in zip(
        gradients(fast, inputs, mix), gradients(plain, inputs, mix), strict=True
    ):
        torch.testing.assert_close(ours, expected)


@pytest.mark.slow
@pytest.mark.parametrize("pictures", [1, N])
def test_modulated_conv_passes_gradcheck(blur: Tensor | None, pictures: int) -> None:
    inputs = leaves(pictures)

    def fast(x: Tensor, weight: Tensor, style: Tensor) -> Tensor:
        return ops.modulated_conv(x, weight, style, blur=blur)

    assert torch.autograd.gradcheck(fast, inputs)


@pytest.mark.parametrize("pictures", [1, N])
def test_channels_last_lives_on(blur: Tensor | None, pictures: int) -> None:
    """Each layer that lost it would turn every later one slow."""
    x, weight, style = leaves(pictures)
    x = x.contiguous(memory_format=torch.channels_last)
    y = ops.modulated_conv(x, weight, style, *bias_and_noise(blur), blur=blur)
    assert y.is_contiguous(memory_format=torch.channels_last)


def test_demodulation_gives_unit_variance_whatever_the_style() -> None:
    x = torch.randn(64, 32, 16, 16)
    weight = torch.randn(8, 32, 3, 3)
    style = (1 + 3 * torch.rand(1, 32)).expand(64, -1)
    y = ops.modulated_conv(x, weight, style)
    # Zero padding takes a little variance at the edge, so look at the inside.
    std = y[:, :, 1:-1, 1:-1].std(dim=(0, 2, 3))
    torch.testing.assert_close(std, torch.ones(8), rtol=0.05, atol=0)


@pytest.mark.parametrize("taps", [(1, 3, 3, 1), (1, 2, 5, 3)])
def test_image_upsampling_is_zero_insertion_and_filter(taps: tuple[int, ...]) -> None:
    kernel = ops.fir_kernel(taps, gain=4.0).double()
    image = torch.randn(2, 3, 4, 5, dtype=torch.double).requires_grad_()
    fast = ops.upsample_image(image, kernel)
    plain = plain_ops.upfirdn_reference(image, kernel, up=2, pad=(2, 1))
    torch.testing.assert_close(fast, plain)
    mix = torch.randn_like(plain)
    torch.testing.assert_close(gradients(fast, (image,), mix), gradients(plain, (image,), mix))
    assert torch.autograd.gradcheck(ops.upsample_image, (image, kernel))


def test_image_upsampling_keeps_a_flat_picture_flat() -> None:
    image = torch.full((1, 3, 6, 6), 0.7)
    large = ops.upsample_image(image, ops.fir_kernel((1, 3, 3, 1), gain=4.0))
    torch.testing.assert_close(large[:, :, 2:-2, 2:-2], torch.full((1, 3, 8, 8), 0.7))


def test_rgb_agrees_with_own_weights_for_every_picture() -> None:
    x, _, style = leaves()
    weight = torch.randn(3, FAN_IN, dtype=torch.double).requires_grad_()
    fast = ops.modulated_rgb(x, weight, style)
    plain = torch.einsum("nihw,oi,ni->nohw", x, weight, style)
    torch.testing.assert_close(fast, plain)
    assert torch.autograd.gradcheck(ops.modulated_rgb, (x, weight, style))


def test_upfirdn_reference_against_a_sum_done_by_hand() -> None:
    kernel = torch.zeros(4, 4)
    kernel[1] = torch.tensor([1.0, 2.0, 3.0, 4.0])  # the row that meets the one row of x
    x = torch.tensor([5.0, 7.0]).view(1, 1, 1, 2)
    y = plain_ops.upfirdn_reference(x, kernel, up=2, pad=(2, 1))
    # 5 7 with zeros inserted and padded is 0 0 5 0 7 0 0; under the mirrored filter 4 3 2 1:
    by_hand = [2 * 5, 3 * 5 + 1 * 7, 4 * 5 + 2 * 7, 3 * 7]
    assert y[0, 0].tolist() == [by_hand, [0.0, 0.0, 0.0, 0.0]]


@pytest.mark.parametrize("operation", [ops.modulated_conv, plain_ops.modulated_conv_reference])
def test_a_picture_does_not_depend_on_its_batch(operation: Callable[..., Tensor]) -> None:
    x, weight, style = leaves()
    together = operation(x, weight, style)
    alone = operation(x[1:], weight, style[1:])
    torch.testing.assert_close(together[1:], alone)


def test_bfloat16_autocast_stays_near_full_precision() -> None:
    x, weight, style = torch.randn(2, 16, 8, 8), torch.randn(8, 16, 3, 3), torch.rand(2, 16) + 0.5
    exact = ops.modulated_conv(x, weight, style)
    with torch.autocast("cpu", torch.bfloat16):
        rough = ops.modulated_conv(x, weight, style)
    assert rough.dtype == torch.bfloat16
    assert (rough.float() - exact).abs().mean() < 0.01 * exact.abs().mean()
