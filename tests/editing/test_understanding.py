"""What CLIP took a sentence for: by directions made by hand, and with the shipped networks."""

from __future__ import annotations

import pytest
import torch

from deltaedit_kit import Editor
from deltaedit_kit.domain import Domain
from deltaedit_kit.labs.understanding import Understanding, reached, reached_line, understand
from tests.tiny_domain import tiny_domain


def test_a_sum_of_directions_is_named_the_larger_part_first(toyfaces: Domain) -> None:
    known = dict(zip(toyfaces.attributes, toyfaces.attribute_directions, strict=True))
    both = 2 * known["glasses"] + known["long_hair"]
    (found,) = understand(toyfaces, ["by hand"], both[None])
    assert found.names == ("glasses", "long_hair")
    assert found.explained > 0.99
    assert found.length > 1.5
    assert not found.doubtful


def test_what_lies_across_all_of_them_is_nothing_that_has_a_name(toyfaces: Domain) -> None:
    known = toyfaces.attribute_directions
    across = torch.linalg.svd(known).Vh[-1]  # the direction that they use least
    (found,) = understand(toyfaces, ["by hand"], across[None])
    assert found.names == ()
    assert found.doubtful
    assert "nothing" in str(found)


def test_a_short_direction_is_told_by_its_length(toyfaces: Domain) -> None:
    row = list(toyfaces.attributes).index("smile")
    (found,) = understand(toyfaces, ["by hand"], 0.1 * toyfaces.attribute_directions[row][None])
    assert found.names == ("smile",)
    assert found.length == pytest.approx(0.1, abs=0.02)
    assert found.doubtful


def test_every_sentence_of_the_domain_is_taken_for_itself(toyfaces: Domain) -> None:
    found = understand(toyfaces, [one.prompt for one in toyfaces.attributes.values()])
    assert [one.names for one in found] == [(name,) for name in toyfaces.attributes]
    assert not any(one.doubtful for one in found)


@pytest.mark.slow
def test_what_was_reached_is_counted_on_faces_that_lacked_it(toyfaces: Domain) -> None:
    faces = toyfaces.sample(4, seed=0)
    edit = Editor(toyfaces).edit(faces, ["face with glasses", "face with long hair"])
    before = toyfaces.attributes["glasses"].holds(
        edit.factors_before[:, toyfaces.factors.index("glasses")]
    )
    first, second = reached(edit)
    lacked = 4 - int(before.sum())
    assert first["glasses"] == (lacked, lacked)
    assert "long_hair" in second
    assert f"glasses to {lacked} of {lacked}" in reached_line(first)
    (one,) = reached(Editor(toyfaces).edit(faces, "face with glasses"))
    assert one == first
    (still,) = reached(Editor(toyfaces).edit(faces, "face with glasses", strength=0))
    assert still == {}
    assert "nothing" in reached_line(still)


def test_a_domain_without_names_says_nothing() -> None:
    domain = tiny_domain(oracle=False)
    edit = Editor(domain).edit(domain.sample(1), "an old face")
    assert understand(domain, ["an old face"]) == ()
    assert reached(edit) == ()


def test_doubt_is_told_in_the_line() -> None:
    assert "%" not in str(Understanding("x", ("beard",), 0.95, 1.0))
    assert "60%" in str(Understanding("x", ("beard",), 0.6, 1.0))
    assert "20%" in str(Understanding("x", ("beard",), 0.95, 0.2))
