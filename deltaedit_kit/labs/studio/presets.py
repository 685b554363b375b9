"""Presets: a list of sentences under a name, to be put in the place of the present list.

The first ones come from the domain's examples: each alone, then the first few together, which
shows edit arithmetic at once. A user's own are remembered beside them for as long as the panel is
open; to keep one for longer, save the recipe.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from deltaedit_kit.domain.spec import DomainSpec
from deltaedit_kit.labs.studio.sentences import put
from deltaedit_kit.labs.studio.state import Sentence, StudioState
from deltaedit_kit.support.errors import DeltaEditError

TOGETHER = 3  # examples in the preset that mixes several
LONGEST_NAME = 60

Presets = Mapping[str, tuple[Sentence, ...]]


def presets_of(spec: DomainSpec) -> Presets:
    """The domain's examples, one by one, and the first three at once."""
    mixed = spec.examples[:TOGETHER]
    named: dict[str, tuple[Sentence, ...]] = {
        text: (Sentence(text, spec.strength),) for text in spec.examples
    }
    # Several steps add up: each a little shorter, so that the sum stays where faces are.
    shorter = round(0.8 * spec.strength, 2)
    named[" + ".join(mixed)] = tuple(Sentence(text, shorter) for text in mixed)
    return MappingProxyType(named)


def remember(presets: Presets, name: str, state: StudioState) -> Presets:
    """The presets with one more, the state's sentences; a name that is there is written over.

    Raises `DeltaEditError` for a name without a visible character or longer than 60 characters.
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise DeltaEditError(f"give the preset a name of 1 to {LONGEST_NAME} characters")
    return MappingProxyType({**presets, name: state.sentences})


def apply(state: StudioState, presets: Presets, name: str) -> StudioState:
    """The state with the sentences of a preset; everything else stays.

    Raises `DeltaEditError` for a name that is not there.
    """
    if name not in presets:
        raise DeltaEditError(f"no preset is called {name[:60]!r}; choose one from the list")
    return put(state, presets[name])
