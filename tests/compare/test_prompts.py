"""Files of sentences: what is read, and what is refused in words."""

from __future__ import annotations

import os

import pytest

from deltaedit_kit.labs.compare.evaluator import attributes_of
from deltaedit_kit.labs.compare.prompts import (
    Prompt,
    checked,
    default_prompts,
    of_split,
    read_prompts,
)
from deltaedit_kit.support.errors import DeltaEditError
from tests.tiny_domain import tiny_domain


def test_a_file_is_read(tmp_path):
    path = tmp_path / "prompts.csv"
    path.write_text(
        "\ufefftext,asks,split\n"
        '"an old face, with blue clothes",old+blue_clothes,test\n'
        "face with a beard,beard,tune\n"
        "a happy face,,\n",
        encoding="utf-8",
    )
    assert read_prompts(path) == [
        Prompt("an old face, with blue clothes", ("old", "blue_clothes"), "test"),
        Prompt("face with a beard", ("beard",), "tune"),
        Prompt("a happy face", (), "test"),
    ]


def test_texts_alone_are_enough(tmp_path):
    path = tmp_path / "prompts.csv"
    path.write_text("text\na happy face\n")
    assert read_prompts(path) == [Prompt("a happy face")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("text,aks\nface with glasses,glasses\n", "column 'aks'; did you mean 'asks'"),
        ("sentence\nface\n", "column 'sentence'"),
        ("asks\nglasses\n", "no column 'text'"),
        ("", "no column 'text'"),
        ("text,text\na face,a head\n", "'text' twice"),
        ("text,asks\n", "list of sentences is empty"),
        ("text,split\na face,testing\n", "line 2: split is 'testing'; use test or tune"),
        ("text,asks\na, b, c\n", "line 2 has more or fewer cells"),
        ("text\na face\na face\n", "in the list twice"),
        ("text,asks\n,glasses\n", "empty"),
    ],
)
def test_mistakes_in_a_file_are_told(tmp_path, content, words):
    path = tmp_path / "prompts.csv"
    path.write_text(content)
    with pytest.raises(DeltaEditError, match=words):
        read_prompts(path)


def test_a_file_that_is_none_is_told(tmp_path):
    with pytest.raises(DeltaEditError, match="cannot read sentences"):
        read_prompts(tmp_path / "nothing.csv")
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(DeltaEditError, match="cannot read sentences"):
        read_prompts(tmp_path / "picture.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(DeltaEditError, match="is a pipe"):
        read_prompts(tmp_path / "pipe.csv")


def test_texts_that_clip_cannot_read_are_told():
    with pytest.raises(DeltaEditError):
        checked([Prompt("   ")])
    with pytest.raises(DeltaEditError, match="empty"):
        checked([])


def test_the_default_sentences(toyfaces):
    prompts = default_prompts(toyfaces)
    assert len(of_split(prompts, "test")) == 24
    assert len(of_split(prompts, "tune")) == 6
    assert checked(prompts) == prompts  # no sentence is in both splits
    for prompt in prompts:
        assert len(attributes_of(prompt, toyfaces)) == 1
    assert default_prompts(tiny_domain()) == [Prompt(text) for text in tiny_domain().spec.examples]


def test_attributes_that_do_not_exist_are_told(toyfaces):
    with pytest.raises(DeltaEditError, match="glases"):
        attributes_of(Prompt("face with glasses", ("glases",)), toyfaces)
    with pytest.raises(DeltaEditError, match="has no attributes"):
        attributes_of(Prompt("face with glasses", ("glasses",)), tiny_domain())
