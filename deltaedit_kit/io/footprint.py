"""Memory of a published domain, counted from shapes before anything is downloaded.

    networks   4 bytes a number of generator, CLIP, mapper and R
    load       networks + P                        P: Python, torch and the kit
    edit       load + k · 4 c r²                   k maps of the largest layer, c channels of r x r
    train      load - R + 6 · mapper               gradients, moments and work of Adam, two copies

float32 everywhere, so an upper bound for a GPU that computes in 16 bits, where CUDA's own half a
gigabyte takes the place of P. The rehearsal at full size measured what is counted here within a
tenth (docs/published.md).

Source of the sizes: config-f of arXiv:1912.04958; ViT-B/32 of arXiv:2103.00020.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deltaedit_kit.clip_network import ClipNetwork, ClipSizes
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.support.skeleton import skeleton

if TYPE_CHECKING:
    from torch import nn

CONFIG_F = {4: 512, 8: 512, 16: 512, 32: 512, 64: 512, 128: 256, 256: 128, 512: 64, 1024: 32}
STYLE_WIDTH = 512
VIT_B_32 = ClipSizes(
    embed=512, side=224, patch=32, image_width=768, image_layers=12, context=77, words=49408,
    text_width=512, text_layers=12, image_heads=12, text_heads=8,
)  # fmt: skip
MAPS_AT_ONCE = 4  # three that torch holds, and what a convolution works with
PROCESS = 330_000_000  # bytes of Python, torch and the kit, before any network
COPIES = 6  # of a mapper that is trained, besides its weights
MACHINES = {"Colab": 12.7, "a T4": 15.0}  # GB; of memory, of a GPU


@dataclass(frozen=True)
class Footprint:
    """Bytes at most, of what only the end of the process gives back."""

    load: int
    edit: int
    train: int

    def line(self) -> str:
        """In gigabytes, and where it fits."""
        most = max(self.load, self.edit, self.train) / 1e9
        fits = [name for name, size in MACHINES.items() if most < size]
        places = f"fits {' and '.join(fits)}" if fits else "too large for Colab and a T4"
        return (
            f"load {self.load / 1e9:.1f}, edit one face {self.edit / 1e9:.1f}, "
            f"train a mapper {self.train / 1e9:.1f} GB: {places}"
        )


def published_footprint(resolution: int) -> Footprint:
    """Of a published domain: config-f of this resolution, OpenAI's ViT-B/32, their mapper and R."""
    channels = {side: width for side, width in CONFIG_F.items() if side <= resolution}
    with skeleton():
        generator = Generator(resolution, channels, STYLE_WIDTH)
        clip = ClipNetwork(VIT_B_32)
    return footprint(generator, clip, VIT_B_32.embed)


def footprint(generator: Generator, clip: nn.Module, clip_width: int) -> Footprint:
    """Of these networks, which may be without numbers, and a mapper and R for them."""
    layout = StyleLayout(generator.style_widths)
    with skeleton():
        mapper = numbers(DeltaMapper(layout, clip_width))
    both = numbers(generator) + numbers(clip)
    relevance = layout.total * clip_width
    load = PROCESS + 4 * (both + mapper + relevance)
    maps = MAPS_AT_ONCE * largest_map(generator)
    return Footprint(load, load + maps, PROCESS + 4 * (both + (1 + COPIES) * mapper))


def largest_map(generator: Generator) -> int:
    """Bytes of the largest feature map that a layer writes, float32."""
    return max(
        4 * layer.conv.conv.weight.shape[1] * layer.resolution**2 for layer in generator.layers
    )


def numbers(network: nn.Module) -> int:
    """How many numbers a network holds."""
    return sum(p.numel() for p in (*network.parameters(), *network.buffers()))
