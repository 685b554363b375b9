"""A domain in use: networks that load when first touched, and pictures sampled from them.

    z ~ N(0, 1)  ->  w = mapping(z)  ->  w+ = expand(w)  ->  s = affine(w+)  ->  picture = G(s, w+)
    i = CLIP(picture),   both kept: an edit (arXiv:2303.06285) needs s and i

Sampling draws z on the CPU from its own seeded generator, so that the same seed gives the same
faces on every device and leaves everybody else's random numbers alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from deltaedit_kit.device import usable_device
from deltaedit_kit.domain_spec import DomainSpec
from deltaedit_kit.errors import DeltaEditError, finite_number, tensor, whole_number
from deltaedit_kit.faces import Faces, SampleOrigin
from deltaedit_kit.io.cache import own_folder
from deltaedit_kit.stylespace import StyleLayout

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from deltaedit_kit.clip_space import ClipSpace
    from deltaedit_kit.mapper import DeltaMapper
    from deltaedit_kit.stylegan2 import Generator

HIGHEST_SEED = 2**32 - 1
MOST_FACES = 1_000_000  # in one call: a number typed wrongly must not ask for all the memory
PICTURES_A_PASS = 32  # up to 256 px; bounds memory, and a larger batch is no faster on a CPU


@contextmanager
def loading() -> Iterator[None]:
    """Where networks are made: differentiable later whatever mode the caller is in, and without a
    number from the caller's random generator, although they start at random before weights come.
    """
    with torch.inference_mode(False), torch.random.fork_rng(devices=[]):
        yield


@dataclass(frozen=True)
class Networks:
    """How to get each network: called at its first use, never before, with the finished network.

    The mapper's sizes depend on the generator and on CLIP, hence its two arguments.
    """

    generator: Callable[[], Generator]
    clip: Callable[[], ClipSpace]
    mapper: Callable[[StyleLayout, int], DeltaMapper]  # (layout of s, CLIP width)
    relevance: Callable[[], Float[Tensor, "S E"]]  # unit rows
    read_factors: Callable[[Tensor], Tensor] | None = None  # pictures -> [n, K]
    relatives: Callable[[int, int, torch.Generator], Tensor] | None = None  # -> z [n, Z]
    inversion: Callable[[], Any] | None = None  # e4e: pictures -> w+
    identity: Callable[[], Any] | None = None  # ArcFace: pictures -> unit vectors


class Domain:
    """What is edited: `.spec .generator .clip .mapper .relevance .layout`, and `.sample()`.

    `.inversion`, `.identity`, `.read_factors` and `.relatives` are None where a domain has none.
    """

    def __init__(
        self,
        spec: DomainSpec,
        networks: Networks,
        device: str | torch.device = "cpu",
        folder: Path | None = None,
    ) -> None:
        """Remember where the networks are; nothing is loaded yet.

        `folder` is for what is made from the domain: codes, a mapper, R (None: the cache's).
        Raises `DeltaEditError` for a device that torch does not know or this machine lacks.
        """
        self.spec = spec
        self.device = usable_device(device)
        self._folder = folder
        self._networks = networks

    def __repr__(self) -> str:
        return f"Domain({self.spec.name!r}, {self.spec.resolution} px, device='{self.device}')"

    @property
    def folder(self) -> Path:
        """Where what is made from this domain is kept and looked for; nothing is made yet."""
        return own_folder(self.spec.name) if self._folder is None else self._folder

    # Networks load at their first use, which may stand under inference_mode: weights made there
    # could never be differentiated through, hence the decorators that switch it off.
    @cached_property
    @loading()
    def generator(self) -> Generator:
        """StyleGAN2 of the domain, frozen, in evaluation mode, its mean of w known."""
        generator = self._networks.generator().to(self.device).eval().requires_grad_(False)
        if generator.mean_w is None:  # some published files lack it; truncation needs it
            generator.estimate_mean_w()
        return generator

    @cached_property
    @loading()
    def clip(self) -> ClipSpace:
        """Pictures and texts -> unit vectors [n, E]."""
        return self._networks.clip().to(self.device)

    @cached_property
    @loading()
    def mapper(self) -> DeltaMapper:
        """(s [n, S], i [n, E], delta [n, E]) -> delta_s [n, S], trained without text."""
        mapper = self._networks.mapper(self.layout, self.clip.width)
        return mapper.to(self.device).eval().requires_grad_(False)

    @cached_property
    @loading()
    def relevance(self) -> Float[Tensor, "S E"]:
        """R, float32: where in CLIP space a picture goes when one channel of s moves."""
        relevance = self._networks.relevance().to(self.device, torch.float32)
        expected = (self.layout.total, self.clip.width)
        if tuple(relevance.shape) != expected:
            raise DeltaEditError(
                f"relevance matrix of {self.spec.name!r} is {list(relevance.shape)}, its networks "
                f"need {list(expected)}; make it again for this generator and CLIP"
            )
        return relevance

    @cached_property
    @loading()
    def inversion(self) -> Any | None:
        """Aligned pictures [n, 3, h, h] in [-1, 1] -> w+ [n, L, W]; None where there is none."""
        return self._frozen(self._networks.inversion)

    @cached_property
    @loading()
    def identity(self) -> Any | None:
        """Likewise -> unit vectors [n, D], near for the same person; None where there is none."""
        return self._frozen(self._networks.identity)

    @cached_property
    def layout(self) -> StyleLayout:
        """Which channels of s belong to which layer and group."""
        return StyleLayout(self.generator.style_widths)

    @cached_property
    def mark(self) -> str:
        """Eight hex digits that change with the generator or CLIP's image side, as codes do."""
        from deltaedit_kit.codes.header import networks_mark

        return networks_mark(self)

    @property
    def read_factors(self) -> Callable[[Tensor], Tensor] | None:
        """The oracle: pictures [n, 3, H, W] -> factors [n, K]; None where a domain has none."""
        return self._networks.read_factors

    @property
    def relatives(self) -> Callable[[int, int, torch.Generator], Tensor] | None:
        """(n, family, random) -> z [n, Z], families of rows much alike; None if there is none."""
        return self._networks.relatives

    @torch.no_grad()
    def sample(self, n: int, seed: int = 0, truncation: float | None = None) -> Faces:
        """n faces from a seed; `truncation` (None: the domain's) 1 is all variety, 0 the mean.

        The same arguments always give the same faces, and a larger n only adds to them.
        Raises `DeltaEditError` for n < 1 or above a million, a seed outside [0, 2**32) and
        truncation not finite.
        """
        count = whole_number("n", n, 1, MOST_FACES)
        seed = whole_number("seed", seed, 0, HIGHEST_SEED)
        psi = self.spec.truncation if truncation is None else truncation
        psi = finite_number("truncation", psi)
        z = torch.randn(
            (count, self.generator.style_dim), generator=torch.Generator().manual_seed(seed)
        )
        w_plus = self.generator.expand(self.generator.mapping(z.to(self.device), truncation=psi))
        return self.faces_from(
            self.generator.to_style(w_plus),
            w_plus,
            SampleOrigin(seed, count, psi, tuple(range(count))),
        )

    @torch.no_grad()
    def faces_from(
        self,
        s: Float[Tensor, "n S"],
        w_plus: Float[Tensor, "n L W"],
        origin: SampleOrigin | None = None,
    ) -> Faces:
        """Draw codes and embed the pictures, limited to [-1, 1]: the way into `Faces`.

        Raises `DeltaEditError` for codes of another generator, and for what is no tensor.
        """
        s, w_plus = tensor("s", s).to(self.device), tensor("w+", w_plus).to(self.device)
        images = self._synthesize(s, w_plus)  # embedded as they are, like the reference's codes
        clip = torch.cat([self.clip.encode_images(part) for part in images.split(PICTURES_A_PASS)])
        return Faces(s, w_plus, clip, _limited(images), self.spec.name, origin)

    @torch.no_grad()
    def draw(
        self, s: Float[Tensor, "n S"], w_plus: Float[Tensor, "n L W"]
    ) -> Float[Tensor, "n 3 H W"]:
        """Pictures of codes in [-1, 1], with the generator's fixed noise, in bounded memory.

        NaN where a number overflowed: it must not pass for white.
        """
        return _limited(self._synthesize(s, w_plus))

    def _synthesize(self, s: Tensor, w_plus: Tensor) -> Tensor:
        size = pictures_a_pass(self.generator.resolution)
        parts = zip(s.split(size), w_plus.split(size), strict=True)
        return torch.cat([self.generator.synthesize(*part, noise="fixed") for part in parts])

    def _frozen(self, load: Callable[[], Any] | None) -> Any | None:
        """A network ready for use; what is no torch module (a function, say) comes as it is."""
        network = None if load is None else load()
        if not isinstance(network, torch.nn.Module):
            return network
        return network.to(self.device).eval().requires_grad_(False)


def _limited(pictures: Tensor) -> Tensor:
    """The same pictures, in place: limited to [-1, 1], infinity made NaN."""
    return pictures.nan_to_num_(math.nan, math.nan, math.nan).clamp_(-1, 1)


def pictures_a_pass(resolution: int) -> int:
    """How many pictures are drawn at once: memory goes by their area, 0.5 GiB each at 1024 px."""
    return max(PICTURES_A_PASS * 256**2 // max(resolution, 256) ** 2, 1)
