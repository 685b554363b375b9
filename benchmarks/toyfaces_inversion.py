"""How faithfully are toy portraits inverted, and what does refinement add?

    python -m benchmarks.toyfaces_inversion                     encoder alone, 2 x 200 renders
    python -m benchmarks.toyfaces_inversion --refine 100        and refinement, on 8 of them

Renders that no training saw, from two sources: z that the generator knows how to draw, and factors
that were drawn without any z. PSNR is against the render. The factor error is the mean absolute
difference between what the oracle reads and the factors that were drawn, over all 24 factors and
over those that show (toyfaces/visibility.py). Two yardsticks beside it: what the oracle
misreads on the render itself, and what the generator reaches from the right w.
"""

from __future__ import annotations

import argparse
import time

import torch
from torch import Tensor

from benchmarks.machine import describe
from deltaedit_kit.domain import Domain
from deltaedit_kit.io.loading import load_domain
from deltaedit_kit.labs.metrics.pictures import psnr
from deltaedit_kit.labs.photo.encoding import encode, encoder_of
from deltaedit_kit.labs.photo.fidelity import measure_fidelity
from deltaedit_kit.labs.photo.refining import refine
from deltaedit_kit.toyfaces.factors import factors_from_z, sample_factors
from deltaedit_kit.toyfaces.renderer import render
from deltaedit_kit.toyfaces.visibility import seen, visible

SEED = 555_000  # no recipe draws from it
REFINED = 8  # renders that refinement is measured on
HEAD = (
    f"{'':34s}{'PSNR':>7s}{'least':>7s}{'>= 24':>7s}{'factors':>9s}{'shown':>8s}"
    f"{'identity':>9s}{'CLIP':>6s}"
)


def report(domain: Domain, name: str, made: Tensor, pictures: Tensor, factors: Tensor) -> str:
    """One line of the table; `made` and `pictures` [n, 3, 128, 128], `factors` [n, 24]."""
    assert domain.read_factors is not None
    decibels = psnr(made, pictures)
    read = domain.read_factors(made)
    shown = visible(factors) & visible(read)
    shown_error = (seen(read) - seen(factors)).abs()[shown].mean()
    reached = measure_fidelity(domain, made, pictures)
    return (
        f"{name:34s}{decibels.mean():7.2f}{decibels.min():7.2f}"
        f"{(decibels >= 24).float().mean():7.1%}{(read - factors).abs().mean():9.4f}"
        f"{shown_error:8.4f}{reached.identity:9.3f}{reached.clip:6.3f}"
    )


@torch.no_grad()
def main() -> None:
    """Print the table, and the machine."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--renders", type=int, default=200)
    parser.add_argument("--refine", type=int, default=0, metavar="STEPS")
    given = parser.parse_args()
    domain, count = load_domain("toyfaces"), min(REFINED, given.renders)
    encoder = encoder_of(domain)
    z = torch.randn(given.renders, 128, generator=torch.Generator().manual_seed(SEED))
    sources = {"z": factors_from_z(z), "factors": sample_factors(given.renders, SEED)}

    def draw(w_plus: Tensor) -> Tensor:
        return domain.draw(domain.generator.to_style(w_plus), w_plus)

    print(HEAD)
    for name, factors in sources.items():
        pictures = render(factors)
        print(report(domain, f"{name}: the render itself", pictures, pictures, factors))
        if name == "z":
            known = draw(domain.generator.expand(domain.generator.mapping(z)))
            print(report(domain, f"{name}: from the right w", known, pictures, factors))
        start = time.perf_counter()
        w_plus = encode(domain, pictures)
        seconds = (time.perf_counter() - start) / len(pictures)
        once = draw(encoder(pictures))
        print(report(domain, f"{name}: the encoder's first answer", once, pictures, factors))
        print(report(domain, f"{name}: encoded", draw(w_plus), pictures, factors), flush=True)
        if given.refine:
            few = slice(count)
            line = report(
                domain,
                f"{name}: encoded, first {count}",
                *(x[few] for x in (draw(w_plus[few]), pictures, factors)),
            )
            print(line)
            begun = time.perf_counter()
            better = refine(domain, pictures[few], w_plus[few], given.refine, progress=False)
            spent = time.perf_counter() - begun
            made = draw(better)
            what = f"{name}: refined, {given.refine} steps"
            line = report(domain, what, made, pictures[few], factors[few])
            gain = psnr(made, pictures[few]) - psnr(draw(w_plus[few]), pictures[few])
            print(line)
            print(f"gain {gain.mean():.2f} dB, least {gain.min():.2f}; {spent:.0f} s for {count}")
        print(f"encoding one portrait: {1000 * seconds:.1f} ms")
    print(describe("cpu"))


if __name__ == "__main__":
    main()
