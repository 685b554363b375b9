"""Captions from folders, tables and lines: read as they stand, or listed; never changed or lost."""

from __future__ import annotations

import codecs
import json
import os
from pathlib import Path

import pytest

from deltaedit_kit.labs.delta_space.clouds import read_captions
from deltaedit_kit.support.errors import DeltaEditError
from tests.delta_space.small_clouds import picture


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for k in range(4):
        picture(tmp_path / f"{k}.png")
    return tmp_path


def read(folder: Path, name: str, content: str | bytes) -> tuple[dict[str, tuple[str, ...]], str]:
    """What is read of a list in `folder`: {picture: captions}, and the lines left out."""
    raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    (folder / name).write_bytes(raw)
    found = read_captions(folder / name)
    assert all("\n" not in line for line in found.skipped)
    return {path.name: texts for path, texts in found.items}, "\n".join(found.skipped)


def test_folder_with_captions_elsewhere(folder: Path) -> None:
    found = read_captions(folder)
    assert {path.name: texts for path, texts in found.items} == {
        "0.jpg": ("a smiling face", "a face with glasses"),
        "1.jpg": ("an old man",),
        "4.jpg": ("a young face",),
    }
    assert found.skipped == ("2.txt: the caption is empty", "images/3.jpg: no text file 3.txt")


def test_csv_adds_rows_and_columns_up(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    table = "Image,caption_1,caption_2\na.png,one,two\na.png,three,\nb.png,four,\n,five,\na.png,,\n"
    (tmp_path / "list.csv").write_text(table, encoding="utf-8-sig")
    found = read_captions(tmp_path / "list.csv")
    assert found.items == ((tmp_path / "a.png", ("one", "two", "three")),)
    assert found.skipped == (
        "list.csv line 4: there is no picture b.png",
        "list.csv line 5: no picture named",
        "list.csv line 6: the caption is empty",
    )


def test_jsonl_with_one_or_many_captions(tmp_path: Path) -> None:
    picture(tmp_path / "sub" / "a.png")
    lines = [
        json.dumps({"file_name": "sub/a.png", "text": "one"}),
        json.dumps({"image": "sub/a.png", "captions": ["two", ""]}),
        "{broken",
        json.dumps(["no", "object"]),
        "",
    ]
    (tmp_path / "list.jsonl").write_text("\n".join(lines))
    found = read_captions(tmp_path / "list.jsonl")
    assert found.items == ((tmp_path / "sub" / "a.png", ("one", "two")),)
    assert found.skipped == (
        "list.jsonl line 2: the caption is empty",
        "list.jsonl line 3: not JSON",
        "list.jsonl line 4: no picture or no caption named",
    )


def test_no_caption_of_a_jsonl_is_lost_without_a_line(tmp_path: Path) -> None:
    for name in ("1", "2"):
        picture(tmp_path / f"{name}.png")
    lines = [
        {"picture": "1.png", "captions": []},
        {"picture": "1.png", "caption": "first", "captions": ["second", "third"]},
        {"picture": "1.png", "caption": "fourth", "caption_2": "fifth"},
        {"picture": "2.png", "image": "1.png", "caption": "first", "text": "other"},
    ]
    (tmp_path / "list.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    found = read_captions(tmp_path / "list.jsonl")
    assert dict(found.items) == {
        tmp_path / "1.png": ("first", "second", "third", "fourth", "fifth"),
        tmp_path / "2.png": ("first",),
    }
    assert [line.partition(":")[0][-6:] for line in found.skipped] == ["line 1", "line 4", "line 4"]


def test_nothing_usable_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DeltaEditError, match="is not there"):
        read_captions(tmp_path / "nowhere")
    with pytest.raises(DeltaEditError, match="no picture with a caption"):
        read_captions(tmp_path)
    (tmp_path / "list.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DeltaEditError, match="has the columns a, b; name one"):
        read_captions(tmp_path / "list.csv")
    (tmp_path / "list.xlsx").write_text("")
    with pytest.raises(DeltaEditError, match="neither a folder nor"):
        read_captions(tmp_path / "list.xlsx")


# Encodings and lines


def test_utf_8_and_utf_16_are_read_right(pictures: Path) -> None:
    table = "picture,caption\n0.png,a caf\u00e9 owner\u2019s face\n1.png,\u4e00\u5f20\u8138\n"
    wanted = {"0.png": ("a caf\u00e9 owner\u2019s face",), "1.png": ("\u4e00\u5f20\u8138",)}
    for raw in (
        table.encode(),
        codecs.BOM_UTF8 + table.encode(),
        table.encode("utf-16"),
        codecs.BOM_UTF16_BE + table.encode("utf-16-be"),
    ):
        assert read(pictures, "c.csv", raw) == (wanted, "")


@pytest.mark.parametrize("encoding", ["cp1252", "cp1251", "latin-1", "cp932"])
def test_other_encodings_are_listed_row_by_row(pictures: Path, encoding: str) -> None:
    text = {"cp1251": "\u043b\u0438\u0446\u043e", "cp932": "\u9854"}.get(encoding, "caf\u00e9")
    rows = f"picture,caption\n0.png,{text}\n1.png,a face\n".encode(encoding)
    assert read(pictures, "c.csv", rows)[0] == {"1.png": ("a face",)}
    assert "c.csv line 2" in read(pictures, "c.csv", rows)[1]
    line = json.dumps({"picture": "0.png", "caption": text}, ensure_ascii=False).encode(encoding)
    assert "not UTF-8" in read(pictures, "c.jsonl", line + b'\n{"picture":"1.png","text":"b"}')[1]
    (pictures / "0.txt").write_bytes(text.encode(encoding))
    (pictures / "1.txt").write_text("a face")
    assert any("0.txt: is not UTF-8" in line for line in read_captions(pictures).skipped)


@pytest.mark.parametrize("inside", ["\u2028", "\u2029", "\x0c", "\x0b", "\x85", "\x1c"])
def test_a_line_ends_where_a_line_ends(pictures: Path, inside: str) -> None:
    text, wanted = f"a face{inside}with glasses", {"0.png": ("a face with glasses",)}
    line = json.dumps({"picture": "0.png", "caption": text}, ensure_ascii=False)
    rows = {"c.csv": f"picture,caption\n0.png,{text}\n"}
    if inside >= " ":  # JSON forbids bare control characters
        rows["c.jsonl"] = line + "\r\n"
    for name, content in rows.items():
        assert read(pictures, name, content) == (wanted, "")
        (pictures / name).unlink()
    (pictures / "0.txt").write_text(f"{text}\r\nanother\ra third\n", encoding="utf-8", newline="")
    (items,) = (texts for path, texts in read_captions(pictures).items if path.name == "0.png")
    assert items == ("a face with glasses", "another", "a third")


@pytest.mark.parametrize("letter", ["\0", "\x07", "\x1b", "\x7f"])
def test_control_characters_are_no_words(pictures: Path, letter: str) -> None:
    items, left = read(pictures, "c.csv", f"picture,caption\n0.png,a{letter}b\n1.png,a face\n")
    assert items == {"1.png": ("a face",)}
    assert "line 2: holds a control character" in left


# Columns


def test_numbers_and_lengths_of_captions_are_no_captions(pictures: Path) -> None:
    table = "file_name,caption_id,caption,text_length,caption_2\n0.png,12,a smiling face,14,b\n"
    assert read(pictures, "c.csv", table) == ({"0.png": ("a smiling face", "b")}, "")
    with pytest.raises(DeltaEditError, match="has the columns"):
        read(pictures, "c.csv", "file_name,caption_id,text_length\n0.png,12,14\n")


def test_one_kind_of_column_is_read_and_the_others_are_listed(pictures: Path) -> None:
    table = "path,text,picture,caption\n9.png,other words,0.png,a face\n"
    items, left = read(pictures, "c.csv", table)
    assert items == {"0.png": ("a face",)}
    assert "'text' is not read, there is 'caption'" in left
    assert "'path' is not read, there is 'picture'" in left


@pytest.mark.parametrize("names", ["picture,caption,caption", "picture,Picture,caption"])
def test_two_columns_of_one_name_are_refused(pictures: Path, names: str) -> None:
    with pytest.raises(DeltaEditError, match="two columns"):
        read(pictures, "c.csv", f"{names}\n0.png,a,b\n")


def test_commas_outside_of_quotes_are_told(pictures: Path) -> None:
    table = 'picture,caption\n0.png,a face, smiling\n1.png,"a face, smiling"\n2.png\n'
    items, left = read(pictures, "c.csv", table)
    assert items == {"1.png": ("a face, smiling",)}
    assert "line 2: 3 cells for 2 columns" in left
    assert "line 4: the caption is empty" in left


def test_quotes_that_do_not_close_swallow_nothing_silently(pictures: Path) -> None:
    open_end = 'picture,caption\n0.png,a face\n1.png,"a face\n2.png,b\n3.png,c\n'
    items, left = read(pictures, "c.csv", open_end)
    assert items == {"0.png": ("a face",)}
    assert "lines 3 to 5" in left
    late = 'picture,caption\n1.png,"a face\n2.png,"b\n3.png,c\n'
    items, left = read(pictures, "c.csv", late)
    assert items == {"3.png": ("c",)}
    assert "lines 2 to 3" in left
    two_lines = 'picture,caption\n1.png,"a face\nwith glasses"\n'
    assert read(pictures, "c.csv", two_lines) == ({"1.png": ("a face with glasses",)}, "")


def test_a_cell_beyond_the_limit_of_the_reader(pictures: Path) -> None:
    table = f"picture,caption\n0.png,{'a' * 140_000}\n1.png,a face\n"
    items, left = read(pictures, "c.csv", table)
    assert items == {"1.png": ("a face",)}
    assert "line 2: field larger" in left


# JSON


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ('{"picture": "0.png", "caption": null}', "no picture or no caption"),
        ('{"picture": null, "caption": "a"}', "no picture or no caption"),
        ('{"picture": "0.png", "caption": 12}', "type int"),
        ('{"picture": "0.png", "captions": ["b", null, {"raw": "c"}]}', "type NoneType"),
        ('{"picture": "0.png", "caption": {"raw": "a"}}', "type dict"),
        ('{"picture": ["0.png"], "caption": "a"}', "no picture or no caption"),
        ('{"picture": "0.png", "caption": "a", "caption": "b"}', "given twice"),
        ('{"picture": "0.png", "caption_id": "a"}', "no picture or no caption"),
        ('{"picture": "0.png", "caption": "half \\ud83d of it"}', "surrogate"),
        ('{"picture": "\\ud83d.png", "caption": "a"}', "surrogate"),
        ('{"picture": "0\\u0000.png", "caption": "a"}', "control character"),
        ("[" * 100_000, "deep"),
        ('{"a":' * 100_000, "deep"),
        ("9" * 5000, "not JSON"),
        ('"a"', "no picture or no caption"),
    ],
)
def test_json_that_holds_no_caption_is_listed(pictures: Path, entry: str, words: str) -> None:
    items, left = read(pictures, "c.jsonl", entry + '\n{"file": "1.png", "sentence": "a face"}')
    assert items["1.png"] == ("a face",)
    assert items.get("0.png", ("b",)) == ("b",)
    assert words in left


# Names


def test_no_picture_borrows_the_text_of_a_namesake(tmp_path: Path) -> None:
    for place in ("a/0.png", "b/0.png", "c/1.png", "images/2.png"):
        picture(tmp_path / place)
    for place in ("a/0.txt", "d/1.txt", "e/1.txt", "texts/2.txt", "texts/7.txt"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text(f"text of {place}")
    found = read_captions(tmp_path)
    assert {str(path.relative_to(tmp_path)): texts for path, texts in found.items} == {
        "a/0.png": ("text of a/0.txt",),
        "images/2.png": ("text of texts/2.txt",),
    }
    left = "\n".join(found.skipped)
    assert "b/0.png: no text file 0.txt" in left
    assert "c/1.png: several" in left
    assert "texts/7.txt: no picture" in left


@pytest.mark.parametrize("name", ["n" * 300 + ".png", "~nosuchuser/0.png", "no\0.png", "a/" * 3000])
def test_names_that_no_file_can_have_are_listed(pictures: Path, name: str) -> None:
    table = f"picture,caption\n{name},a face\n1.png,a face\n"
    items, left = read(pictures, "c.csv", table)
    assert items == {"1.png": ("a face",)}
    assert "line 2" in left
    assert len(left) < 400


@pytest.mark.parametrize("source", ["~nosuchuser/c.csv", "n" * 300, "c\0.csv", "", "/dev/zero"])
def test_a_list_that_cannot_be_is_one_line(source: str) -> None:
    with pytest.raises(DeltaEditError) as caught:
        read_captions(source)
    assert "\n" not in str(caught.value)


def test_the_home_folder_may_be_written_with_a_tilde(
    pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(pictures))
    (pictures / "c.csv").write_text("picture,caption\n~/0.png,a face\n")
    assert len(read_captions("~/c.csv")) == 1


def test_pipes_and_closed_folders_are_no_pictures(pictures: Path) -> None:
    os.mkfifo(pictures / "pipe.png")
    (pictures / "zero.png").symlink_to("/dev/zero")
    table = "picture,caption\npipe.png,a\nzero.png,a\n1.png,a face\n"
    items, left = read(pictures, "c.csv", table)
    assert items == {"1.png": ("a face",)}
    assert left.count("there is no picture") == 2
