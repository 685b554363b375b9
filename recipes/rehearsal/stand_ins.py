"""Files of the true formats and sizes of the published networks, full of random numbers.

    TensorFlow pickle: (G, D, Gs)     382 MB at 1024 px, 357 MB at 256
    rosinality .pt: g, d, g_ema       381 MB
    ViT-B/32 as TorchScript archive   354 MB, half precision but for its table of words and norms
    e4e with its decoder              1.2 GB
    ArcFace, DeltaMapper, R           175 MB, 331 MB, 12 MB

The numbers follow from the names of the tensors (`io.standin`), so every run makes the same files.
Sizes of the networks: config-f of arXiv:1912.04958 (NVlabs/stylegan2), openai/CLIP,
omertov/encoder4editing, TreB1eN/InsightFace_Pytorch, Yueming6568/DeltaEdit.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from deltaedit_kit.clip_network import ClipNetwork
from deltaedit_kit.io.checkpoints.arcface import ArcFace
from deltaedit_kit.io.checkpoints.e4e import E4e
from deltaedit_kit.io.footprint import CONFIG_F, VIT_B_32
from deltaedit_kit.io.standin import by_rule, draw_unit_rows, normals
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.stylegan2 import Generator
from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.support.skeleton import skeleton
from tests.checkpoints.nvidia import tf_pickle
from tests.checkpoints.test_clip_files import Tree

FULL = ("token_embedding", "ln_", "positional_embedding", "class_embedding", "logit_scale")


def generator(resolution: int) -> Generator:
    """Config-f, w of 512, eight mapping layers; its mean of w estimated."""
    made = Generator(resolution, {k: v for k, v in CONFIG_F.items() if k <= resolution}, 512)
    made.load_state_dict(by_rule(made.state_dict()))
    made.estimate_mean_w(1000)
    return made


def discriminator(resolution: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Names and shapes of config-f's discriminator in TensorFlow, which nobody reads."""
    yield f"{resolution}x{resolution}/FromRGB/weight", (1, 1, 3, CONFIG_F[resolution])
    side = resolution
    while side > 4:
        wide, own = CONFIG_F[side], CONFIG_F[side // 2]
        yield f"{side}x{side}/Conv0/weight", (3, 3, wide, wide)
        yield f"{side}x{side}/Conv1_down/weight", (3, 3, wide, own)
        yield f"{side}x{side}/Skip/weight", (1, 1, wide, own)
        side //= 2
    yield "4x4/Conv/weight", (3, 3, 513, 512)
    yield "4x4/Dense0/weight", (8192, 512)
    yield "Output/weight", (512, 1)


def others(resolution: int) -> dict[str, Tensor]:
    """The discriminator as tensors."""
    return {name: normals(name, *shape) for name, shape in discriminator(resolution)}


def tensorflow(resolution: int, path: Path) -> None:
    """(G, D, Gs) as NVIDIA's programs of 2019 pickled them."""
    own = generator(resolution)
    beside = [(name, value.numpy()) for name, value in others(resolution).items()]
    again = [(name, np.array(value)) for name, value in own.state_dict().items()]
    path.write_bytes(tf_pickle(own, beside=(again, beside)))


def rosinality(resolution: int, path: Path) -> None:
    """`g_ema` with the networks that were trained beside it."""
    own = generator(resolution)
    state = own.state_dict()
    trained = {key: value + 0.01 for key, value in state.items()}
    tree = {"g": trained, "d": others(resolution), "g_ema": state, "latent_avg": own.mean_w}
    torch.save(tree, path)


def clip(path: Path) -> None:
    """ViT-B/32 as OpenAI's archive: halves, but for what its program keeps in full precision."""
    tree = Tree()
    for key, value in by_rule(shapes_of(lambda: ClipNetwork(VIT_B_32)), equalized=False).items():
        full = any(part in key for part in FULL)
        tree.put(key, value if full else value.half())
    for key, number in {"input_resolution": 224, "context_length": 77, "vocab_size": 49408}.items():
        tree.put(key, torch.tensor(number))
    torch.jit.save(torch.jit.script(tree), str(path))


def e4e(path: Path) -> None:
    """Encoder, decoder (a generator of 1024 px), mean code and options."""
    encoder = by_rule(shapes_of(lambda: E4e(18)), equalized=False)
    own = generator(1024)
    assert own.mean_w is not None
    state = {f"encoder.{key}": value for key, value in encoder.items()}
    state |= {f"decoder.{key}": value for key, value in own.state_dict().items()}
    options = Namespace(encoder_type="Encoder4Editing", start_from_latent_avg=True)
    mean = own.mean_w.expand(18, -1).clone()
    torch.save({"state_dict": state, "latent_avg": mean, "opts": vars(options)}, path)


def arcface(path: Path) -> None:
    """A bare state dict."""
    torch.save(by_rule(shapes_of(ArcFace), equalized=False), path)


def mapper(path: Path) -> None:
    """A bare state dict, for 6048 channels."""
    layout = StyleLayout((512,) * 10 + (256, 256, 128, 128, 64, 64, 32))
    torch.save(by_rule(shapes_of(lambda: DeltaMapper(layout, 512))), path)


def relevance(path: Path) -> None:
    """R [6048, 512], unit rows."""
    with path.open("wb") as file:
        np.save(file, draw_unit_rows("relevance", 6048, 512).numpy())


def shapes_of(build: Callable[[], nn.Module]) -> dict[str, Tensor]:
    """The state dict of a network, without its numbers."""
    with skeleton():
        return build().state_dict()


MAKERS: dict[str, Callable[[Path], None]] = {  # file name in a declaration -> what makes it
    "stylegan2-ffhq-config-f.pkl": lambda path: tensorflow(1024, path),
    "stylegan2-ffhq-config-f.pt": lambda path: rosinality(1024, path),
    "stylegan2-cat-config-f.pkl": lambda path: tensorflow(256, path),
    "ViT-B-32.pt": clip,
    "net_face.pth": mapper,
    "fs3.npy": relevance,
    "e4e_ffhq_encode.pt": e4e,
    "model_ir_se50.pth": arcface,
}


def make(name: str, folder: Path) -> Path:
    """The file called `name` in `folder`, made if it is not there."""
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".making")
        MAKERS[name](beside)
        beside.rename(path)
    return path
