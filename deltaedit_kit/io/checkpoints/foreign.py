"""Published networks that look like the kit's and are others: each told by its own name.

An encoder of pSp loaded as e4e gives wrong codes without a word; a StyleGAN3 "lacks" a layer that
it never had. So what is known to be another thing is named before anybody looks for parts.

Sources: eladrich/pixel2style2pixel and yuval-alaluf/restyle-encoder (`encoder_type`, six input
channels), rosinality/style-based-gan-pytorch (StyleGAN1), NVlabs/stylegan3
(`networks_stylegan3.py`), Hugging Face transformers (CLIP's keys).
"""

from __future__ import annotations

from typing import Any

from deltaedit_kit.io.checkpoints.e4e import CHANNELS, TYPE, encoder_found
from deltaedit_kit.io.checkpoints.kind import places_of
from deltaedit_kit.io.checkpoints.pickle_data import Record, short
from deltaedit_kit.io.checkpoints.reading import Contents
from deltaedit_kit.io.checkpoints.stylegan2 import KEYS

# encoder_type -> whose it is
ENCODERS = {
    "GradualStyleEncoder": "pSp",
    "BackboneEncoderUsingLastLayerIntoW": "pSp",
    "BackboneEncoderUsingLastLayerIntoWPlus": "pSp",
    "BackboneEncoder": "ReStyle",
    "ResNetBackboneEncoder": "ReStyle",
    "ProgressiveBackboneEncoder": "ReStyle",
    "ResNetProgressiveBackboneEncoder": "ReStyle",
}
XL = (
    "StyleGAN-XL generator, made of StyleGAN3's layers, which have no style space of StyleGAN2's; "
    "give a StyleGAN2 generator, class-conditional ones with --class"
)
OTHERS = {  # a key that only it has -> what it is, and what to do
    "synthesis.input.transform": "StyleGAN3 generator, which has no style space of StyleGAN2's; "
    "give a StyleGAN2 generator",
    "generator.progression.0.adain1.style.linear.weight_orig": "StyleGAN1 generator, which "
    "normalises features in place of weights and has no style space; give a StyleGAN2 generator",
    "vision_model.embeddings.patch_embedding.weight": "CLIP in the layout of Hugging Face; give "
    "OpenAI's file, or a model name of open_clip",
    "final_linear.0.weight": "discriminator; give the generator",
}


def other_network(contents: Contents) -> str | None:
    """What the contents are, and the remedy: "pSp encoder (...); give ..."; None: not known."""
    encoder = encoder_found(contents)
    if encoder is not None:
        return _encoder(encoder[0].tensors.get("input_layer.0.weight"), encoder[1])
    if options := _options(contents.tree):  # an encoder of other keys
        return _encoder(None, options)
    synthesis = _modules(contents.tree, "synthesis")
    if "input" in synthesis and "b4" not in synthesis:  # it begins with Fourier features
        is_xl = "embed_proj" in _modules(contents.tree, "mapping")  # of an embedding of classes
        return XL if is_xl else OTHERS["synthesis.input.transform"]
    if _holds(contents.tree, *KEYS):  # beside whatever was trained with it
        return None
    return next((words for key, words in OTHERS.items() if _holds(contents.tree, key)), None)


def _holds(tree: Any, *names: str) -> bool:
    return next(places_of(tree, *names), None) is not None


def _encoder(first: Any, options: dict[str, Any]) -> str | None:
    """Words for an encoder that is not e4e's."""
    kind = options.get("encoder_type", TYPE)
    channels = CHANNELS if first is None or first.dim() != 4 else first.shape[1]
    remedy = "the kit reads encoders of e4e; give one, such as e4e_ffhq_encode.pt"
    if channels != CHANNELS:
        return f"ReStyle encoder (it takes {channels} channels: a picture and a guess); {remedy}"
    if kind != TYPE:
        whose = ENCODERS.get(kind, "another") if isinstance(kind, str) else "unknown"
        return f"{whose} encoder (encoder_type {short(kind)}); {remedy}"
    return None


def _options(tree: Any) -> dict[str, Any]:
    options = tree.get("opts") if isinstance(tree, dict) else None
    return options if isinstance(options, dict) and "encoder_type" in options else {}


def _modules(tree: Any, name: str) -> dict[str, Any]:
    """The modules of one part of a pickle's averaged generator; {} where there are none."""
    part = tree.get("G_ema") if isinstance(tree, dict) else None
    modules: dict[str, Any] = {}
    for inner in (name, ""):
        found = part.fields.get("_modules") if isinstance(part, Record) else None
        modules = found if isinstance(found, dict) else {}
        part = modules.get(inner)
    return modules
