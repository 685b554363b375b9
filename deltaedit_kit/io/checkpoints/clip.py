"""CLIP from a name of open_clip or from a file, and the one mistake that nobody notices.

    load_clip("ViT-B-32-quickgelu", "openai")        downloaded by open_clip
    load_clip("ViT-B-32.pt")                         OpenAI's own file: JIT archive or state dict
    load_clip("ViT-B-32", "laion.safetensors")       any local weights for a model of open_clip

OpenAI's weights were trained with QuickGELU, x * sigmoid(1.702 x). Under a model name without it
they load, and every embedding is silently wrong; here that is an error which names the right name.
A JIT archive is read as data: its code is never run.

Sources: github.com/openai/CLIP, github.com/mlfoundations/open_clip (README, "QuickGELU").
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from deltaedit_kit.clip_network import NUMBERS, ClipNetwork
from deltaedit_kit.clip_space import CLIP_MEAN, ClipSpace, Tokenize
from deltaedit_kit.io.checkpoints.kind import Kind, Tensors, state_dict
from deltaedit_kit.support.errors import DeltaEditError

SCALE = "logit_scale"  # which every CLIP has
KEYS = ("token_embedding.weight", "text_projection", "visual.conv1.weight")
QUICK = "-quickgelu"


def refuse_name(name_or_path: str | Path) -> None:
    """Raise DeltaEditError for a model name in the place of a file, naming its weights."""
    if isinstance(name_or_path, str | Path) and os.path.exists(name_or_path):
        return  # without open_clip, which takes seconds to import
    from open_clip import list_models, list_pretrained_tags_by_model

    name = str(name_or_path).replace("/", "-")
    if name in list_models():
        tags = ", ".join(list_pretrained_tags_by_model(name)[:6])
        raise DeltaEditError(
            f"{name} is a model name; give weights too: a file, or in Python one of {tags}"
        )


def space_from(tensors: Tensors, preprocessing: str) -> ClipSpace:
    """The CLIP space of tensors in OpenAI's layout."""
    return ClipSpace(_network(tensors), None, preprocessing)


def _network(tensors: Tensors) -> nn.Module:
    """The network of a file in OpenAI's layout: ours, or open_clip's for a residual image tower."""
    if "visual.attnpool.positional_embedding" not in tensors:
        return ClipNetwork.from_state_dict(tensors)
    from open_clip.model import build_model_from_openai_state_dict

    weights = {key: value.float() for key, value in tensors.items() if key not in NUMBERS}
    try:
        model = build_model_from_openai_state_dict(dict(weights), cast_dtype=torch.float32).float()
        # The builder rounds to float16 on the way; the second reading is exact.
        model.load_state_dict(weights)
    except (KeyError, RuntimeError, IndexError, ValueError, AssertionError) as cause:
        raise DeltaEditError(
            f"these weights are not in OpenAI's CLIP layout ({cause}); convert them first"
        ) from cause
    return model.eval().requires_grad_(False)


def space_by_tag(name: str, tag: str, preprocessing: str) -> ClipSpace:
    """The CLIP space of a model of open_clip with weights that open_clip downloads."""
    tokenize = _tokenizer(known := _known_model(name))  # before a download or minutes of building
    return _space(_with_tag(known, tag), tokenize, preprocessing)


def published_as(name: str) -> tuple[str, str]:
    """A model of open_clip under the name that its first published weights need, and their tag.

    Raises DeltaEditError for an unknown name, and a model without published weights.
    """
    import open_clip

    known = _known_model(name)
    tags = open_clip.list_pretrained_tags_by_model(known)
    if not tags:
        raise DeltaEditError(f"nobody has published weights of {known}; give a file of them too")
    quick, other = open_clip.get_pretrained_cfg(known, tags[0]).get("quick_gelu"), known + QUICK
    return (other if quick and other in open_clip.list_models() else known), tags[0]


def preprocessing_of(name: str) -> str:
    """How a model of open_clip takes pictures, by the mean of the first weights published for it.

    Others of its weights may differ (LAION's ViT-L-14 are "plain"): whoever has those says so.
    Raises DeltaEditError for a mean that no preprocessing of the kit has (CLIPA's).
    """
    import open_clip

    known = _known_model(name)
    tags = open_clip.list_pretrained_tags_by_model(known)
    config: dict[str, Any] = open_clip.get_pretrained_cfg(known, tags[0]) if tags else {}
    mean: tuple[float, ...] = config.get("mean") or CLIP_MEAN
    ways = {0.5: "plain", 0.0: "unit", CLIP_MEAN[0]: "clip"}
    if mean[0] not in ways:
        raise DeltaEditError(
            f"{known} takes pictures less a mean of {mean[0]}, which no preprocessing of the kit "
            "does; give another model"
        )
    return ways[mean[0]]


def space_by_name(name: str, tensors: Tensors, preprocessing: str) -> ClipSpace:
    """The CLIP space of a model of open_clip with these weights."""
    tokenize = _tokenizer(known := _known_model(name))
    return _space(_with_tensors(known, tensors), tokenize, preprocessing)


def _space(model: nn.Module, tokenize: Tokenize | None, preprocessing: str) -> ClipSpace:
    return ClipSpace(model.float().eval().requires_grad_(False), tokenize, preprocessing)


def _tokenizer(name: str) -> Tokenize | None:
    """The tokenizer of a model of open_clip; None where it is OpenAI's, which the kit has."""
    import open_clip

    try:
        tokenizer = open_clip.get_tokenizer(name)
    except ImportError as cause:
        raise DeltaEditError(
            f"the tokenizer of {name} comes from Hugging Face through a package that is missing "
            f"({str(cause)[:80]}); run `pip install transformers sentencepiece`"
        ) from None
    except Exception as cause:  # hub, network: whatever the libraries below raise
        why = " ".join(str(cause).split())[:160]
        raise DeltaEditError(
            f"open_clip could not load the tokenizer of {name} ({why}); check the network: it is "
            "downloaded once"
        ) from None
    return None if type(tokenizer).__name__ == "SimpleTokenizer" else tokenizer


def _known_model(name: str) -> str:
    from open_clip import list_models

    plain, known = name.replace("/", "-"), list_models()  # OpenAI writes ViT-B/32
    if plain in known:
        return plain
    near = get_close_matches(plain, known, n=3, cutoff=0.4)
    advice = f"did you mean {', '.join(near)}?" if near else "see open_clip.list_models()"
    raise DeltaEditError(f"open_clip knows no model {name[:60]!r}; {advice}")


def _with_tag(name: str, tag: str) -> nn.Module:
    """The model with downloaded weights, the activation checked before the download."""
    import open_clip

    tags = open_clip.list_pretrained_tags_by_model(name)
    settings = open_clip.get_pretrained_cfg(name, tag)
    if not settings:
        known = ", ".join(tags[:8]) or "none"
        raise DeltaEditError(
            f"{name} has no weights called {tag[:60]!r}, nor is that a file; its tags: {known}"
        )
    _check_activation(name, bool(settings.get("quick_gelu")), f"the weights {tag!r}")
    where = settings.get("url") or f"https://huggingface.co/{settings.get('hf_hub')}"
    try:
        with quiet():
            return open_clip.create_model(name, pretrained=tag, weights_only=True)
    except Exception as cause:  # network, disk, hub: whatever the libraries below raise
        raise DeltaEditError(
            f"open_clip could not load {name} with {tag!r} ({str(cause)[:120]} ...); check the "
            f"network and the disk, or fetch {where} and give the file (--clip FILE --clip-model "
            f"{name})"
        ) from None


def _with_tensors(name: str, tensors: Tensors) -> nn.Module:
    """The model with weights that we have read."""
    import open_clip

    if any(key in tensors for key in NUMBERS):  # only OpenAI's own archives have them
        _check_activation(name, True, "it is a file of OpenAI's, whose weights")
    weights = {key: value for key, value in tensors.items() if key not in NUMBERS}
    with quiet():
        model = open_clip.create_model(name, pretrained=None, pretrained_text=False)
    try:
        model.load_state_dict(weights)
    except RuntimeError as cause:
        raise DeltaEditError(
            f"it does not fit {name}: {str(cause)[:200]}; give the name that it was trained as"
        ) from None
    return model


@contextmanager
def quiet() -> Iterator[None]:
    """Without the log: retries, which an error sums up, or that weights are not there yet."""
    loud = logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(loud)


def _check_activation(name: str, quick: bool, weights: str) -> None:
    """Refuse weights under a name with the other activation; the message has the right name."""
    import open_clip

    settings = open_clip.get_model_config(name) or {}
    if bool(settings.get("quick_gelu")) == quick:
        return
    other = f"{name}{QUICK}" if quick else name.removesuffix(QUICK)
    was, has = ("QuickGELU", "plain GELU") if quick else ("plain GELU", "QuickGELU")
    right = f"give {other!r}" if other in open_clip.list_models() else "use another model name"
    raise DeltaEditError(
        f"{weights} were trained with {was}, the model {name!r} has {has}: every embedding would "
        f"be silently wrong; {right}"
    )


def _sizes(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    sizes: dict[str, Any] = {
        "clip_width": tensors["text_projection"].shape[1],
        "context": tensors["positional_embedding"].shape[0],
        "vocabulary": tensors["token_embedding.weight"].shape[0],
    }
    if "visual.proj" in tensors:
        patch = tensors["visual.conv1.weight"].shape[-1]
        side = round((tensors["visual.positional_embedding"].shape[0] - 1) ** 0.5)
        return sizes | {"tower": f"ViT, patch {patch}", "input": f"{patch * side} px"}
    side = round((tensors["visual.attnpool.positional_embedding"].shape[0] - 1) ** 0.5)
    return sizes | {"tower": "ResNet", "input": f"{32 * side} px"}


KIND = Kind("clip", "CLIP", "load_clip", state_dict("OpenAI layout", *KEYS), _sizes)
# Of a model whose name is known: whatever its towers are called.
ANY = replace(KIND, match=state_dict("open_clip state dict", SCALE))
