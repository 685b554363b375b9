"""What w knows before a generator draws anything: the portrait, as a linear code.

    w = m + P g c(f(z)),   c = [2 f - 1 | glasses seen | red, green, blue of hair, iris, hues]

f are the factors that z stands for, P repeats the entries of c until w is full, m a constant that
keeps w positive, where the last leaky ReLU is linear, and gains g are 1 but for factors that are
drawn faintly, which speak up (a generator that draws a forehead half as wrinkled as it should
then draws it right). A factor that walks through colours (black,
brown, red, blond, grey) enters as the colour itself: each named colour then has a direction of its
own in w and s, and "red" is one step from anywhere, which no single number along the walk allows.

No rotation mixes the entries: Adam, which took the steps at first, gives every weight of the maps
w -> s its own pace, so the colour of an iris, a whisper beside the width of a face, is learned as
fast. With a random rotation eye colour and nose were not drawn at all after 44,000 pictures of 128
px. The synthesis learns on w - m (`fold_offset` puts m back): a constant three times as large as
what varies would fill the averages of any optimizer.

Two layers can say w, and no descent is needed to find them: the first holds hinges
leaky(z_k - t) along every coordinate that names a factor, the second is their ridge regression.
A mapping network that has to learn it from pictures blurs them: for a long time it tells the
synthesis layers only roughly where an eye is.
"""

import torch
from torch import Tensor

from deltaedit_kit.labs.own_domain.mapping import KNOTS, latents, solve
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.toyfaces.factors import FACTORS, GLASSES_SHARES, factors_from_z, index
from deltaedit_kit.toyfaces.renderer import palette
from deltaedit_kit.toyfaces.renderer.anatomy import anatomy

ENDS = (-1.6, 1.6)  # for coordinates that have knots of their own between them
HUE_KINKS = tuple(k / 6 / palette.HUE_SPAN for k in (1, 2, 3, 4))  # where a pure hue turns
OWN_KNOTS = {  # shares of portraits at which the code bends
    "hair_color": (0.25, 0.5, 0.75),
    "eye_color": (1 / 3, 0.5, 2 / 3),
    "clothes_hue": HUE_KINKS,
    "background_hue": HUE_KINKS,
}
GAINS = {"age": 1.5, "brow_thickness": 1.5, "brow_tilt": 1.25, "eye_color": 1.3}  # g


def code_of(factors: Tensor) -> Tensor:
    """What w should know of a portrait: [n, code], numbers, seen glasses, then colours."""
    numbers = [k for k, name in enumerate(FACTORS) if name not in OWN_KNOTS]
    look = anatomy(factors)
    full = torch.ones(len(factors))
    hues = [
        palette.hsv(factors[:, index(name)], full, full)
        for name in ("clothes_hue", "background_hue")
    ]
    parts = (factors[:, numbers], look.glasses.flatten(1), look.hair, look.iris, *hues)
    return torch.cat(parts, dim=1)


def gains(code: Tensor) -> Tensor:
    """g [code], in the order of `code_of`."""
    numbers = [GAINS.get(name, 1.0) for name in FACTORS if name not in OWN_KNOTS]
    colours = [GAINS.get(name, 1.0) for name in ("hair_color", "eye_color") for _ in range(3)]
    glasses_and_colours = [1.0] * (code.shape[1] - len(numbers) - len(colours) - 6) + colours
    return torch.tensor(numbers + glasses_and_colours + [1.0] * 6)


def hinges() -> tuple[Tensor, Tensor]:
    """(columns of z, knots) of the first layer's units."""
    normal = torch.distributions.Normal(0.0, 1.0)
    quantile = lambda share: normal.icdf(torch.tensor(share)).item()  # noqa: E731
    places: list[tuple[int, float]] = []
    for column, name in enumerate(FACTORS):
        own = [quantile(share) for share in OWN_KNOTS.get(name, ())]
        places += [(column, knot) for knot in ((*ENDS, *own) if own else KNOTS)]
    # The frame of the glasses fades in within a narrow range of z, which gets knots of its own.
    below, between, _ = GLASSES_SHARES
    places += [(index("glasses"), quantile(share)) for share in (below, below + between)]
    columns, knots = zip(*places, strict=True)
    return torch.tensor(columns), torch.tensor(knots)


@torch.no_grad()
def solve_mapping(generator: Generator, seed: int) -> float:
    """Set the two mapping layers of `generator`; returns the rms error of w (w varies by 0.58)."""
    z = latents(generator.style_dim, torch.Generator().manual_seed(seed))
    code = code_of(factors_from_z(z))
    return solve(generator, z, code * (gains(code) / code.std(dim=0)), *hinges())
