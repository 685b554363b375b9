"""The factors of a toy portrait: what can vary, in which order, and how they are drawn.

A portrait is a point in the unit cube [0, 1]^K, one coordinate for each name in `FACTORS`.
Two sources fill that cube with the same independent distribution:

    u ~ U(0, 1)^K                         -> factors          (`sample_factors`)
    z ~ N(0, I),  u = Phi(z / rms(z))     -> factors          (`factors_from_z`)

The second one is what lets a StyleGAN2 generator learn by regression: its latent z names a
portrait, and `rms` is the PixelNorm that the generator's mapping network applies to z anyway.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from deltaedit_kit.support.device import kit_defaults
from deltaedit_kit.support.errors import (
    HIGHEST_SEED,
    DeltaEditError,
    check_finite,
    check_whole_number,
)

FACTORS: tuple[str, ...] = (
    "skin",  # dark .. fair
    "face_width",  # narrow .. wide
    "jaw",  # pointed .. square
    "eye_size",  # small .. big
    "eye_gap",  # close together .. far apart
    "eye_color",  # dark brown 0, brown 1/3, green 2/3, blue 1
    "brow_tilt",  # worried (inner ends up) .. angry (inner ends down)
    "brow_thickness",  # thin .. thick
    "nose",  # small .. big
    "smile",  # frown .. smile
    "mouth_open",  # closed .. open
    "lips",  # thin .. full
    "hair_color",  # black 0, brown .25, red .5, blond .75, grey-white 1
    "hair_length",  # cropped .. long
    "hair_volume",  # flat .. big
    "bangs",  # bare forehead .. full fringe
    "beard",  # none .. full
    "glasses",  # absent below .5, present above .65, fading between
    "clothes_hue",  # red 0, yellow .2, green .4, teal .6, blue .8, purple 1
    "clothes_value",  # dark .. bright
    "background_hue",  # as clothes_hue
    "background_value",  # dark .. light
    "age",  # young .. old
    "head_turn",  # towards the viewer's left 0, frontal .5, right 1
)

GLASSES_ABSENT, GLASSES_PRESENT = 0.5, 0.65  # the frame fades in between these two values
# Shares of portraits below, between and above those values. A frame half faded in looks like
# nothing one has a word for, so few portraits have one.
GLASSES_SHARES = (0.50, 0.08, 0.42)


def index(name: str) -> int:
    """Column of factor `name`. Raises DeltaEditError for a name that is not in `FACTORS`."""
    try:
        return FACTORS.index(name)
    except ValueError:
        known = ", ".join(FACTORS)
        raise DeltaEditError(f"no factor is called {name!r}; the factors are {known}") from None


def from_uniform(u: Float[Tensor, "n K"]) -> Float[Tensor, "n K"]:
    """Independent uniforms in [0, 1] -> factors in [0, 1]; only `glasses` is not left as it is."""
    below, between, _ = GLASSES_SHARES
    glasses = u[:, index("glasses")]
    low = glasses / below * GLASSES_ABSENT
    fade = (GLASSES_PRESENT - GLASSES_ABSENT) * (glasses - below) / between + GLASSES_ABSENT
    high = 1 - (1 - GLASSES_PRESENT) * (1 - glasses) / (1 - below - between)
    warped = torch.where(glasses < below, low, torch.where(glasses < below + between, fade, high))
    factors = u.clone()
    factors[:, index("glasses")] = warped
    return factors


@kit_defaults()
def sample_factors(n: int, seed: int) -> Float[Tensor, "n K"]:
    """Draw `n` random portraits: float32 [n, K] in [0, 1], the same for the same seed.

    Raises DeltaEditError unless `n` is a whole number >= 1 and `seed` one in [0, 2**32).
    """
    n, seed = check_whole_number("n", n, 1), check_whole_number("seed", seed, 0, HIGHEST_SEED)
    generator = torch.Generator().manual_seed(seed)
    return from_uniform(torch.rand(n, len(FACTORS), generator=generator))


def factors_from_z(z: Float[Tensor, "n Z"]) -> Float[Tensor, "n K"]:
    """The portrait that latent `z` (any width >= K, standard normal) stands for: [n, K] in [0, 1].

    The first K coordinates of z, after PixelNorm, pass through the normal distribution function;
    the rest of z only takes part in the norm.
    """
    if z.shape[1] < len(FACTORS):
        raise DeltaEditError(
            f"z has width {z.shape[1]}, but {len(FACTORS)} factors need one coordinate each"
        )
    normalised = z * torch.rsqrt(z.square().mean(dim=1, keepdim=True) + 1e-8)
    return from_uniform(torch.special.ndtr(normalised[:, : len(FACTORS)]))


def at_coordinate(
    z: Float[Tensor, "n Z"], factor: Int[Tensor, " n"], value: Float[Tensor, " n"]
) -> Float[Tensor, "n Z"]:
    """z with coordinate `factor` at `value` after PixelNorm, in every row; other factors stay.

    PixelNorm divides by the norm of z: the coordinates that name nothing make up for it.
    """
    z = z * z.square().mean(dim=1, keepdim=True).rsqrt()
    rows, known = torch.arange(len(z)), len(FACTORS)
    spare = z[:, known:].square().sum(dim=1)
    rest = spare + z[rows, factor].square() - value.square()
    z[rows, factor] = value
    z[:, known:] *= (rest / spare).sqrt()[:, None]
    return z


def check_factors(factors: Tensor) -> Float[Tensor, "n K"]:
    """`factors` itself if it is a finite float [n, K] in [0, 1], else a DeltaEditError."""
    check_finite("factors", factors)
    if factors.ndim != 2 or factors.shape[1] != len(FACTORS):
        shape = tuple(factors.shape)
        raise DeltaEditError(f"factors have shape {shape}; expected [n, {len(FACTORS)}]")
    if bool((factors < 0).any() or (factors > 1).any()):
        raise DeltaEditError("factors lie outside [0, 1]; clamp them first: factors.clamp(0, 1)")
    return factors
