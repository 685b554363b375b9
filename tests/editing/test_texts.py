"""Whatever a person pastes into the sentence: an edit or one line of error, nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltaedit_kit.editor import Editor
from deltaedit_kit.support.errors import DeltaEditError
from tests.tiny_domain import tiny_domain

DOMAIN = tiny_domain()
EDITOR = Editor(DOMAIN)
FACE = DOMAIN.sample(1, seed=0)

emoji = st.text(st.characters(min_codepoint=0x1F300, max_codepoint=0x1FAFF), max_size=20)
right_to_left = st.text(st.characters(min_codepoint=0x590, max_codepoint=0x6FF), max_size=40)
control = st.text(st.characters(max_codepoint=0x1F), max_size=20)
surrogates = st.text(st.characters(categories=["Cs"]), min_size=1, max_size=5)
markup = st.sampled_from(["<b>old</b>", "<script>alert(1)</script>", "$x_1$", "\\frac{1}{2}", "%s"])
long = st.integers(50, 10_000).map(lambda n: ("smile " * n)[:10_000])
one = st.one_of(st.text(), emoji, right_to_left, control, surrogates, markup, long)
anything = one | st.lists(one, min_size=2, max_size=4).map(" ".join)


def edit_or_one_line(text: object) -> str | None:
    """None after an edit that worked, otherwise the error's line."""
    try:
        edit = EDITOR.edit(FACE, text)
    except DeltaEditError as error:
        return str(error)
    assert edit.after.isfinite().all()
    assert edit.recipe["text"] == text
    return None


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(text=anything)
def test_any_text(text: str) -> None:
    message = edit_or_one_line(text)
    if message is not None:
        assert "\n" not in message
        assert 10 < len(message) < 400
