"""A small domain of random numbers in a folder: every step of a lesson, none of its pictures.

    value of a tensor = standard normals of PCG64(crc32(its name)), scaled as its kind needs

Idea: the numbers follow from the names, so they are the same on every machine and with every
version of torch; nothing is stored or downloaded. Networks of random numbers draw no faces, but
shapes, files, relevance masks, strengths and recipes behave as those of the large domains do.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from deltaedit_kit.clip_network import ClipNetwork, ClipSizes
from deltaedit_kit.domain.spec import NETWORKS
from deltaedit_kit.io.checkpoints.arcface import ArcFace
from deltaedit_kit.io.checkpoints.e4e import E4e
from deltaedit_kit.io.declaration import declare, write_declaration
from deltaedit_kit.mapper import LR_MUL, DeltaMapper
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.support.atomic import save_tensors
from deltaedit_kit.support.skeleton import skeleton

RESOLUTION = 64  # the smallest with a coarse, a medium and a fine group
CHANNELS = {4: 32, 8: 32, 16: 32, 32: 32, 64: 16}
STYLE_WIDTH, MAPPING_LAYERS = 32, 2
CLIP = ClipSizes(  # texts as CLIP's own tokenizer writes them
    embed=64, side=32, patch=16, image_width=64, image_layers=1, context=77, words=49408,
    text_width=64, text_layers=1, image_heads=1, text_heads=1,
)  # fmt: skip
IR_WIDTHS = (16, 16, 32, STYLE_WIDTH)  # stages of e4e and ArcFace


def write_standin(
    folder: str | Path,
    name: str = "stand-in",
    networks: Iterable[str] = NETWORKS,
) -> Path:
    """Write a domain of random numbers into `folder` and return it, for `load_domain(folder)`.

    Networks that are not asked for are declared absent. Raises OSError where nothing can be
    written.
    """
    folder, asked = Path(folder), tuple(networks)
    generator = Generator(RESOLUTION, CHANNELS, STYLE_WIDTH, MAPPING_LAYERS)
    layout = StyleLayout(generator.style_widths)
    with skeleton():
        clip, mapper = ClipNetwork(CLIP), DeltaMapper(layout, CLIP.embed)
        encoder, identity = E4e(generator.latent_rows, IR_WIDTHS), ArcFace(CLIP.embed, IR_WIDTHS)
    mean_code = 0.1 * normals("latent_avg", generator.latent_rows, STYLE_WIDTH)
    tensors = {
        "generator": by_rule(generator.state_dict()),
        "clip": by_rule(clip.state_dict(), equalized=False),
        "mapper": by_rule(mapper.state_dict()),
        "relevance": {"relevance": draw_unit_rows("relevance", layout.total, CLIP.embed)},
        "inversion": {**by_rule(encoder.state_dict(), equalized=False), "latent_avg": mean_code},
        "identity": by_rule(identity.state_dict(), equalized=False),
    }
    for network in asked:
        save_tensors(folder / f"{network}.safetensors", tensors[network])
    declaration = declare(
        name,
        title="random numbers in the place of a large domain",
        resolution=RESOLUTION,
        neutral="face",
        preprocessing="delta_edit",
        licence="none: these are random numbers",
        examples=["face with smile", "face with eyeglasses", "face with bangs"],
        networks={network: [{"file": f"{network}.safetensors"}] for network in asked},
        absent={
            network: "this stand-in was written without it"
            for network in tensors
            if network not in asked
        },
    )
    write_declaration(folder, declaration)
    return folder


def by_rule(shapes: Mapping[str, Tensor], equalized: bool = True) -> dict[str, Tensor]:
    """A tensor for every name, of the shape that it has in `shapes`: those of a skeleton will do.

    `equalized` networks divide their weights by √fan_in when they run; for others it is done here.
    """
    return {name: one(name, like, equalized) for name, like in shapes.items()}


def one(name: str, like: Tensor, equalized: bool) -> Tensor:
    """The tensor called `name`, float32 (counters are whole numbers)."""
    if name.endswith("kernel"):
        return like  # a fixed low-pass filter, no weights
    if name.endswith("num_batches_tracked"):
        return torch.tensor(0)
    x = normals(name, *like.shape)
    if name.startswith("noises."):
        return x
    if name.endswith("noise.weight"):  # how much of it is added
        return 0.1 * x.abs()
    if name.endswith("running_var"):
        return 0.75 + 0.25 * x.abs()
    if name.endswith("modulation.bias") or (like.dim() == 1 and name.endswith("weight")):
        return 1 + 0.1 * x  # what multiplies is about 1, what is added about 0
    if like.dim() < 2:
        return 0.1 * x
    if name.startswith("to_rgb") and equalized:
        return 0.2 * x if name.endswith("conv.weight") else x  # so that most of it is in [-1, 1]
    if name.endswith("linear.weight"):  # the heads of e4e; without a loss the body grew too loud
        return 0.02 * x
    if not equalized:
        return x / like[0].numel() ** 0.5
    # Fully connected layers of mapping networks learn slowly: they store 1 / LR_MUL of a weight.
    return x / LR_MUL if ".mapping." in name or name.startswith("style.") else x


def normals(name: str, *shape: int) -> Tensor:
    """Standard normals that follow from `name` alone."""
    generator = np.random.Generator(np.random.PCG64(zlib.crc32(name.encode())))
    return torch.from_numpy(generator.standard_normal(shape).astype(np.float32))


def draw_unit_rows(name: str, rows: int, width: int) -> Tensor:
    """Random directions."""
    return torch.nn.functional.normalize(normals(name, rows, width), dim=1)
