"""What all methods share: the editor's call, recipes, refusals, and that faces never mix."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from itertools import count
from typing import Any

import pytest
import torch

from deltaedit_kit.editor import Editor
from deltaedit_kit.labs.compare.baselines import METHODS, make, method_class
from deltaedit_kit.support.errors import DeltaEditError
from tests.tiny_domain import tiny_domain

DOMAIN = tiny_domain()
FACES = DOMAIN.sample(3, seed=0)
TEXT = "face with glasses"


def small(name: str) -> dict[str, Any]:
    """A trial run's settings, every channel kept."""
    method = method_class(name)
    loose = {"threshold": 0.0} if "threshold" in asdict(method.settings_type()) else {}
    return dict(method.quick) | loose


@pytest.mark.parametrize("name", METHODS)
def test_every_method_answers_the_editors_call(name):
    method = make(name, DOMAIN, **small(name))
    assert method.name == name
    edit = method.edit(FACES, [TEXT, "an old face"], strength=0.5)
    wanted = Editor(DOMAIN).edit(FACES, [TEXT, "an old face"], strength=0.5)
    assert edit.after.shape == wanted.after.shape
    assert edit.delta_s.shape == wanted.delta_s.shape
    assert edit.kept.shape == wanted.kept.shape
    assert edit.texts == wanted.texts
    assert (edit.after[0] - FACES.images).abs().max() > 1e-4
    one = make(name, DOMAIN, **small(name)).edit(FACES, TEXT, strength=0.5)
    torch.testing.assert_close(one.after, edit.after[0])


@pytest.mark.parametrize("name", METHODS)
def test_a_recipe_makes_the_edit_again(name):
    method = make(name, DOMAIN, **small(name))
    edit = method.edit(FACES, TEXT, strength=-0.7)
    assert edit.recipe["settings"] == asdict(method.settings)
    again = make(name, DOMAIN).replay(edit.recipe)
    torch.testing.assert_close(again.after, edit.after)
    with pytest.raises(DeltaEditError, match="no recipe of a method"):
        method.replay({"kind": "soup"})
    with pytest.raises(DeltaEditError, match="not of"):
        method.replay(edit.recipe | {"method": "another"})


@pytest.mark.parametrize("name", METHODS)
def test_strength_0_changes_nothing_and_one_change_serves_all_strengths(name):
    method = make(name, DOMAIN, **small(name))
    change = method.change(FACES, TEXT)
    torch.testing.assert_close(method.apply(FACES, change, 0.0), FACES.images, atol=1e-4, rtol=0)
    pictures = method.apply(FACES, change, 0.4)
    torch.testing.assert_close(pictures, method.edit(FACES, TEXT, strength=0.4).after)
    if change.w_plus is not None:  # s is affine in w+: the same step both ways
        moved = DOMAIN.generator.to_style(FACES.w_plus + 0.4 * change.w_plus)
        torch.testing.assert_close(moved, FACES.s + 0.4 * change.s, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", METHODS)
def test_a_face_is_edited_as_if_it_were_alone(name):
    exact = small(name) | ({"fast": False} if "fast" in small(name) else {})
    together = make(name, DOMAIN, **exact).edit(FACES, TEXT, strength=0.5)
    alone = make(name, DOMAIN, **exact).edit(FACES.select([1]), TEXT, strength=0.5)
    torch.testing.assert_close(together.after[1:2], alone.after, atol=2e-3, rtol=0)


@pytest.mark.parametrize("name", METHODS)
def test_a_caller_in_inference_mode_gets_the_same_edit(name):
    """Gradients cannot be had there; a method that needs them must step out."""
    wanted = make(name, DOMAIN, **small(name)).edit(FACES, TEXT, strength=0.5).after
    with torch.inference_mode():
        faces = DOMAIN.sample(3, seed=0)
        found = make(name, DOMAIN, **small(name)).edit(faces, TEXT, strength=0.5).after
    torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("name", METHODS)
def test_a_callers_autocast_trains_and_optimises_alike(name):
    """Autocast keeps its first casts of the weights: nothing would be learned in it."""
    wanted = make(name, DOMAIN, **small(name)).change(FACES, TEXT)
    with torch.autocast("cpu", torch.bfloat16):
        found = make(name, DOMAIN, **small(name)).change(FACES, TEXT)
    torch.testing.assert_close(found.s, wanted.s, atol=0.02, rtol=0.05)


@pytest.mark.parametrize("name", METHODS)
def test_each_part_is_timed_once_a_sentence(name, monkeypatch):
    """A clock that goes on by one second whenever it is read: a part takes one second."""
    ticks = count()
    monkeypatch.setattr("deltaedit_kit.labs.compare.baselines.method.now", lambda _: next(ticks))
    method = make(name, DOMAIN, **small(name))
    seconds = method.change(FACES, TEXT).seconds
    assert seconds.edit == 1
    assert seconds.training == (name == "styleclip-mapper")


def test_published_hyper_parameters_are_the_defaults():
    """From the papers and the authors' public scripts; the modules say where each one stands."""
    published = {
        "styleclip-optimisation": {"steps": 300, "lr": 0.1, "l2": 0.008, "identity": 0.005},
        "styleclip-mapper": {"steps": 50_000, "batch": 2, "lr": 0.5, "l2": 0.8, "identity": 0.1},
        "styleclip-directions": {"strength": 4.1, "threshold": 0.15},
        "tedigan": {"steps": 200, "lr": 0.01, "pixels": 1.0, "clip": 1.0, "feature": 5e-5},
    }
    for name, values in published.items():
        assert values.items() <= asdict(make(name, DOMAIN).settings).items()
    own = asdict(make("deltaedit", DOMAIN).settings)
    assert own == {"strength": DOMAIN.spec.strength, "threshold": DOMAIN.spec.threshold}


def test_wishes_that_cannot_be_met_are_refused_in_words():
    with pytest.raises(DeltaEditError, match="did you mean 'tedigan'"):
        make("tedigam", DOMAIN)
    with pytest.raises(DeltaEditError, match="no setting 'step'; it has strength, steps"):
        make("tedigan", DOMAIN, step=3)
    with pytest.raises(DeltaEditError, match="steps is 0"):
        make("tedigan", DOMAIN, steps=0)
    with pytest.raises(DeltaEditError, match="a whole number"):
        make("tedigan", DOMAIN, steps=2.5)
    with pytest.raises(DeltaEditError, match="lr"):
        make("tedigan", DOMAIN, lr=math.nan)
    for settings in ({"codes": 0}, {"codes": 2.5}, {"seed": -1}, {"seed": 0.5}):
        with pytest.raises(DeltaEditError, match=f"{next(iter(settings))} is .*a whole number"):
            make("styleclip-mapper", DOMAIN, **settings)
    for settings in ({"fall": 0}, {"rise": 0.0}, {"rise": 1.5}):
        with pytest.raises(DeltaEditError, match="share of the steps"):
            make("styleclip-optimisation", DOMAIN, **settings)
    with pytest.raises(DeltaEditError, match="has no threshold"):
        make("tedigan", DOMAIN, steps=1).edit(FACES, TEXT, threshold=0.1)


@pytest.mark.parametrize("name", METHODS)
def test_bad_input_is_refused_before_any_work(name, monkeypatch):
    method = make(name, DOMAIN, **small(name))
    monkeypatch.setattr(method, "_change", None)  # whoever calls it gets a TypeError
    for text, words in (([], "empty"), (3, "text is int"), (b"face", "text is bytes")):
        with pytest.raises(DeltaEditError, match=words):
            method.edit(FACES, text)
    with pytest.raises(DeltaEditError, match="strength"):
        method.edit(FACES, TEXT, strength=math.nan)
    with pytest.raises(DeltaEditError, match="neutral"):
        method.edit(FACES, "face")
    with pytest.raises(DeltaEditError, match=r"words|long|tokens"):
        method.edit(FACES, "smile " * 300)
    with pytest.raises(DeltaEditError, match=r"domain|channels"):
        method.edit(replace(FACES, s=FACES.s[:, :-1]), TEXT)
