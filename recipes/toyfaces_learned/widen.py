"""The trained generator with as many channels at 32 px as below; its pictures stay the same.

DeltaEdit's mapper has one width for all coarse and medium layers. The generator is trained with
half as many channels at 32 px, which is quicker. New channels read what they like (weights of a
fresh network) and nobody reads them (weights 0); equalised weights of layers that got wider inputs
grow by the root of the ratio, since the layer divides by it. The styles of new channels are 1.

Source: function-preserving widening, Chen et al. 2016 (Net2Net, arXiv:1511.05641).
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.support.atomic import load_tensors, read_header, save_tensors
from recipes.toyfaces_learned.generator import Config


def widened(trained: Generator, config: Config) -> Generator:
    """A generator of one width up to half of the resolution that draws what `trained` draws."""
    below = config.channels[16]
    channels = config.channels | {32: below}
    torch.manual_seed(config.seed)
    wide = Generator(config.resolution, channels, config.style_dim, config.mapping_layers)
    old, new = trained.state_dict(), wide.state_dict()
    for key, value in new.items():
        value.copy_(grown(key, old[key], value))
    wide.load_state_dict(new)
    wide.estimate_mean_w(20_000, seed=0)
    return wide.eval().requires_grad_(False)


def grown(key: str, old: Tensor, fresh: Tensor) -> Tensor:
    """`old` in the shape of `fresh`, whose first block it fills."""
    if old.shape == fresh.shape:
        return old
    value = fresh.clone()
    block = tuple(slice(0, n) for n in old.shape)
    if key.endswith("conv.weight"):  # [1, out, in, k, k]
        inputs, wider = old.shape[2], fresh.shape[2]
        value[:, : old.shape[1], inputs:] = 0
        value[block] = old * (wider / inputs) ** 0.5
        return value
    if key.endswith("modulation.weight"):
        value[old.shape[0] :] = 0
    value[block] = old
    return value


def widen(source: Path, target: Path, config: Config | None = None) -> None:
    """Write `source`'s generator, widened, to `target`."""
    trained = Generator.from_state_dict(load_tensors(source)[0])
    header = {key: value for key, value in read_header(source).items() if key != "checksum"}
    save_tensors(target, widened(trained, config or Config()).checkpoint(), header)
