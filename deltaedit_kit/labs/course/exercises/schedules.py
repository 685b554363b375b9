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

from deltaedit_kit.labs.course.exercise import Exercise, Inputs, normal, uniform


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


def adam_step(
    w: Float[Tensor, " n"],
    gradient: Float[Tensor, " n"],
    m: Float[Tensor, " n"],
    v: Float[Tensor, " n"],
    step: int,
    rate: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """(w, m, v) after Adam's step number `step`, from 1; betas 0.9 and 0.999, ε 1e-8."""
    beta1, beta2 = 0.9, 0.999
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient.square()
    change = (m / (1 - beta1**step)) / ((v / (1 - beta2**step)).sqrt() + 1e-8)
    return w - rate * change, m, v


def _adam_inputs(random: torch.Generator) -> Sequence[Inputs]:
    return [
        (*normal(random, 3, n).unbind(), uniform(random, n) + 0.1, step, rate)
        for n, step, rate in ((3, 1, 0.5), (4, 2, 0.1), (5, 7, 0.01))
    ]


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
            "off by one: step 0 has the rate 0 and learns nothing": "(step + 1) → step",
            "no warm-up": "* grown →",
            "no decay after the warm-up": "* (1 + math.cos(math.pi * step / steps)) / 2 →",
            "the warm-up does not stop at 1": (
                "min(1.0, (step + 1) / warm_up) → (step + 1) / warm_up"
            ),
            "a whole period of the cosine: the rate rises again": "math.pi → 2 * math.pi",
            "a straight line instead of the cosine": (
                "(1 + math.cos(math.pi * step / steps)) / 2 → (1 - step / steps)"
            ),
            "the factor 1/2 is missing: the rate is doubled": "/ 2 →",
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
            "the step is not used: every step has the same pairs": "[seed, step] → seed",
            "it uses seed + step: the next seed then repeats the same pairs": (
                "[seed, step] → seed + step"
            ),
            "it uses [step, seed]: the numbers differ from the kit's": (
                "[seed, step] → [step, seed]"
            ),
            "a code may be paired with itself: Δ is then 0 / 0": "integers(1, → integers(0,",
            "second is not counted from first: a code may be paired with itself": "first + →",
            "off by one: the largest number to add is never drawn": (
                "integers(1, codes → integers(1, codes - 1"
            ),
            "first and second are exchanged": "return first, second → return second, first",
        },
    ),
    Exercise(
        "03.adam",
        "adam_step(w, gradient, m, v, step, rate) -> (w, m, v); step from 1",
        adam_step,
        _adam_inputs,
        {
            "it goes up the gradient, not down": "w - → w +",
            "m and v are not corrected for their start at 0": (
                "/ (1 - beta1**step) →\n/ (1 - beta2**step) →"
            ),
            "the square root of v is missing": ".sqrt() →",
            "the two betas are exchanged": "beta1, beta2 = → beta2, beta1 =",
            "off by one: the correction is one step ahead": "**step → ** (step + 1)",
            "v averages |gradient|, not its square": "gradient.square() → gradient.abs()",
            "plain descent: m and v are not used for the step": "rate * change → rate * gradient",
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
            "decay and 1 - decay are exchanged": "return → decay = 1 - decay; return",
            "the plain mean of both": "return → decay = 0.5; return",
            "the new weights have the factor 1: the average grows": "(1 - decay) * →",
            "the old average is ignored": "return → decay = 0.0; return",
            "the new weights are ignored": "return → decay = 1.0; return",
            "both have the factor decay": "(1 - decay) → decay",
        },
    ),
)
