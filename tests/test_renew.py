"""What follows from a changed network, in an order in which every step finds its files."""

from __future__ import annotations

from importlib.util import find_spec

from recipes.renew import STEPS, steps_after


def test_every_command_names_a_module_that_exists() -> None:
    missing = [name for name, step in STEPS.items() if find_spec(step.command.split()[0]) is None]
    assert missing == []


def test_all_steps_come_after_what_they_need() -> None:
    order = steps_after(None)
    assert sorted(order) == sorted(STEPS)
    early = [
        (name, need)
        for name, step in STEPS.items()
        for need in step.needs
        if order.index(need) > order.index(name)
    ]
    assert early == []


def test_a_new_generator_leaves_what_does_not_read_it() -> None:
    follows = set(steps_after("generator"))
    assert {"mapper", "relevance", "comparison", "notebooks"} <= follows
    assert not follows & {"renders", "clip", "generator", "learned_generator", "identity"}
