"""Generators of StyleGAN2 whose pictures are not the kit's: grey, transparent, not square."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch.nn import Parameter

from deltaedit_kit.io.checkpoints.converting import convert
from deltaedit_kit.io.checkpoints.describing import describe
from deltaedit_kit.io.checkpoints.loaders import load_stylegan2
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.support.errors import DeltaEditError
from tests.checkpoints import small
from tests.checkpoints.nvidia import ada_pickle, ada_state, tf_pickle
from tests.tiny_domain import CHANNELS


def with_channels(channels: int) -> Generator:
    """Red alone, in so many channels."""
    made = small.generator()
    for name, part in made.named_parameters():
        if name.startswith("to_rgb") and part.shape[1:2] == (3,):
            part.data = part.data[:, :1].repeat_interleave(channels, dim=1)
    return made


def beginning_with(height: int, width: int) -> Generator:
    """Noise pictures of the same proportions as the constant."""
    made = small.generator()
    made.input.input = Parameter(torch.zeros(1, CHANNELS[4], height, width))
    for name, noise in list(made.noises.named_buffers()):
        scale = noise.shape[-1] // 4
        setattr(made.noises, name, torch.zeros(1, 1, height * scale, width * scale))
    return made


WRITERS: dict[str, Callable[[Generator, Path], object]] = {
    "rosinality": lambda made, path: torch.save({"g_ema": made.state_dict()}, path),
    "ada pickle": lambda made, path: path.write_bytes(ada_pickle(made)),
    "ada state": lambda made, path: torch.save(ada_state(made), path),
    "tensorflow": lambda made, path: path.write_bytes(tf_pickle(made)),
}


OTHERS = {  # what a generator is -> how to make it, and what the refusal says
    "grey": (lambda: with_channels(1), "grey-scale.*three times"),
    "wide": (lambda: beginning_with(4, 6), "non-square.*96 x 64 px.*square"),
    "transparent": (lambda: with_channels(4), "RGBA.*keep red, green and blue"),
    "of six channels": (lambda: with_channels(6), "6 channel.*RGB"),
    "of another side": (lambda: beginning_with(5, 5), "80 x 80 px.*power of 2"),
}
CASES = [(other, writer) for other in ("grey", "wide") for writer in WRITERS]
CASES += [(other, "rosinality") for other in list(OTHERS)[2:]]


@pytest.mark.parametrize(("other", "writer"), CASES)
def test_each_is_called_by_its_name(other: str, writer: str, tmp_path: Path) -> None:
    make, words = OTHERS[other]
    path = tmp_path / "network"
    WRITERS[writer](make(), path)
    for read in (load_stylegan2, lambda file: convert(file, tmp_path / "made.safetensors")):
        with pytest.raises(DeltaEditError, match=words):
            read(path)
    assert "power of 2" in describe(path).problem or "RGB" in describe(path).problem
    assert not (tmp_path / "made.safetensors").exists()


def test_what_is_advised_for_a_grey_one_draws_the_same(tmp_path: Path) -> None:
    grey = with_channels(1)
    state = grey.state_dict()
    for key in state:
        if key.startswith("to_rgb") and state[key].shape[1:2] == (1,):
            state[key] = state[key].repeat_interleave(3, dim=1)
    torch.save({"g_ema": state}, path := tmp_path / "repeated.pt")
    read = load_stylegan2(path)
    w_plus = grey.expand(grey.mapping(torch.randn(2, grey.style_dim)))
    with torch.no_grad():
        expected = grey.synthesize(grey.to_style(w_plus), w_plus)
        drawn = read.synthesize(read.to_style(w_plus), w_plus)
    torch.testing.assert_close(drawn, expected.expand_as(drawn))
