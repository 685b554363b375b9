"""The scale of every style channel, chosen so that a step along any channel looks alike to CLIP.

Modulation multiplies, so a generator can be written down in many ways that draw the same picture:

    s_j -> α_j s_j,    weight_ij -> weight_ij / α_j        for any α_j > 0

A mapper that learns Δs by its squared error and its cosine sees the scales that training happened
to find, and spends itself on channels that move far and show little: age moved the layer after the
one that draws wrinkles twice as far, to little effect. So here

    α_j = sqrt( E ‖∂i / ∂s_j‖² ),        i the CLIP embedding of the picture,

which makes an error in s as large as what CLIP sees of it; then all are multiplied by one number,
so that s as a whole varies as much as before. Relevance R keeps its rows: they have unit length.
The expectation is over random directions v of CLIP's space too: E (v · ∂i/∂s_j)² costs a backward
pass for each v, not one for each of its dimensions (Hutchinson's estimator of a trace).
"""

import torch
from torch import Tensor

from deltaedit_kit.clip_space import ClipSpace
from deltaedit_kit.stylegan2 import Generator

PICTURES = 64
BATCH = 8
DIRECTIONS = 8  # for each batch of pictures; scales then are sure to some 3 percent
SAMPLES = 5_000  # for the variance of s


def visibility(
    generator: Generator, clip: ClipSpace, seed: int, pictures: int = PICTURES
) -> Tensor:
    """sqrt(E ‖∂i/∂s_j‖²) of each channel [S], over so many sampled pictures."""
    device = next(generator.parameters()).device
    seeded = torch.Generator().manual_seed(seed)
    z = torch.randn(pictures, generator.style_dim, generator=seeded).to(device)
    squares = torch.zeros((), device=device)
    for part in z.split(BATCH):
        with torch.no_grad():
            w_plus = generator.expand(generator.mapping(part))
            s = generator.to_style(w_plus)
        s.requires_grad_(True)
        seen = clip.encode_images(generator.synthesize(s, w_plus), drawn=True)
        for direction in torch.randn(DIRECTIONS, *seen.shape, generator=seeded).to(device):
            (slope,) = torch.autograd.grad((seen * direction).sum(), s, retain_graph=True)
            squares = squares + slope.square().sum(0)
    return (squares / (pictures * DIRECTIONS)).sqrt()


def rescale(generator: Generator, clip: ClipSpace, seed: int, pictures: int = PICTURES) -> Tensor:
    """Rescale the channels of s in place, pictures unchanged; returns the scales α [S]."""
    scales = visibility(generator, clip, seed, pictures)
    z = torch.randn(
        SAMPLES, generator.style_dim, generator=torch.Generator().manual_seed(seed + 1)
    ).to(scales.device)
    with torch.no_grad():
        variance = generator.to_style(generator.expand(generator.mapping(z))).var(dim=0)
    scales *= (variance.sum() / (scales.square() * variance).sum()).sqrt()
    multiply(generator, scales)
    return scales


@torch.no_grad()
def multiply(generator: Generator, scales: Tensor) -> None:
    """Multiply each channel of s by `scales` [S], in place, and leave every picture as it is."""
    start = 0
    for layer in generator.layers:
        conv = layer.conv.conv
        width = conv.modulation.bias.numel()
        scale = scales[start : start + width]
        conv.modulation.weight.mul_(scale[:, None])
        conv.modulation.bias.mul_(scale)
        conv.weight.div_(scale[None, None, :, None, None])
        start += width
