"""state -> state: what each change does, and that it does nothing else."""

from __future__ import annotations

from dataclasses import fields

import pytest
import torch

from deltaedit_kit.labs.studio.engine import group_mask
from deltaedit_kit.labs.studio.history import DEEPEST, History
from deltaedit_kit.labs.studio.state import Sentence, StudioState, presets_of
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
        (FIRST.pick(3), {"row"}),
        (FIRST.reseed(7), {"seed"}),
        (FIRST.truncate(0.1), {"truncation"}),
        (FIRST.show_photo(0), {"photo"}),
        (FIRST.add("old"), {"sentences"}),
        (FIRST.write(0, "old"), {"sentences"}),
        (FIRST.weigh(0, -2), {"sentences"}),
        (FIRST.switch(0, False), {"sentences"}),
        (FIRST.delete(0), {"sentences"}),
        (FIRST.say_neutral("man"), {"neutral"}),
        (FIRST.set_threshold(0.2), {"threshold"}),
        (FIRST.allow("medium", False), {"groups"}),
    ],
)
def test_a_change_touches_one_field(state: StudioState, changed: set[str]) -> None:
    assert differing(FIRST, state) == changed


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FIRST.pick(6), "face is 6"),
        (lambda: FIRST.reseed(-1), "seed is -1"),
        (lambda: FIRST.truncate(1.6), "truncation is 1.6"),
        (lambda: FIRST.truncate(float("nan")), "truncation is nan"),
        (lambda: FIRST.weigh(0, 2.1), "strength is 2.1"),
        (lambda: FIRST.weigh(1, 1.0), "sentence is 1"),
        (lambda: FIRST.write(0, 5), "must be text, not int"),
        (lambda: FIRST.delete(0).delete(0), "there is no sentence"),
        (lambda: FIRST.put([Sentence("a")] * 9), "holds 8 sentences already"),
        (lambda: FIRST.set_threshold(-0.1), "threshold is -0.1"),
        (lambda: FIRST.allow("tiny", True), "no group is called 'tiny'"),
        (lambda: FIRST.say_neutral(None), "must be text"),
    ],
)
def test_what_cannot_be_says_so(make, message: str) -> None:
    with pytest.raises(DeltaEditError, match=message):
        make()


def test_any_choice_in_the_strip_leaves_the_photo() -> None:
    photo = FIRST.show_photo(2)
    for state in (photo.pick(1), photo.reseed(5), photo.truncate(1.0)):
        assert state.photo is None


def test_groups_keep_their_order_and_mask_their_layers() -> None:
    state = FIRST.allow("coarse", False).allow("coarse", True)
    assert state.groups == GROUPS
    assert [LAYOUT.group_of(k) for k in (0, 2, 3, 6, 7, 8)] == [
        "coarse", "coarse", "medium", "medium", "fine", "fine",
    ]  # fmt: skip
    masks = [group_mask(LAYOUT, (group,)) for group in GROUPS]
    assert [int(mask.sum()) for mask in masks] == [48, 64, 24]
    assert torch.equal(masks[0] | masks[1] | masks[2], torch.ones(136, dtype=torch.bool))
    assert not group_mask(LAYOUT, ()).any()
    assert masks[0][:48].all()


def test_presets_show_the_examples_alone_and_together() -> None:
    offered = presets_of(SPEC)
    assert set(SPEC.examples) < set(offered)
    together = FIRST.put(offered[" + ".join(SPEC.examples)])
    assert [s.text for s in together.sentences] == list(SPEC.examples)


def test_undo_and_redo_walk_the_states() -> None:
    states = [FIRST.weigh(0, k / 10) for k in range(5)]
    history = History(FIRST)
    for state in states:
        history = history.change(state)
    for state in [*reversed(states[:-1]), FIRST, FIRST]:
        history = history.undo()
        assert history.present == state
    for state in [*states, states[-1]]:
        history = history.redo()
        assert history.present == state
    branched = history.undo().change(FIRST.add("other"))
    assert branched.future == ()
    assert branched.undo().present == states[-2]


def test_an_equal_state_is_no_step() -> None:
    assert History(FIRST).change(FIRST.pick(0)).past == ()


def test_a_gesture_is_one_step_until_it_is_closed() -> None:
    history = History(FIRST)
    for k in range(50):
        history = history.change(FIRST.weigh(0, k / 50), gesture=("strength", 0))
    assert history.undo().present == FIRST
    again = history.close_gesture().change(FIRST.weigh(0, -1), ("strength", 0))
    assert again.undo().present == history.present
    other = history.change(history.present.pick(1), gesture="face")
    assert other.undo().present == history.present


def test_history_forgets_the_oldest() -> None:
    history = History(FIRST)
    for seed in range(1, DEEPEST + 50):
        history = history.change(FIRST.reseed(seed))
    assert len(history.past) == DEEPEST
