"""state -> state: what each change does, and that it does nothing else."""

from __future__ import annotations

from dataclasses import fields

import pytest
import torch

from deltaedit_kit.labs.studio import faces, presets, sentences, settings
from deltaedit_kit.labs.studio.history import DEEPEST, History, change, close_gesture, redo, undo
from deltaedit_kit.labs.studio.state import Sentence, StudioState
from deltaedit_kit.stylespace import GROUPS, StyleLayout
from deltaedit_kit.support.errors import DeltaEditError
from tests.tiny_domain import SPEC

FIRST = StudioState.first(SPEC)
LAYOUT = StyleLayout((16,) * 8 + (8,))


def differing(one: StudioState, other: StudioState) -> set[str]:
    return {f.name for f in fields(one) if getattr(one, f.name) != getattr(other, f.name)}


def test_the_first_state_is_the_domains() -> None:
    assert FIRST.sentences == (Sentence(SPEC.examples[0], SPEC.strength),)
    assert (FIRST.neutral, FIRST.threshold) == (SPEC.neutral, SPEC.threshold)
    assert FIRST.groups == GROUPS


@pytest.mark.parametrize(
    ("state", "changed"),
    [
        (faces.pick(FIRST, 3), {"row"}),
        (faces.reseed(FIRST, 7), {"seed"}),
        (faces.truncate(FIRST, 0.1), {"truncation"}),
        (faces.show_photo(FIRST, 0), {"photo"}),
        (sentences.add(FIRST, "old"), {"sentences"}),
        (sentences.write(FIRST, 0, "old"), {"sentences"}),
        (sentences.weigh(FIRST, 0, -2), {"sentences"}),
        (sentences.switch(FIRST, 0, False), {"sentences"}),
        (sentences.delete(FIRST, 0), {"sentences"}),
        (settings.say_neutral(FIRST, "man"), {"neutral"}),
        (settings.set_threshold(FIRST, 0.2), {"threshold"}),
        (settings.allow(FIRST, "medium", False), {"groups"}),
    ],
)
def test_a_change_touches_one_field(state: StudioState, changed: set[str]) -> None:
    assert differing(FIRST, state) == changed


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: faces.pick(FIRST, 6), "face is 6"),
        (lambda: faces.reseed(FIRST, -1), "seed is -1"),
        (lambda: faces.truncate(FIRST, 1.6), "truncation is 1.6"),
        (lambda: faces.truncate(FIRST, float("nan")), "truncation is nan"),
        (lambda: sentences.weigh(FIRST, 0, 2.1), "strength is 2.1"),
        (lambda: sentences.weigh(FIRST, 1, 1.0), "sentence is 1"),
        (lambda: sentences.write(FIRST, 0, 5), "must be text, not int"),
        (lambda: sentences.delete(sentences.delete(FIRST, 0), 0), "there is no sentence"),
        (lambda: sentences.put(FIRST, [Sentence("a")] * 9), "holds 8 sentences already"),
        (lambda: settings.set_threshold(FIRST, -0.1), "threshold is -0.1"),
        (lambda: settings.allow(FIRST, "tiny", True), "no group is called 'tiny'"),
        (lambda: settings.say_neutral(FIRST, None), "must be text"),
        (lambda: presets.apply(FIRST, {}, "none"), "no preset is called 'none'"),
        (lambda: presets.remember({}, " \n", FIRST), "give the preset a name"),
    ],
)
def test_what_cannot_be_says_so(make, message: str) -> None:
    with pytest.raises(DeltaEditError, match=message):
        make()


def test_any_choice_in_the_strip_leaves_the_photo() -> None:
    photo = faces.show_photo(FIRST, 2)
    for state in (faces.pick(photo, 1), faces.reseed(photo, 5), faces.truncate(photo, 1.0)):
        assert state.photo is None


def test_groups_keep_their_order_and_mask_their_layers() -> None:
    state = settings.allow(settings.allow(FIRST, "coarse", False), "coarse", True)
    assert state.groups == GROUPS
    assert [LAYOUT.group_of(k) for k in (0, 2, 3, 6, 7, 8)] == [
        "coarse", "coarse", "medium", "medium", "fine", "fine",
    ]  # fmt: skip
    masks = [settings.group_mask(LAYOUT, (group,)) for group in GROUPS]
    assert [int(mask.sum()) for mask in masks] == [48, 64, 24]
    assert torch.equal(masks[0] | masks[1] | masks[2], torch.ones(136, dtype=torch.bool))
    assert not settings.group_mask(LAYOUT, ()).any()
    assert masks[0][:48].all()


def test_presets_show_the_examples_and_remember_ones_own() -> None:
    offered = presets.presets_of(SPEC)
    assert set(SPEC.examples) < set(offered)
    together = presets.apply(FIRST, offered, " + ".join(SPEC.examples))
    assert [s.text for s in together.sentences] == list(SPEC.examples)
    mine = presets.remember(offered, "  my  own ", sentences.weigh(FIRST, 0, -1))
    assert presets.apply(FIRST, mine, "my own").sentences[0].strength == -1
    assert "my own" not in offered


def test_undo_and_redo_walk_the_states() -> None:
    states = [sentences.weigh(FIRST, 0, k / 10) for k in range(5)]
    history = History(FIRST)
    for state in states:
        history = change(history, state)
    for state in [*reversed(states[:-1]), FIRST, FIRST]:
        history = undo(history)
        assert history.present == state
    for state in [*states, states[-1]]:
        history = redo(history)
        assert history.present == state
    branched = change(undo(history), sentences.add(FIRST, "other"))
    assert branched.future == ()
    assert undo(branched).present == states[-2]


def test_an_equal_state_is_no_step() -> None:
    history = change(History(FIRST), faces.pick(FIRST, 0))
    assert history.past == ()


def test_a_gesture_is_one_step_until_it_is_closed() -> None:
    history = History(FIRST)
    for k in range(50):
        history = change(history, sentences.weigh(FIRST, 0, k / 50), gesture=("strength", 0))
    assert undo(history).present == FIRST
    again = change(close_gesture(history), sentences.weigh(FIRST, 0, -1), ("strength", 0))
    assert undo(again).present == history.present
    other = change(history, faces.pick(history.present, 1), gesture="face")
    assert undo(other).present == history.present


def test_history_forgets_the_oldest() -> None:
    history = History(FIRST)
    for seed in range(1, DEEPEST + 50):
        history = change(history, faces.reseed(FIRST, seed))
    assert len(history.past) == DEEPEST
