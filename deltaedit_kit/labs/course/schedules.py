"""Exercises on training: the rate, pairs from (seed, step), Adam's step, averaged weights.

    rate(t) = peak · min(1, (t + 1) / warm-up) · (1 + cos(π t / T)) / 2
    pairs of step t: a function of seed and t alone, so that a run resumes bit for bit

Citations: warm-up: Goyal et al., arXiv:1706.02677; cosine: Loshchilov & Hutter, arXiv:1608.03983;
Adam: Kingma & Ba, arXiv:1412.6980, algorithm 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy import ndarray
from torch import Tensor

from deltaedit_kit.labs.course.exercise import Answer, Exercise, Inputs


def rate(step: int, steps: int, peak: float, warm_up: int) -> float:
    """The learning rate of a step, counted from 0."""
    grown = min(1.0, (step + 1) / warm_up)
    return peak * grown * (1 + math.cos(math.pi * step / steps)) / 2


def pair_numbers(
    seed: int, step: int, codes: int, batch: int
) -> tuple[Int[ndarray, " batch"], Int[ndarray, " batch"]]:
    """(first, second) of a step's pairs: never a code with itself."""
    random = np.random.default_rng([seed, step])
    first = random.integers(0, codes, batch)
    second = (first + random.integers(1, codes, batch)) % codes
    return first, second


def _pairs(
    seeds: Answer = lambda seed, step: [seed, step], least: int = 1, most: int = 0, add: bool = True
) -> Answer:
    def answer(seed: int, step: int, codes: int, batch: int) -> tuple[ndarray, ndarray]:
        random = np.random.default_rng(seeds(seed, step))
        first = random.integers(0, codes, batch)
        ahead = random.integers(least, codes + most, batch)
        return first, (first + ahead) % codes if add else ahead % codes

    return answer


def adam_step(
    w: Float[Tensor, " n"],
    gradient: Float[Tensor, " n"],
    m: Float[Tensor, " n"],
    v: Float[Tensor, " n"],
    step: int,
    rate: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """(w, m, v) after Adam's step number `step`, from 1; betas 0.9 and 0.999, ε 1e-8."""
    m = 0.9 * m + 0.1 * gradient
    v = 0.999 * v + 0.001 * gradient.square()
    change = (m / (1 - 0.9**step)) / ((v / (1 - 0.999**step)).sqrt() + 1e-8)
    return w - rate * change, m, v


def _adam(
    sign: float = -1.0,
    corrected: bool = True,
    root: bool = True,
    betas: tuple[float, float] = (0.9, 0.999),
    late: int = 0,
    squared: bool = True,
) -> Answer:
    def answer(
        w: Tensor, g: Tensor, m: Tensor, v: Tensor, step: int, rate: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * (g.square() if squared else g.abs())
        scale = [1 - beta ** (step + late) if corrected else 1.0 for beta in betas]
        slope = v / scale[1]
        return w + sign * rate * (m / scale[0]) / ((slope.sqrt() if root else slope) + 1e-8), m, v

    return answer


def _adam_inputs(random: torch.Generator) -> Sequence[Inputs]:
    cases: list[Inputs] = []
    for n, step, rate in ((3, 1, 0.5), (4, 2, 0.1), (5, 7, 0.01)):
        w, g, m = torch.randn(3, n, generator=random, dtype=torch.float64).unbind()
        v = torch.rand(n, generator=random, dtype=torch.float64) + 0.1
        cases.append((w, g, m, v, step, rate))
    return cases


def average(
    shadow: Float[Tensor, " n"], weights: Float[Tensor, " n"], decay: float
) -> Float[Tensor, " n"]:
    """The exponential moving average after one more step."""
    return decay * shadow + (1 - decay) * weights


EXERCISES = (
    Exercise(
        "03.rate",
        "rate(step, steps, peak, warm_up) -> the learning rate of a step, from 0",
        rate,
        lambda random: [
            (step, steps, peak, 8)
            for step, steps, peak in ((0, 40, 6.0), (3, 50, 0.5), (7, 30, 2.0), (20, 41, 4.0))
        ],
        {
            "off by one: step 0 has the rate 0 and learns nothing": lambda t, T, p, w: (
                rate(t, T, p, 1) * min(1.0, t / w)
            ),
            "no warm-up": lambda t, T, p, w: rate(t, T, p, 1),
            "no decay after the warm-up": lambda t, T, p, w: p * min(1.0, (t + 1) / w),
            "the warm-up does not stop at 1": lambda t, T, p, w: rate(t, T, p, 1) * (t + 1) / w,
            "a whole period of the cosine: the rate rises again": lambda t, T, p, w: (
                rate(2 * t, T, p, 1) * min(1.0, (t + 1) / w)
            ),
            "a straight line instead of the cosine": lambda t, T, p, w: (
                p * min(1.0, (t + 1) / w) * (1 - t / T)
            ),
            "the factor 1/2 is missing: the rate is doubled": lambda t, T, p, w: (
                2 * rate(t, T, p, w)
            ),
        },
    ),
    Exercise(
        "03.pair_numbers",
        "pair_numbers(seed, step, codes, batch) -> (first [batch], second [batch])",
        pair_numbers,
        lambda random: [
            (seed, step, codes, 200)
            for seed, step, codes in zip(
                torch.randint(1, 1000, (3,), generator=random).tolist(),
                (0, 3, 11),
                (5, 9, 30),
                strict=True,
            )
        ],
        {
            "the step is not used: every step has the same pairs": _pairs(lambda seed, step: seed),
            "it uses seed + step: the next seed then repeats the same pairs": _pairs(
                lambda seed, step: seed + step
            ),
            "it uses [step, seed]: the numbers differ from the kit's": _pairs(
                lambda seed, step: [step, seed]
            ),
            "a code may be paired with itself: Δ is then 0 / 0": _pairs(least=0),
            "second is not counted from first: a code may be paired with itself": _pairs(add=False),
            "off by one: the largest number to add is never drawn": _pairs(most=-1),
            "first and second are exchanged": lambda *x: pair_numbers(*x)[::-1],
        },
    ),
    Exercise(
        "03.adam",
        "adam_step(w, gradient, m, v, step, rate) -> (w, m, v); step from 1",
        adam_step,
        _adam_inputs,
        {
            "it goes up the gradient, not down": _adam(sign=1.0),
            "m and v are not corrected for their start at 0": _adam(corrected=False),
            "the square root of v is missing": _adam(root=False),
            "the two betas are exchanged": _adam(betas=(0.999, 0.9)),
            "off by one: the correction is one step ahead": _adam(late=1),
            "v averages |gradient|, not its square": _adam(squared=False),
            "plain descent: m and v are not used for the step": lambda w, g, m, v, t, r: (
                w - r * g,
                *adam_step(w, g, m, v, t, r)[1:],
            ),
        },
    ),
    Exercise(
        "03.average",
        "average(shadow [n], weights [n], decay) -> the averaged weights after one more step",
        average,
        lambda random: [
            (*torch.randn(2, n, generator=random).unbind(), decay)
            for n, decay in ((3, 0.9), (5, 0.995), (7, 0.7))
        ],
        {
            "decay and 1 - decay are exchanged": lambda a, w, d: average(w, a, d),
            "the plain mean of both": lambda a, w, d: (a + w) / 2,
            "the new weights have the factor 1: the average grows": lambda a, w, d: d * a + w,
            "the old average is ignored": lambda a, w, d: w,
            "the new weights are ignored": lambda a, w, d: a,
            "both have the factor decay": lambda a, w, d: d * (a + w),
        },
    ),
)
