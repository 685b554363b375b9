"""TensorFlow-era pickles (NVIDIA's LSUN cat, church, horse; config-f FFHQ) as our state dict.

Idea: the file is a tuple of three `dnnlib.tflib.network.Network`; the third is the averaged
generator, a list of named arrays. TensorFlow keeps channels last, so

    dense weight [in, out] -> transposed        convolution [k, k, in, out] -> [out, in, k, k]
    style bias -> +1 (it was added at run time)  upsampling weight -> mirrored in both axes

First the names of stylegan2-ada, then that module's way to ours: one mapping is enough.

Source: NVlabs/stylegan2 `training/networks_stylegan2.py`; the correspondence of names is that of
NVIDIA's own converter, `legacy.py` of NVlabs/stylegan2-ada-pytorch.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from deltaedit_kit.io.checkpoints.budget import Budget
from deltaedit_kit.io.checkpoints.pickle_data import Record, short
from deltaedit_kit.io.checkpoints.stylegan2_ada import ada_layout
from deltaedit_kit.stylegan2.ops import fir_kernel
from deltaedit_kit.support.errors import DeltaEditError

MOST_TAPS = 16  # of the filter that enlarges pictures
OLDEST = 4  # version of the Network pickles; older ones are StyleGAN 1


def is_tf(tree: Any) -> bool:
    """Whether a pickle's tree is a tuple of three TensorFlow networks."""
    return (
        isinstance(tree, tuple | list)
        and len(tree) == 3
        and all(isinstance(part, Record) and "variables" in part.fields for part in tree)
    )


def tf_state_dict(tree: Any, budget: Budget) -> dict[str, Tensor]:
    """The state dict of our generator, with `latent_avg`.

    Raises DeltaEditError for StyleGAN 1, classes, and settings that StyleGAN2 files do not have;
    KeyError for a missing array.
    """
    network = tree[2]
    settings = network.fields["static_kwargs"]
    _check(network, settings)
    arrays = dict(_arrays(network, budget))
    lr_mul = float(settings.get("mapping_lrmul", 0.01))
    taps = settings.get("resample_kernel") or (1, 3, 3, 1)
    if len(taps) > MOST_TAPS:
        raise DeltaEditError(f"its filter has {len(taps)} taps, StyleGAN2's has 4; it is refused")
    return ada_layout(dict(_ada_names(arrays, fir_kernel([float(tap) for tap in taps]))), lr_mul)


def _check(network: Record, settings: dict[str, Any]) -> None:
    version = network.fields.get("version", 0)
    if version < OLDEST:
        raise DeltaEditError(
            f"it is a StyleGAN1 generator (network version {short(version)}), which normalises "
            "features in place of weights and has no style space; give a StyleGAN2 one"
        )
    if settings.get("label_size"):
        raise DeltaEditError(
            "it is a class-conditional generator of TensorFlow's, whose classes cannot be folded "
            "into its weights; give one of stylegan2-ada-pytorch, or one without classes"
        )
    for setting, usual in (("architecture", "skip"), ("mapping_nonlinearity", "lrelu")):
        value = settings.get(setting, usual)
        if value != usual:
            raise DeltaEditError(
                f"its {setting} is {short(value)}; the kit knows StyleGAN2's {usual!r}"
            )


def _arrays(network: Record, budget: Budget, prefix: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """All arrays of a network and its components under one path each; scalars are arrays too.

    A component that is shared comes once for every way to it, so the budget is asked.
    """
    budget.step()
    budget.make(len(prefix))
    for name, value in network.fields["variables"]:
        budget.step()
        if isinstance(name, str) and isinstance(value, np.ndarray | int | float):
            array = np.asarray(value)
            budget.make(array.nbytes)
            yield f"{prefix}{name}", array
    for name, part in network.fields.get("components", {}).items():
        yield from _arrays(part, budget, f"{prefix}{name}/")


def _ada_names(arrays: dict[str, np.ndarray], fir: Tensor) -> Iterator[tuple[str, Tensor]]:
    """The arrays as stylegan2-ada names and shapes them."""
    index = 0
    while f"mapping/Dense{index}/weight" in arrays:
        yield f"mapping.fc{index}.weight", _tensor(arrays[f"mapping/Dense{index}/weight"].T)
        yield f"mapping.fc{index}.bias", _tensor(arrays[f"mapping/Dense{index}/bias"])
        index += 1
    yield "mapping.w_avg", _tensor(arrays["dlatent_avg"])
    yield "synthesis.b4.const", _tensor(arrays["synthesis/4x4/Const/const"][0])
    yield from _layer(arrays, "4x4/Conv", "b4.conv1", number=0)
    yield from _modulated(arrays, "4x4/ToRGB", "b4.torgb")
    level = 3
    while f"synthesis/{(size := 2**level)}x{size}/Conv1/weight" in arrays:
        block = f"{size}x{size}"
        yield f"synthesis.b{size}.resample_filter", fir
        yield f"synthesis.b{size}.conv0.resample_filter", fir
        yield from _layer(arrays, f"{block}/Conv0_up", f"b{size}.conv0", 2 * level - 5, up=True)
        yield from _layer(arrays, f"{block}/Conv1", f"b{size}.conv1", 2 * level - 4)
        yield from _modulated(arrays, f"{block}/ToRGB", f"b{size}.torgb")
        level += 1


def _layer(
    arrays: dict[str, np.ndarray], source: str, target: str, number: int, up: bool = False
) -> Iterator[tuple[str, Tensor]]:
    """One 3x3 layer with its noise picture, of which `number` is the count."""
    yield from _modulated(arrays, source, target, mirrored=up)
    strength = arrays.get(f"synthesis/{source}/noise_strength")
    if strength is not None:  # a network may be trained without noise
        yield f"synthesis.{target}.noise_strength", _tensor(strength)
        yield f"synthesis.{target}.noise_const", _tensor(arrays[f"synthesis/noise{number}"][0, 0])


def _modulated(
    arrays: dict[str, np.ndarray], source: str, target: str, mirrored: bool = False
) -> Iterator[tuple[str, Tensor]]:
    """Weight, bias and style of one modulated convolution."""
    source, target = f"synthesis/{source}", f"synthesis.{target}"
    weight = arrays[f"{source}/weight"].transpose(3, 2, 0, 1)  # [k, k, I, O] -> [O, I, k, k]
    yield f"{target}.weight", _tensor(weight).flip(2, 3) if mirrored else _tensor(weight)
    yield f"{target}.bias", _tensor(arrays[f"{source}/bias"])
    yield f"{target}.affine.weight", _tensor(arrays[f"{source}/mod_weight"].T)
    yield f"{target}.affine.bias", _tensor(arrays[f"{source}/mod_bias"] + 1)


def _tensor(array: Any) -> Tensor:
    """A float32 tensor in memory of its own."""
    plain = np.asarray(array)
    if not (plain.flags.writeable and plain.dtype.isnative):  # torch wants both
        plain = np.array(plain, plain.dtype.newbyteorder("="))
    return torch.empty(plain.shape, dtype=torch.float32, device="cpu").copy_(
        torch.from_numpy(plain)
    )
