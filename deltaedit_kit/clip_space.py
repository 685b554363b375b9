"""CLIP space: pictures and texts as unit vectors, and the direction between two texts.

    i = normalise(E_image(picture))        t = normalise(mean_k E_text(template_k(text)))
    Δt = t(target) - t(neutral)

DeltaEdit rests on one observation: differences of CLIP embeddings of pictures and differences of
embeddings of texts are better aligned than the embeddings themselves, so a mapper that was trained
with Δi can be used with Δt (Lyu et al., CVPR 2023; CLIP: Radford et al., 2021, arXiv:2103.00020).

Any model with OpenAI's methods works: `encode_image`, `encode_text`, `visual.input_resolution` or
`visual.image_size`, `context_length`. `clip_network.py` has the one that the kit ships.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, get_args
from unicodedata import category

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from deltaedit_kit.clip_network import ClipNetwork
from deltaedit_kit.clip_tokenizer import tokenize
from deltaedit_kit.support.device import kit_defaults
from deltaedit_kit.support.errors import DeltaEditError, check_pictures, short_repr

Preprocessing = Literal["plain", "delta_edit", "clip", "unit"]
Tokenize = Callable[[list[str]], Tensor]

TEXTS_A_PASS = 256  # bounds memory: 800 texts in 79 templates are 63,200
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)  # of CLIP's training pictures, RGB in [0, 1]
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


class ClipSpace:
    """A CLIP model with its tokenizer and its way of taking pictures.

    `model` has OpenAI's methods, `tokenize` maps a list of texts to token ids int [n, context]
    (None: OpenAI's, `clip_tokenizer.py`), `preprocessing` is one of

    - "plain": resize to the model's input, values stay in [-1, 1] (our own small CLIPs);
    - "delta_edit": area average as the reference does it (nearest ×7, then average pooling to
      224), values stay in [-1, 1], no mean and deviation (the published mapper's codes);
    - "clip": to [0, 1], bicubic resize, CLIP's mean and deviation (the published R);
    - "unit": to [0, 1], bilinear resize (MobileCLIP; SigLIP's mean and deviation make it "plain").

    Raises DeltaEditError for an unknown preprocessing.
    """

    def __init__(
        self,
        model: Any,
        tokenize: Tokenize | None = None,
        preprocessing: Preprocessing | str = "plain",
    ) -> None:
        if preprocessing not in get_args(Preprocessing):
            known = ", ".join(get_args(Preprocessing))
            raise DeltaEditError(
                f"no preprocessing is called {preprocessing!r}; use one of {known}"
            )
        self.model = model
        self.preprocessing = preprocessing
        self.context_length = int(getattr(model, "context_length", 77))
        self.tokenize: Tokenize = tokenize or self._bundled_tokenize

    @classmethod
    def from_state_dict(
        cls, state_dict: Mapping[str, Tensor], preprocessing: Preprocessing | str = "plain"
    ) -> ClipSpace:
        """A space from weights in OpenAI's layout; raises as `ClipNetwork.from_state_dict`."""
        return cls(ClipNetwork.from_state_dict(state_dict), None, preprocessing)

    @property
    def width(self) -> int:
        """E, the length of an embedding."""
        projection = getattr(self.model, "text_projection", None)
        if projection is None:  # a text tower of its own, as SigLIP's and MobileCLIP's
            return int(self.model.text.output_dim)
        weight = getattr(projection, "weight", None)
        return int(projection.shape[1] if weight is None else weight.shape[0])

    @property
    def resolution(self) -> int:
        """Side of the square pictures that the image tower takes."""
        visual = self.model.visual
        side = getattr(visual, "input_resolution", None) or getattr(visual, "image_size", None)
        if side is None:
            raise DeltaEditError(
                "this CLIP does not tell its input size; give model.visual an input_resolution"
            )
        return int(side[0] if isinstance(side, tuple | list) else side)

    def to(self, device: torch.device | str) -> ClipSpace:
        """Move the model to `device`; returns the space itself."""
        self.model = self.model.to(device)
        return self

    def encode_images(
        self, pictures: Float[Tensor, "n 3 h w"], drawn: bool = False
    ) -> Float[Tensor, "n E"]:
        """Unit float32 embeddings [n, E] of square pictures in [-1, 1]; differentiable.

        `drawn`: as a generator draws them, not limited to that range yet. Raises DeltaEditError
        unless they are finite floats [n, 3, h, h] with n >= 1, and for another range.
        """
        check_pictures("pictures", pictures, limited=not drawn)
        if not len(pictures) or pictures.shape[2] != pictures.shape[3]:
            raise DeltaEditError(
                f"pictures have the shape {list(pictures.shape)}; give square ones, at least one, "
                "as [n, 3, h, h]"
            )
        device, dtype = self._home()
        prepared = prepare(pictures.to(device).float(), self.resolution, self.preprocessing)
        return nn.functional.normalize(self.model.encode_image(prepared.to(dtype)).float(), dim=-1)

    @torch.no_grad()
    @kit_defaults()
    def encode_texts(self, texts: Sequence[str]) -> Float[Tensor, "n E"]:
        """Unit float32 embeddings [n, E] of a list of texts.

        Raises DeltaEditError for something else than a list of texts, and for a text that is
        empty, binary, or longer than the model's context.
        """
        tokens = self.tokens(texts).to(self._home()[0])
        if isinstance(self.model, ClipNetwork):  # nothing behind the last end mark is ever read
            tokens = tokens[:, : int(tokens.argmax(dim=1).max()) + 1]
        parts = [self.model.encode_text(part).float() for part in tokens.split(TEXTS_A_PASS)]
        return nn.functional.normalize(torch.cat(parts), dim=-1)

    @torch.no_grad()
    def delta_texts(
        self, targets: Sequence[str], neutral: str, templates: Sequence[str] | None = None
    ) -> Float[Tensor, "T E"]:
        """Δt [T, E] from `neutral` to each target, not normalised: the relevance mask reads |Δt|.

        Each text is put into every template ("a photo of a {}."; None: the text alone), the unit
        embeddings are averaged and the average is normalised. Raises DeltaEditError as
        `encode_texts` does, and for a template without {}.
        """
        texts = [check_text(text) for text in (*targets, neutral)]
        frames = list(templates) if templates else ["{}"]
        for frame in frames:
            if "{}" not in frame:
                raise DeltaEditError(
                    f"template {frame!r} has no place for the text; put {{}} in it"
                )
        framed = [frame.replace("{}", text) for text in texts for frame in frames]
        means = self.encode_texts(framed).view(len(texts), len(frames), -1).mean(dim=1)
        unit = nn.functional.normalize(means, dim=-1)
        return unit[:-1] - unit[-1]

    def tokens(self, texts: Sequence[str]) -> Int[Tensor, "n L"]:
        """Token ids of checked texts; a text that does not fit raises, none is cut silently."""
        if isinstance(texts, str | bytes) or not isinstance(texts, Sequence) or not texts:
            raise DeltaEditError(f"give a list of texts, not {short_repr(texts)}")
        for text in texts:
            check_text(text)
        try:
            tokens = self.tokenize(list(texts))
        except RuntimeError as cause:  # how OpenAI's own tokenizer refuses a long text
            raise DeltaEditError(f"the tokenizer refused a text: {cause}; shorten it") from cause
        nothing = self.tokenize([""])[0]  # its marks alone, padded
        for text, row in zip(texts, tokens, strict=True):
            if torch.equal(row, nothing):  # the text was made of what the tokenizer strips
                raise DeltaEditError(f"text {short_repr(text)} holds no words; write what to see")
            if row[-1] != nothing[-1]:  # no padding: the last word may be cut
                self._check_length(text)
        return tokens

    def _check_length(self, text: str) -> None:
        if self.tokenize != self._bundled_tokenize:  # others cut without a word
            raise DeltaEditError(
                f"text {short_repr(text)} fills all {self.context_length} tokens that this CLIP "
                "reads, and may be cut; shorten it"
            )
        # A token spells at least one byte; cleaning lengthens a text by less than this.
        whole = self._bundled_tokenize([text], context=4 * len(text.encode()) + 2)
        count, room = int((whole[0].argmax() - 1).item()), self.context_length - 2
        if count > room:
            raise DeltaEditError(
                f"text {short_repr(text)} has {count} tokens, CLIP reads {room}; shorten it"
            )

    def _bundled_tokenize(self, texts: list[str], context: int | None = None) -> Tensor:
        return tokenize(texts, context_length=context or self.context_length)

    def _home(self) -> tuple[torch.device, torch.dtype]:
        parameters = getattr(self.model, "parameters", None)
        first = next(iter(parameters()), None) if parameters is not None else None
        if first is None:
            return torch.device("cpu"), torch.float32
        # OpenAI's CLIP on a GPU mixes precisions and says which one its pictures need.
        dtype = getattr(self.model, "dtype", first.dtype)
        return first.device, dtype if isinstance(dtype, torch.dtype) else first.dtype


def check_text(text: Any) -> str:
    """`text` itself if it can be read: a str with a visible character and no binary ones.

    Raises DeltaEditError naming what is wrong.
    """
    if not isinstance(text, str):
        raise DeltaEditError(f"a text must be a str, not {short_repr(text)}; write it in quotes")
    if any(category(c) in ("Cc", "Cs") and c not in "\t\n\r" for c in text):  # control, surrogate
        raise DeltaEditError(f"text {short_repr(text)} holds binary characters; write plain words")
    if not any(c.isprintable() and not c.isspace() for c in text):  # zero width spaces, say
        raise DeltaEditError('the text is empty; write what to see, such as "face with glasses"')
    return text


def prepare(
    pictures: Float[Tensor, "n 3 h h"], side: int, preprocessing: str
) -> Float[Tensor, "n 3 side side"]:
    """Pictures in [-1, 1] as the image tower wants them; see `ClipSpace` for the ways."""
    if preprocessing == "delta_edit":
        weights = area_weights(pictures.shape[-1], side, pictures.device).to(pictures.dtype)
        return weights @ pictures @ weights.T
    if pictures.shape[-1] != side:
        pictures = nn.functional.interpolate(
            pictures,
            size=(side, side),
            mode="bilinear" if preprocessing == "unit" else "bicubic",
            align_corners=False,
            antialias=True,
        )
    if preprocessing == "plain":
        return pictures
    if preprocessing == "unit":
        return pictures.clamp(-1, 1) * 0.5 + 0.5
    mean, deviation = (pictures.new_tensor(c).view(3, 1, 1) for c in (CLIP_MEAN, CLIP_STD))
    return (pictures.clamp(-1, 1) * 0.5 + 0.5 - mean) / deviation


@lru_cache(maxsize=8)  # every batch asks for the same
@torch.inference_mode(False)
def area_weights(
    source: int, side: int, device: torch.device | None = None
) -> Float[Tensor, "side source"]:
    """Row i: the share of each of `source` pixels in the i-th of `side` equal stretches; sums to 1.

    The reference upsamples ×7 by repetition and averages stretches of source/32, for side 224: a
    1024 picture grows to 7168² on the way. The overlap of the stretches is the same number.
    """
    stretch = source / side
    start = torch.arange(side, dtype=torch.float64)[:, None] * stretch
    pixel = torch.arange(source, dtype=torch.float64)[None, :]
    overlap = torch.minimum(start + stretch, pixel + 1) - torch.maximum(start, pixel)
    return (overlap.clamp(min=0) / stretch).float().to(device)
