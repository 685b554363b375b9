"""toyfaces declared: procedural portraits whose two dozen factors are known numbers.

Because a renderer draws the training pictures, the effect of an edit can be *measured* by an
oracle that reads the factors off a picture again; no published domain allows that.
"""

from __future__ import annotations

from deltaedit_kit.domain.spec import DomainSpec

SPEC = DomainSpec(
    name="toyfaces",
    title="procedural portraits with known factors",
    resolution=128,
    neutral="face",
    threshold=0.010,
    strength=1.15,
    truncation=0.7,
    templates=(),  # the captions that trained this CLIP are whole sentences already
    preprocessing="plain",
    licence="MIT, like the code of the kit: trained by us, on pictures drawn by the kit",
    examples=(
        "face with glasses",
        "a smiling face",
        "face with a beard",
        "face with long blond hair",
        "face with grey hair",
        "face without bangs",
        "face with dark skin",
        "an angry face",
    ),
    files={
        "generator": "generator.safetensors",
        "clip": "clip.safetensors",
        "mapper": "mapper.safetensors",
        "relevance": "relevance.safetensors",
    },
    second_looks=2,
)
