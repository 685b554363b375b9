"""stylegan2-ada-pytorch pickles: `G_ema`, a tree of persistent classes, as our state dict.

Idea: same network, other names and one other shape here and there. With b<r> the block of
resolution r and k counting the 3x3 layers from 0:

    mapping.fc<i>            -> style.<i+1>           mapping.w_avg     -> latent_avg
    synthesis.b4.const       -> input.input           b<r>.torgb        -> to_rgb1, to_rgbs.<j>
    b4.conv1, b<r>.conv0/1   -> conv1, convs.<k-1>    noise_const       -> noises.noise_<k>
    affine -> modulation     noise_strength -> noise.weight     resample_filter * 4 -> the FIRs

The source text of the classes that these pickles embed is neither compiled nor looked at.

Source: NVlabs/stylegan2-ada-pytorch `training/networks.py` (Karras et al., arXiv:2006.06676).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from deltaedit_kit.io.checkpoints.budget import Budget
from deltaedit_kit.io.checkpoints.pickle_data import Record, short
from deltaedit_kit.support.errors import DeltaEditError

ADA_KEYS = ("mapping.fc0.weight", "synthesis.b4.const")  # keys of such a state dict
LR_MUL = 0.01  # what the weights of our mapping network are multiplied with when they are used


def is_ada(tree: Any) -> bool:
    """Whether a pickle's tree is that of such a file."""
    return isinstance(tree, dict) and isinstance(tree.get("G_ema"), Record)


def ada_state_dict(
    tree: dict[str, Any], budget: Budget, label: int | None = None
) -> dict[str, Tensor]:
    """The state dict of our generator, with `latent_avg`; of a class-conditional one, of a class.

    Raises DeltaEditError for a class that is missing, not there or not asked for, an architecture
    without output skips, and (as KeyError) for a missing part.
    """
    generator = tree["G_ema"]
    _check(generator)
    given, gain = dict(_tensors(generator, budget)), _mapping_gain(generator)
    classes = generator.fields.get("c_dim") or 0
    if not isinstance(classes, int) or (classes and label is None):
        raise DeltaEditError(
            f"it is a class-conditional generator ({short(classes)} classes), and the kit's have "
            "none; keep one class of it: `deltaedit new-domain DIR --generator FILE --class 0`"
        )
    if label is None:
        return ada_layout(given, gain)
    if not 0 <= label < classes:
        raise DeltaEditError(
            f"there is no class {label} in it; "
            + (f"give 0 to {classes - 1}" if classes else "it has no classes: leave the class out")
        )
    made = ada_layout(_with_class(given, label, gain), gain)
    del made["latent_avg"]  # the mean over all classes; that of this one is estimated
    return made


def _with_class(given: dict[str, Tensor], label: int, lr_mul: float) -> dict[str, Tensor]:
    """The same network for one class: its embedding e becomes a part of the first bias.

    fc0 [x, e]:   lr / √(d + k) (W_x x + W_e e) + lr b   =   lr / √d W x + lr b'
    """
    embed = given["mapping.embed.weight"]  # [k, classes]
    e = embed[:, label] / embed.shape[1] ** 0.5 + given["mapping.embed.bias"]
    e = e * torch.rsqrt(e.square().mean() + 1e-8)
    weight = given["mapping.fc0.weight"]  # [w, d + k]
    depth = weight.shape[1] - len(e)
    if depth < 1:
        raise DeltaEditError("its embedding of classes does not fit its mapping network; refused")
    scaled = weight / weight.shape[1] ** 0.5
    folded = {
        "mapping.fc0.weight": scaled[:, :depth] * depth**0.5,
        "mapping.fc0.bias": given["mapping.fc0.bias"] + scaled[:, depth:] @ e,
    }
    return {key: value for key, value in given.items() if ".embed." not in key} | folded


def _check(generator: Record) -> None:
    """Only what StyleGAN2 itself is: output skips."""
    for block in _modules(_modules(generator)["synthesis"]).values():
        kind = block.fields.get("architecture", "skip")
        if kind != "skip":
            raise DeltaEditError(
                f"its synthesis network is of the architecture {short(kind)}; give one with "
                "output skips, as the published StyleGAN2 files have"
            )


def _modules(module: Record) -> dict[str, Any]:
    return _parts(module, "_modules")


def _parts(module: Record, kind: str) -> dict[str, Any]:
    """`_modules`, `_parameters` or `_buffers` of a module."""
    if not isinstance(module, Record) or not isinstance(module.fields[kind], dict):
        raise DeltaEditError("it describes a module that cannot be; it is refused")
    return module.fields[kind]


def _tensors(module: Record, budget: Budget, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
    """All tensors below a module, under the names of its own state dict.

    A module that is shared comes once for every way to it, so the budget is asked.
    """
    budget.step()
    budget.make(len(prefix))
    for kind in ("_parameters", "_buffers"):
        for key, value in _parts(module, kind).items():
            budget.step()
            if isinstance(value, Tensor):
                budget.make(value.numel() * value.element_size())
                yield f"{prefix}{key}", value
    for key, child in _modules(module).items():
        yield from _tensors(child, budget, f"{prefix}{key}.")


def _mapping_gain(generator: Record) -> float:
    """The learning-rate multiplier of the mapping network, as its layers remember it."""
    first = _modules(_modules(generator)["mapping"])["fc0"]
    return float(first.fields.get("bias_gain", LR_MUL))


def ada_layout(given: dict[str, Tensor], lr_mul: float) -> dict[str, Tensor]:
    """Names and shapes of stylegan2-ada -> ours. `lr_mul` is the mapping network's own."""
    made: dict[str, Tensor] = {}
    depth = sum(key.startswith("mapping.fc") and key.endswith(".weight") for key in given)
    for index in range(depth):
        for part in ("weight", "bias"):
            # We multiply with LR_MUL at run time, whatever the file did.
            value = given[f"mapping.fc{index}.{part}"] * (lr_mul / LR_MUL)
            made[f"style.{index + 1}.{part}"] = value
    made["latent_avg"] = given["mapping.w_avg"]
    made["input.input"] = given["synthesis.b4.const"][None]  # [1, C, 4, 4]
    made |= _layer(given, "synthesis.b4.conv1.", "conv1.", 0, up=False)
    made |= _to_rgb(given, "synthesis.b4.", "to_rgb1.", up=False)
    index = 0
    while f"{(block := f'synthesis.b{8 * 2**index}.')}conv0.weight" in given:
        for half, up in ((0, True), (1, False)):
            made |= _layer(
                given, f"{block}conv{half}.", f"convs.{2 * index + half}.", 2 * index + 1 + half, up
            )
        made |= _to_rgb(given, block, f"to_rgbs.{index}.", up=True)
        index += 1
    return made


def _layer(
    given: dict[str, Tensor], source: str, target: str, number: int, up: bool
) -> dict[str, Tensor]:
    """One 3x3 layer; `number` counts them, `up` says that it doubles the size."""
    made = _modulated(given, source, target)
    made[f"{target}activate.bias"] = given[f"{source}bias"]
    if f"{source}noise_strength" in given:  # a network may be trained without noise
        made[f"{target}noise.weight"] = given[f"{source}noise_strength"].reshape(1)
        made[f"noises.noise_{number}"] = given[f"{source}noise_const"][None, None]  # [1, 1, h, h]
    if up:
        made[f"{target}conv.blur.kernel"] = _fir(given[f"{source}resample_filter"])
    return made


def _to_rgb(given: dict[str, Tensor], block: str, target: str, up: bool) -> dict[str, Tensor]:
    """The ToRGB of a block; with `up` the FIR that enlarges the picture so far."""
    made = _modulated(given, f"{block}torgb.", target)
    made[f"{target}bias"] = given[f"{block}torgb.bias"].reshape(1, -1, 1, 1)
    if up:
        made[f"{target}upsample.kernel"] = _fir(given[f"{block}resample_filter"])
    return made


def _modulated(given: dict[str, Tensor], source: str, target: str) -> dict[str, Tensor]:
    """Weight and style of one modulated convolution."""
    return {
        f"{target}conv.weight": given[f"{source}weight"][None],  # [1, O, I, k, k]
        f"{target}conv.modulation.weight": given[f"{source}affine.weight"],
        f"{target}conv.modulation.bias": given[f"{source}affine.bias"],
    }


def _fir(kernel: Tensor) -> Tensor:
    """Their filter sums to 1 and is amplified when used; ours carries the gain 2 * 2 itself."""
    return kernel.to(torch.float32) * 4
