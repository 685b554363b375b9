"""Networks that lie in files outside the package: downloaded, put there by hand, or made here.

    network --declared files--> obtain (cache, download, hash) --path--> reader --> network
       └──none published──> made on this machine? <folder>/mapper.safetensors --path--> reader

Every reader recognises the format from the content and executes nothing of it
(`deltaedit_kit.io.checkpoints`). A network that nobody published and nobody has made here says,
when it is touched, how to make it.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from torch import Tensor, nn

from deltaedit_kit.domain.networks import Networks
from deltaedit_kit.domain.spec import DomainSpec
from deltaedit_kit.io.checkpoints import arcface, e4e, loaders
from deltaedit_kit.io.checkpoints.reading import text_header
from deltaedit_kit.io.declaration import RENDERER
from deltaedit_kit.io.download import obtain
from deltaedit_kit.io.factor_oracle import FactorOracle, FactorReader
from deltaedit_kit.support.atomic import load_tensors
from deltaedit_kit.support.errors import DeltaEditError

if TYPE_CHECKING:
    from deltaedit_kit.clip_space import ClipSpace
    from deltaedit_kit.mapper import DeltaMapper
    from deltaedit_kit.stylegan2 import Generator
    from deltaedit_kit.stylespace import StyleLayout

# What the kit can make where nobody published it, and the commands that do.
COMMANDS = {
    "mapper": "`deltaedit codes {name} --samples 200000`, then `deltaedit train {name}`",
    "relevance": "`deltaedit relevance {name}`",
}
# Of the networks whose files need nothing of the declaration.
READERS: Mapping[str, Callable[[Path], object]] = {
    "mapper": loaders.load_delta_mapper,
    "relevance": loaders.load_relevance,
    "inversion": loaders.load_e4e,
    "identity": loaders.load_arcface,
}


@dataclass(frozen=True)
class DomainFiles:
    """Where the files of one declared domain lie."""

    spec: DomainSpec
    downloads: Path  # of the published files
    folder: Path  # of what is made here; the same folder for a domain of one's own

    def path(self, network: str) -> Path:
        """The file of a network, downloaded if need be.

        Raises `DeltaEditError` as `obtain` does, and for a network that is not there: why, and
        how to make it.
        """
        files = self.spec.published.get(network)
        if files:
            return obtain(files, self.downloads, self.reader(network))
        if self.made(network).is_file():
            return self.made(network)
        raise DeltaEditError(self.how_to_get(network))

    def made(self, network: str) -> Path:
        """Where a network made on this machine is looked for."""
        return self.folder / f"{network}.safetensors"

    def has(self, network: str) -> bool:
        """Whether there is a file of the network, here or at an address."""
        return bool(self.spec.published.get(network)) or self.made(network).is_file()

    def how_to_get(self, network: str) -> str:
        """Why a network is not there, and the commands that make it."""
        why = self.spec.absent.get(network, "its declaration names no file for it")
        text = f"domain {self.spec.name!r} has no {network}: {why}"
        is_own = self.downloads == self.folder  # a folder, not the kit's cache
        name = shlex.quote(str(self.folder if is_own else self.spec.name))
        if is_own and (self.folder / RENDERER).is_file():
            return f"{text}; make it with `deltaedit build {name}`"
        if network not in COMMANDS:
            return f"{text}; declare one in a domain folder of your own"
        commands = COMMANDS[network].format(name=name)
        return f"{text}; make it with {commands} (it is then found as {self.made(network)})"

    def networks(self) -> Networks:
        """Every network as a function that loads it, called when it is first touched."""
        return Networks(
            generator=lambda: self.read_generator(self.path("generator")),
            clip=lambda: self.read_clip(self.path("clip")),
            mapper=self.mapper,
            relevance=lambda: loaders.load_relevance(self.path("relevance")),
            inversion=self.inversion if self.has("inversion") else None,
            identity=self.identity if self.has("identity") else None,
            oracle=self.oracle if self.spec.factors and self.has("oracle") else None,
            header=lambda network: text_header(self.path(network)),
        )

    def reader(self, network: str) -> Callable[[Path], object]:
        """What reads a file whole, and raises DeltaEditError where it is not that network."""
        if network == "generator":
            return self.read_generator
        return self.read_clip if network == "clip" else READERS[network]

    def read_generator(self, path: Path) -> Generator:
        """StyleGAN2, of the resolution and the style widths that the declaration names."""
        generator = loaders.load_stylegan2(path)
        if generator.resolution != self.spec.resolution:
            raise DeltaEditError(
                f"{path} draws {generator.resolution} px, domain {self.spec.name!r} is declared "
                f"with {self.spec.resolution}; give its own generator, or mend the declaration"
            )
        declared, found = self.spec.style_widths, generator.style_widths
        if declared and found != declared:
            raise DeltaEditError(
                f"{path} has style widths {list(found)}, domain {self.spec.name!r} is declared "
                f"with {list(declared)}; give its own generator, or mend the declaration"
            )
        return generator

    def read_clip(self, path: Path) -> ClipSpace:
        """CLIP, taking pictures as the domain's codes were made."""
        if self.spec.clip_model is None:
            return loaders.load_clip(path, preprocessing=self.spec.preprocessing)
        return loaders.load_clip(self.spec.clip_model, path, self.spec.preprocessing)

    # Networks that are made ready: for another network, or for the domain's own pictures.
    def mapper(self, layout: StyleLayout, clip_width: int) -> DeltaMapper:
        """DeltaMapper for this layout of s and this CLIP."""
        path = self.path("mapper")
        mapper = loaders.load_delta_mapper(path, layout)
        if mapper.clip_width != clip_width:
            raise DeltaEditError(
                f"{path} reads CLIP vectors of width {mapper.clip_width}, the CLIP of domain "
                f"{self.spec.name!r} writes {clip_width}; train the mapper on codes of this CLIP"
            )
        return mapper

    def inversion(self) -> FromPictures:
        """e4e: aligned square pictures of any size -> w+."""
        encoder = loaders.load_e4e(self.path("inversion"))
        if encoder.mean_w is None:  # offsets need an origin: the generator's
            mean_w = self.read_generator(self.path("generator")).mean_w
            encoder.mean_w = None if mean_w is None else mean_w.expand(encoder.rows, -1)
        return FromPictures(encoder, partial(resized, side=e4e.INPUT_SIDE))

    def oracle(self) -> FactorOracle:
        """What reads the declared factors: made here by `deltaedit build`."""
        weights, _ = load_tensors(self.made("oracle"), "run `deltaedit build` again")
        reader = FactorReader.from_state_dict(weights, self.spec.resolution)
        return FactorOracle(reader, self.spec.factors, self.spec.neutral)

    def identity(self) -> FromPictures:
        """ArcFace: aligned square pictures of any size -> unit vectors."""

        def face(pictures: Tensor) -> Tensor:
            return arcface.face_crop(resized(pictures, arcface.ALIGNED_SIDE))

        return FromPictures(loaders.load_arcface(self.path("identity")), face)


class FromPictures(nn.Module):
    """A network that takes the domain's own pictures, made ready for it."""

    def __init__(self, network: nn.Module, prepare: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.network, self.prepare = network, prepare

    def forward(self, pictures: Tensor) -> Tensor:
        """Aligned pictures [n, 3, h, h] in [-1, 1] -> what the network says of them."""
        return self.network(self.prepare(pictures))


def resized(pictures: Tensor, side: int) -> Tensor:
    """Pictures [n, 3, h, h] -> [n, 3, side, side]: area averages down, bilinear up."""
    if pictures.shape[-1] >= side:
        return nn.functional.interpolate(pictures, (side, side), mode="area")
    return nn.functional.interpolate(pictures, (side, side), mode="bilinear")
