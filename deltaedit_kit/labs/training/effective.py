"""The mapper as it is trained: effective weights, so that no step multiplies a weight matrix.

A mapper stores W and uses 0.01 / √fan_in · W in y = √2 · leaky_relu(...). As √2 > 0 may go inside,

    y = leaky_relu(W' x + b'),    W' = c W,  c = √2 · 0.01 / √fan_in;    b' likewise, c = √2 · 0.01

Writing c W costs as much memory traffic as the product itself when a batch is small and the matrix
large, and so does a pass over y for its √2. But Adam's step does not depend on the scale of a
parameter, apart from ε, so training W' with

    rate' = c · rate          ε' = ε / c

makes exactly the steps of W times c: ΔW' = -rate c · m' / (√v' + ε / c), as m = c m', v = c² v'.

On a CPU a gradient also goes into the same memory at every step. A third of a step was spent by the
operating system on fresh memory for the gradients, 331 MB at the published size, and on taking
it back (benchmarks/mapper_training.py).

Source: the algebra above; equalised rates: Karras et al. 2018, arXiv:1710.10196, section 4.1.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.stylegan2 import ops
from deltaedit_kit.stylegan2.layers import EqualLinear

ADAM_EPS = 1e-8


class EffectiveLinear(nn.Module):
    """An activated linear layer with the weights that are used: y = leaky_relu(x W'^T + b')."""

    def __init__(self, layer: EqualLinear) -> None:
        super().__init__()
        self.weight_scale = layer.scale * ops.LEAKY_GAIN
        self.bias_scale = layer.lr_mul * ops.LEAKY_GAIN
        self.weight = nn.Parameter(layer.weight.detach() * self.weight_scale)
        self.bias = nn.Parameter(layer.bias.detach() * self.bias_scale)
        self.kept: Tensor | None = None  # memory of the gradient of W'

    def forward(self, x: Tensor) -> Tensor:
        """x [..., fan_in] -> [..., fan_out], in bfloat16 under autocast."""
        return F.leaky_relu(self.linear(x), ops.LEAKY_SLOPE)

    def linear(self, x: Tensor) -> Tensor:
        """x W'^T + b'. A GPU's allocator keeps memory by itself, a compiler plans its own."""
        plain = torch.compiler.is_compiling() or torch.is_autocast_enabled(x.device.type)
        if plain or x.device.type != "cpu" or not self.weight.requires_grad:
            return F.linear(x, self.weight, self.bias)
        if self.kept is None:
            self.kept = torch.empty_like(self.weight.detach())
        return cast(Tensor, KeptGradient.apply(x, self.weight, self.bias, self.kept))


class KeptGradient(torch.autograd.Function):
    """F.linear whose gradient of the weight is written into `kept`, which becomes `weight.grad`.

    A second pass before the step (`accumulate`) finds it taken, and is added as usual. The gradient
    holds until the next step's takes its place.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, kept: Tensor) -> Tensor:
        """y = x W^T + b."""
        ctx.save_for_backward(x, weight)
        ctx.kept = kept
        return F.linear(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, Tensor, Tensor, None]:
        """dx = dy W, dW = dy^T x, db = the sum of dy, over all tokens."""
        (dy,), (x, weight) = grad_outputs, ctx.saved_tensors
        dx = dy @ weight if ctx.needs_input_grad[0] else None
        dy, x = dy.flatten(0, -2), x.flatten(0, -2)
        dw = torch.mm(dy.t(), x, out=ctx.kept if weight.grad is None else None)
        return dx, dw.detach(), dy.sum(0), None  # another view: autograd takes it without a copy


def to_effective(mapper: DeltaMapper) -> DeltaMapper:
    """A copy of `mapper` with effective weights: the same outputs, the same names."""
    copied = copy.deepcopy(mapper)
    for sequence in [module for module in copied.modules() if isinstance(module, nn.Sequential)]:
        for place, layer in enumerate(sequence):
            if isinstance(layer, EqualLinear):
                sequence[place] = EffectiveLinear(layer)
    return copied


def to_stored(copied: DeltaMapper) -> DeltaMapper:
    """The mapper whose effective copy `copied` is, on the same device, in evaluation mode."""
    with torch.device("meta"):  # no random start: it would be thrown away
        mapper = DeltaMapper(copied.layout, copied.clip_width)
    values = {name: value.detach() / scale for name, value, scale in scaled_parameters(copied)}
    mapper.load_state_dict(values, assign=True)
    return mapper.eval()


def scaled_parameters(copied: DeltaMapper) -> Iterator[tuple[str, nn.Parameter, float]]:
    """Every parameter of an effective copy: its name, itself, its c."""
    for prefix, module in copied.named_modules():
        if isinstance(module, EffectiveLinear):
            yield f"{prefix}.weight", module.weight, module.weight_scale
            yield f"{prefix}.bias", module.bias, module.bias_scale


def adam(copied: DeltaMapper, rate: float) -> torch.optim.Adam:
    """Adam over effective weights, one group a scale; in one fused kernel where torch has it."""
    groups: dict[float, list[nn.Parameter]] = {}
    for _, parameter, scale in scaled_parameters(copied):
        groups.setdefault(scale, []).append(parameter)
    settings = [
        {"params": members, "scale": scale, "lr": rate * scale, "eps": ADAM_EPS / scale}
        for scale, members in groups.items()
    ]
    device = next(copied.parameters()).device
    fused = device.type in ("cpu", "cuda")
    optimizer = torch.optim.Adam(settings, fused=fused)
    for weight in copied.parameters():  # a fused Adam counts its steps where the weights are
        taken = torch.zeros((), device=device if fused else "cpu")
        memory = {key: torch.zeros_like(weight) for key in ("exp_avg", "exp_avg_sq")}
        optimizer.state[weight] = {"step": taken, **memory}
    return optimizer
