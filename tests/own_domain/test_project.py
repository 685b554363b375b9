"""Beginning a domain: the example, what a renderer may return, and that loading runs nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from deltaedit_kit import load_domain
from deltaedit_kit.io.declaration import read_declaration
from deltaedit_kit.io.factor_oracle import attributes_of
from deltaedit_kit.labs.cli.main import main
from deltaedit_kit.labs.own_domain import new_project, open_project
from deltaedit_kit.support.errors import DeltaEditError


def test_the_example_draws_what_its_factors_say(tmp_path: Path) -> None:
    project = open_project(new_project(tmp_path / "mine"))
    assert project.spec.name == "mine"
    low, high = (project.render(torch.full((1, 5), value)) for value in (0.1, 0.9))
    assert low.shape == (1, 3, 64, 64)
    assert bool((low != high).any())
    assert low.abs().max() <= 1


def test_every_factor_of_the_example_moves_pixels_all_along(tmp_path: Path) -> None:
    project = open_project(new_project(tmp_path / "mine"))
    for k in range(len(project.factors)):
        walk = torch.full((6, 5), 0.5)
        walk[:, k] = torch.linspace(0, 1, 6)
        assert project.render(walk).diff(dim=0).abs().mean((1, 2, 3)).min() > 1e-3


def test_another_template_draws_and_speaks() -> None:
    project = open_project(Path(__file__).parent / "house")
    for k in range(len(project.factors)):
        walk = torch.full((6, 5), 0.5)
        walk[:, k] = torch.linspace(0, 1, 6)
        assert project.render(walk).diff(dim=0).abs().mean((1, 2, 3)).min() > 5e-4
    prompts = [row.prompt for row in attributes_of(project.spec.factors, project.spec.neutral)]
    assert prompts[:2] == ["narrow house", "wide house"]


def test_numpy_does_as_well(tmp_path: Path) -> None:
    folder = new_project(tmp_path / "mine")
    (folder / "renderer.py").write_text(
        "import numpy as np\n"
        "def draw(f, side):\n"
        "    grey = np.ones((1, 3, side, side)) * f['daylight'].numpy()[:, None]\n"
        "    return grey\n"
    )
    drawn = open_project(folder).render(torch.tensor([[0, 0, 0, 0, 0.25]]))
    assert torch.allclose(drawn, torch.tensor(-0.5))


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("return f['hat'] * 0", "cap_width"),
        ("return f['daylight'] * 0", "return"),
        ("import torch; return torch.full((len(f['daylight']), 3, side, side), 2.0)", "clamp"),
    ],
)
def test_a_wrong_renderer_is_told_what_is_wrong(tmp_path: Path, body: str, complaint: str) -> None:
    folder = new_project(tmp_path / "mine")
    (folder / "renderer.py").write_text(f"def draw(f, side):\n    {body}\n")
    with pytest.raises(DeltaEditError, match=complaint):
        open_project(folder).render(torch.rand(2, 5))


@pytest.mark.parametrize(
    ("source", "line"),
    [("def draw(f, side):\n    a = 1\n    return a @ a\n", 3), ("\n\nred = blue\n", 3)],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, source: str, line: int) -> None:
    folder = new_project(tmp_path / "mine")
    (folder / "renderer.py").write_text(source)
    with pytest.raises(DeltaEditError, match=f"in line {line}: "):
        open_project(folder).render(torch.rand(2, 5))


@pytest.mark.parametrize(
    ("factors", "wanted"), [(True, "boat with a wide cap"), (False, "a white boat")]
)
def test_a_domain_that_names_no_examples_has_some(
    tmp_path: Path, factors: bool, wanted: str
) -> None:
    path = new_project(tmp_path / "mine") / "domain.json"
    content = json.loads(path.read_text()) | {"neutral": "boat"}
    if not factors:
        content.pop("factors")
    path.write_text(json.dumps(content))
    assert wanted in read_declaration(path).examples


@pytest.mark.slow
def test_loading_a_domain_never_runs_its_renderer(tmp_path: Path, built: Path) -> None:
    ran = tmp_path / "ran"
    own = built / "renderer.py"
    kept = own.read_text()
    own.write_text(f"open({str(ran)!r}, 'w').close()\nraise SystemExit\n")
    try:
        domain = load_domain(built)
        assert domain.oracle is not None
        domain.oracle.read(torch.zeros(1, 3, 64, 64))
        assert domain.factors[0] == "cap_width"
        assert not ran.exists()
        with pytest.raises(DeltaEditError, match="SystemExit"):  # building does run it
            open_project(built)
        assert ran.exists()
    finally:
        own.write_text(kept)


@pytest.mark.parametrize("network", ["generator", "mapper"])
def test_a_network_that_is_not_built_yet_names_the_command(tmp_path: Path, network: str) -> None:
    domain = load_domain(new_project(tmp_path / "mine"))
    with pytest.raises(DeltaEditError, match="deltaedit build"):
        getattr(domain, network)


@pytest.mark.slow
def test_attributes_come_from_the_declaration(built: Path) -> None:
    rows = load_domain(built).attributes
    assert rows["red_cap"].prompt == "mushroom with a red cap"
    assert bool(rows["red_cap"].holds(torch.tensor(0.9)))
    assert not bool(rows["brown_cap"].holds(torch.tensor(0.9)))


@pytest.mark.slow
def test_an_oracle_of_other_factors_is_refused(built: Path, tmp_path: Path) -> None:
    content = json.loads((built / "domain.json").read_text())
    content["factors"].pop()
    (tmp_path / "domain.json").write_text(json.dumps(content))
    (tmp_path / "oracle.safetensors").write_bytes((built / "oracle.safetensors").read_bytes())
    with pytest.raises(DeltaEditError, match="names 4"):
        _ = load_domain(tmp_path).oracle


@pytest.mark.parametrize("clash", ["factor", "end"])
def test_names_that_clash_are_refused(tmp_path: Path, clash: str) -> None:
    folder = new_project(tmp_path / "mine")
    content = json.loads((folder / "domain.json").read_text())
    one, other = content["factors"][:2]
    if clash == "factor":
        other["name"] = one["name"]
    else:
        other["low"]["name"] = one["high"]["name"]
    (folder / "domain.json").write_text(json.dumps(content))
    with pytest.raises(DeltaEditError, match="name of its own"):
        load_domain(folder)


def test_new_domain_writes_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new-domain", str(tmp_path / "mine"), "--renderer"]) == 0
    assert main(["new-domain", str(tmp_path / "mine"), "--renderer"]) == 2
    assert "already" in capsys.readouterr().err
