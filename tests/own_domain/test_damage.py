"""Projects as they come: sent with links and pipes, damaged, too large, on a full disk."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
import torch

from deltaedit_kit.labs.own_domain import Sizes, build, new_project, open_project
from deltaedit_kit.labs.own_domain.loop import Schedule, descend
from deltaedit_kit.labs.own_domain.world import CHUNK, paired_world
from deltaedit_kit.support.atomic import load_tensors, save_tensors
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.support.lock import only_writer


def flat(factors: torch.Tensor) -> torch.Tensor:
    """Pictures of 8 px in the grey of their first factor."""
    return (factors[:, :1, None, None] * 2 - 1).expand(-1, 3, 8, 8)


def quiet(*_: object) -> None:
    """No progress."""


@pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")
@pytest.mark.parametrize(
    "name", ["build", "codes", "build/done.json", "renderer.py", "domain.json"]
)
@pytest.mark.parametrize("thing", ["pipe", "link"])
def test_no_link_or_pipe_of_a_project_is_followed(tmp_path: Path, name: str, thing: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    folder = new_project(tmp_path / "mine")
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name) if thing == "pipe" else (folder / name).symlink_to(home)
    with pytest.raises(DeltaEditError):
        build(folder, until="renders", say=quiet)
    assert not list(home.iterdir())


def test_a_second_build_says_that_the_first_one_runs(tmp_path: Path) -> None:
    folder = new_project(tmp_path / "mine")
    with (
        only_writer(folder / "build", "build"),
        pytest.raises(DeltaEditError, match="another process writes build"),
    ):
        build(folder, until="renders", say=quiet)
    assert not list((folder / "build").glob("renders-*"))


@pytest.mark.parametrize(
    "source",
    [
        b"import sys\nsys.exit(0)\n",
        b"def draw(factors, side):\n    raise SystemExit(0)\n",
        "# für alle\ndef draw(factors, side): return 1\n".encode("latin-1"),
        b"\0\0\0",
    ],
)
def test_a_renderer_that_leaves_or_cannot_be_read_is_one_line(
    tmp_path: Path, source: bytes
) -> None:
    folder = new_project(tmp_path / "mine")
    (folder / "renderer.py").write_bytes(source)
    with pytest.raises(DeltaEditError, match="renderer"):
        build(folder, until="renders", say=quiet)


def test_a_renderer_may_name_its_encoding(tmp_path: Path) -> None:
    folder = new_project(tmp_path / "mine")
    renderer = folder / "renderer.py"
    head = "# -*- coding: latin-1 -*-\n# für alle\n".encode("latin-1")
    renderer.write_bytes(head + renderer.read_bytes())
    assert open_project(folder).factors


@pytest.mark.parametrize("length", [0, 1, 250, 1000])
def test_renders_go_on_where_their_file_ends(tmp_path: Path, length: int) -> None:
    row = 3 * 8 * 8
    whole = paired_world(flat, 2, 200, 100, 16, tmp_path / "whole", quiet)
    content = (tmp_path / "whole").read_bytes() + bytes(row * CHUNK) * 10  # of a longer set
    (tmp_path / "cut").write_bytes(content[: length * row // 2])
    cut = paired_world(flat, 2, 200, 100, 16, tmp_path / "cut", quiet)
    assert (cut.pictures == whole.pictures).all()
    assert (tmp_path / "cut").stat().st_size == max(300 * row, length * row // 2)


def test_factors_that_z_cannot_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DeltaEditError, match="factors"):
        paired_world(flat, 100, 200, 100, 64, tmp_path / "file", quiet)


@pytest.mark.parametrize("content", ["[" * 100_000, "3", "[[]]", "{", "\ud83d"])
def test_a_damaged_list_of_what_is_done_is_begun_anew(
    tmp_path: Path, tiny: Sizes, content: str
) -> None:
    folder = new_project(tmp_path / "mine")
    draw = "def draw(f, side): return torch.zeros(len(next(iter(f.values()))), 3, side, side)"
    (folder / "renderer.py").write_text(f"import torch\n{draw}\n")
    (folder / "build").mkdir()
    (folder / "build" / "done.json").write_bytes(content.encode(errors="surrogatepass"))
    build(folder, tiny, "renders", say=quiet)
    assert "renders" in json.loads((folder / "build" / "done.json").read_text())


@pytest.mark.parametrize("wrong", ["names", "shapes", "step"])
def test_a_state_of_another_network_is_one_line(tmp_path: Path, wrong: str) -> None:
    path, network = tmp_path / "state.safetensors", torch.nn.Linear(3, 1)

    def train() -> None:
        descend(network, lambda _: network.weight.sum(), Schedule(1, 0.1), path, "m", quiet)

    train()
    tensors, header = load_tensors(path)
    if wrong == "names":
        tensors.pop("optimizer/weight/exp_avg")
    if wrong == "shapes":
        tensors["network/weight"] = torch.zeros(2, 2)
    if wrong == "step":
        header["step"] = "many"
    save_tensors(path, tensors, header)
    with pytest.raises(DeltaEditError, match="delete it"):
        train()


@pytest.mark.slow
def test_a_damaged_network_is_made_again(tmp_path: Path, built: Path, tiny: Sizes) -> None:
    folder = Path(shutil.copytree(built, tmp_path / "toadstools"))
    file = folder / "oracle.safetensors"
    whole = {name: x.clone() for name, x in load_tensors(file)[0].items()}  # not mapped
    file.write_bytes(file.read_bytes()[:-10])
    said: list[str] = []
    build(folder, tiny, say=said.append)
    again = load_tensors(file)[0]
    assert all(torch.equal(again[name], x) for name, x in whole.items())
    assert sum("already" in line for line in said) == len([x for x in said if "]" in x]) - 1
