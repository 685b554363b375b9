"""A domain in use: networks that load at their first use, and pictures sampled from them.

    z ~ N(0, 1)  ->  w = mapping(z)  ->  w+ = expand(w)  ->  s = affine(w+)  ->  picture = G(s, w+)
    i = CLIP(picture),   both kept: an edit (arXiv:2303.06285) needs s and i

Sampling draws z on the CPU from its own seeded generator, so that the same seed gives the same
faces on every device and does not change other random numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from deltaedit_kit.domain.faces import Faces, SampleOrigin, check_faces
from deltaedit_kit.domain.fingerprint import check_header, compute_checksum
from deltaedit_kit.domain.networks import Networks, loading
from deltaedit_kit.domain.spec import DomainSpec
from deltaedit_kit.stylespace import StyleLayout
from deltaedit_kit.support.device import kit_defaults, usable_device
from deltaedit_kit.support.errors import (
    HIGHEST_SEED,
    DeltaEditError,
    check_finite,
    check_number,
    check_pictures,
    check_tensor,
    check_whole_number,
)

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from deltaedit_kit.clip_space import ClipSpace
    from deltaedit_kit.domain.oracle import Attribute, Oracle
    from deltaedit_kit.mapper import DeltaMapper
    from deltaedit_kit.stylegan2 import Generator

MOST_FACES = 1_000_000  # in one call: a number typed wrongly must not ask for all the memory
CODES_A_PASS = 4096  # through the mapping network
SAME = 1e-6  # |Δt| of two texts that say the same, but for rounding
PICTURES_A_PASS = 32  # up to 256 px; bounds memory, and a larger batch is no faster on a CPU


class Domain:
    """What is edited: `.spec .generator .clip .mapper .relevance .layout`, and `.sample()`.

    `.oracle`, `.inversion` and `.identity` are None where a domain has none.
    """

    def __init__(
        self,
        spec: DomainSpec,
        networks: Networks,
        device: str | torch.device = "cpu",
        folder: Path | None = None,
    ) -> None:
        """Remember where the networks are; nothing is loaded yet.

        `folder` is for what is made from the domain: codes, a mapper, R.
        Raises `DeltaEditError` for a device that torch does not know or this machine lacks.
        """
        self.spec = spec
        self.device = usable_device(device)
        self._folder = folder
        self._networks = networks
        self._fingerprints: dict[tuple[str, ...], str] = {}

    def __repr__(self) -> str:
        return f"Domain({self.spec.name!r}, {self.spec.resolution} px, device='{self.device}')"

    @property
    def folder(self) -> Path:
        """Where what is made from this domain is kept and looked for; nothing is made yet.

        Raises `DeltaEditError` for a domain that was made without one.
        """
        if self._folder is None:
            raise DeltaEditError(
                f"domain {self.spec.name!r} has no folder; make it with Domain(..., folder=PATH)"
            )
        return self._folder

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
        check_header(self, "mapper", self._networks.header("mapper"))
        mapper = self._networks.mapper(self.layout, self.clip.width)
        return mapper.to(self.device).eval().requires_grad_(False)

    @cached_property
    @loading()
    def relevance(self) -> Float[Tensor, "S E"]:
        """R, float32: where in CLIP space a picture goes when one channel of s moves."""
        check_header(self, "relevance", self._networks.header("relevance"))
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
    def inversion(self) -> nn.Module | None:
        """Aligned pictures [n, 3, h, h] in [-1, 1] -> w+ [n, L, W]; None where there is none."""
        return self._frozen(self._networks.inversion)

    @cached_property
    @loading()
    def identity(self) -> nn.Module | None:
        """Likewise -> unit vectors [n, D], near for the same person; None where there is none."""
        return self._frozen(self._networks.identity)

    @cached_property
    def layout(self) -> StyleLayout:
        """Which channels of s belong to which layer and group."""
        return StyleLayout(self.generator.style_widths)

    @cached_property
    @loading()
    def oracle(self) -> Oracle | None:
        """What reads the factors off a picture, with their names; None where there is none."""
        return None if self._networks.oracle is None else self._networks.oracle()

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of what `read_factors` gives; () without an oracle."""
        return () if self.oracle is None else self.oracle.factors

    @property
    def attributes(self) -> Mapping[str, Attribute]:
        """What one may ask for by name, and the range of factors that answers; {} without."""
        return {} if self.oracle is None else self.oracle.attributes

    @cached_property
    @kit_defaults()
    def attribute_directions(self) -> Float[Tensor, "A E"]:
        """Δt of every attribute's own sentence, in the order of `attributes`; made once."""
        return self.delta_texts([one.prompt for one in self.attributes.values()])

    @property
    def read_factors(self) -> Callable[[Tensor], Tensor] | None:
        """Pictures [n, 3, H, W] in [-1, 1] -> factors [n, K]; None without an oracle."""
        return None if self.oracle is None else self.oracle.read

    def fingerprint(self, *networks: str) -> str:
        """Eight hex digits that change whenever a weight of the named networks does.

        "generator", "clip" (its image side; without names these two, on which codes depend),
        "text" (the rest of CLIP), "mean_w", "mapper", "relevance", "oracle", "inversion" and
        "identity"; one that the domain lacks changes nothing. CRC-32 of the weights in the order
        of their names as bytes, about a second a gigabyte, remembered.
        """
        asked = networks or ("generator", "clip")
        if asked not in self._fingerprints:
            self._fingerprints[asked] = compute_checksum(self, asked)
        return self._fingerprints[asked]

    def delta_text(self, sentence: str, neutral: str | None = None) -> Float[Tensor, " E"]:
        """Δt [E] of one sentence; see `delta_texts`."""
        return self.delta_texts([sentence], neutral)[0]

    @kit_defaults()
    @torch.no_grad()
    def delta_texts(
        self, sentences: Sequence[str], neutral: str | None = None
    ) -> Float[Tensor, "T E"]:
        """Δt [T, E] from the neutral word (None: the domain's) to each, with its templates.

        Not normalised: its length says how much there is to change. Raises `DeltaEditError` for
        texts that cannot be read, and for one that says the same, which has no direction.
        """
        neutral = self.spec.neutral if neutral is None else neutral
        deltas = self.clip.delta_texts(sentences, neutral, self.spec.templates or None)
        for sentence, length in zip(sentences, deltas.norm(dim=1).tolist(), strict=True):
            if not length > SAME:
                raise DeltaEditError(
                    f"{sentence[:60]!r} says the same as the neutral {neutral[:60]!r}; "
                    "name in the target what should change"
                )
        return deltas

    @kit_defaults()
    @torch.no_grad()
    def sample_w(
        self, n: int, seed: int, truncation: float = 1.0, correlated: int = 1
    ) -> Float[Tensor, "n W"]:
        """n codes w from a seed: the only place that draws z.

        With `correlated` > 1 so many neighbouring rows are alike but for few factors, where the
        domain can. Raises `DeltaEditError` as `sample` does, and where it cannot.
        """
        count = check_whole_number("n", n, 1, MOST_FACES)
        seed = check_whole_number("seed", seed, 0, HIGHEST_SEED)
        psi = check_number("truncation", truncation)
        random = torch.Generator().manual_seed(seed)
        if check_whole_number("correlated", correlated, 1) == 1:
            z = torch.randn(count, self.generator.style_dim, generator=random)
        elif (draw := self._networks.correlated) is None:
            raise DeltaEditError(
                f"domain {self.spec.name!r} draws no correlated codes; leave `correlated` at 1"
            )
        else:
            z = draw(count, correlated, random)
        parts = z.to(self.device).split(CODES_A_PASS)
        return torch.cat([self.generator.mapping(part, truncation=psi) for part in parts])

    @kit_defaults()
    @torch.no_grad()
    def sample(self, n: int, seed: int = 0, truncation: float | None = None) -> Faces:
        """n faces from a seed; `truncation` (None: the domain's) 1 is all variety, 0 the mean.

        The same arguments always give the same faces, and a larger n only adds to them.
        Raises `DeltaEditError` for n < 1 or above a million, a seed outside [0, 2**32) and
        truncation not finite.
        """
        psi = self.spec.truncation if truncation is None else truncation
        w_plus = self.generator.expand(self.sample_w(n, seed, psi))
        origin = SampleOrigin(int(seed), len(w_plus), float(psi), tuple(range(len(w_plus))))
        return self.faces_from(self.generator.to_style(w_plus), w_plus, origin)

    @kit_defaults()
    @torch.no_grad()
    def faces_from(
        self,
        s: Float[Tensor, "n S"],
        w_plus: Float[Tensor, "n L W"],
        origin: SampleOrigin | None = None,
    ) -> Faces:
        """Draw codes and embed the pictures, limited to [-1, 1]: the way into `Faces`.

        Raises `DeltaEditError` for codes of another generator, and for what are no finite tensors.
        """
        named = (("s", s), ("w+", w_plus))
        s, w_plus = (check_finite(name, x).to(self.device, torch.float32) for name, x in named)
        images = self._synthesize(s, w_plus)  # embedded as they are, like the reference's codes
        parts = images.split(PICTURES_A_PASS)
        clip = torch.cat([self.clip.encode_images(part, drawn=True) for part in parts])
        return Faces(s, w_plus, clip, _limited(images), self.spec.name, origin)

    def with_mapper(self, mapper: nn.Module) -> Domain:
        """The same domain, its loaded networks shared, with another mapper."""
        _ = self.generator, self.clip, self.relevance  # loaded once, not by every copy
        other = copy(self)
        other._fingerprints = {}
        other.__dict__["mapper"] = mapper  # where the cached property would have put its own
        return other

    def check(self, faces: Faces) -> None:
        """Make sure that these are faces of this domain, as `faces_from` makes them.

        Raises `DeltaEditError` for codes of another domain, size, type or device, for codes and
        pictures that are not finite, embeddings that are not unit, pictures outside [-1, 1].
        """
        rows, width = self.generator.latent_rows, self.generator.style_dim
        shapes = {"s": (self.layout.total,), "w_plus": (rows, width), "clip": (self.clip.width,)}
        check_faces(faces, self.spec.name, self.device, shapes)

    @kit_defaults()
    @torch.no_grad()
    def draw(
        self, s: Float[Tensor, "n S"], w_plus: Float[Tensor, "n L W"]
    ) -> Float[Tensor, "n 3 H W"]:
        """Pictures of codes in [-1, 1], with the generator's fixed noise, in bounded memory.

        NaN where a number overflowed: it must not pass for white. Raises `DeltaEditError` for codes
        of another generator, and for what are no tensors.
        """
        named = (("s", s), ("w+", w_plus))
        s, w_plus = (check_tensor(name, x).to(self.device, torch.float32) for name, x in named)
        return _limited(self._synthesize(s, w_plus))

    def _synthesize(self, s: Tensor, w_plus: Tensor) -> Tensor:
        size = pictures_a_pass(self.generator.resolution)
        parts = zip(s.split(size), w_plus.split(size), strict=True)
        return torch.cat([self.generator.synthesize(*part, noise="fixed") for part in parts])

    def _frozen(self, load: Callable[[], nn.Module] | None) -> nn.Module | None:
        """A network ready for use, which refuses what are no pictures in [-1, 1]."""
        if load is None:
            return None
        network = load().to(self.device).eval().requires_grad_(False)
        network.register_forward_pre_hook(_check_pictures)
        return network


def _check_pictures(_network: nn.Module, inputs: tuple[Tensor]) -> None:
    check_pictures("pictures", inputs[0], limited=False)


def _limited(drawn: Tensor) -> Tensor:
    """The same pictures, in place: limited to [-1, 1], infinity made NaN."""
    return drawn.nan_to_num_(math.nan, math.nan, math.nan).clamp_(-1, 1)


def pictures_a_pass(resolution: int) -> int:
    """How many pictures are drawn at once: memory goes by their area, 0.5 GiB each at 1024 px."""
    return max(PICTURES_A_PASS * 256**2 // max(resolution, 256) ** 2, 1)
