"""The shipped networks through the door that everybody uses."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from deltaedit_kit import Domain
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.toyfaces import render
from deltaedit_kit.toyfaces.networks import SPEC
from deltaedit_kit.toyfaces.portraits import WEIGHTS

ROOT = Path(__file__).parents[2]
CARDS = sorted(WEIGHTS.rglob("*.md"))

ASK = """
import hashlib
from deltaedit_kit import Editor, load_domain
domain = load_domain("toyfaces")
edit = Editor(domain).edit(domain.sample(2, seed=11), "face with glasses")
levels = ((edit.after + 1) * 127.5).round().clamp(0, 255).byte()
print(hashlib.sha256(levels.numpy().tobytes()).hexdigest())
"""


def test_sizes_of_the_shipped_networks_agree(toyfaces: Domain) -> None:
    assert toyfaces.generator.resolution == SPEC.resolution == 128
    assert toyfaces.relevance.shape == (toyfaces.layout.total, toyfaces.clip.width)
    norms = toyfaces.relevance.norm(dim=1)
    assert torch.allclose(norms[norms > 0], torch.ones(int((norms > 0).sum())), atol=1e-4)
    assert toyfaces.mapper.clip_width == toyfaces.clip.width


def test_faces_look_like_the_renders_of_the_same_factors(toyfaces: Domain) -> None:
    """Rendered again from what the oracle reads, a face is nearer than any other to itself."""
    assert toyfaces.read_factors is not None
    faces = toyfaces.sample(12, seed=0)
    again = render(toyfaces.read_factors(faces.images))
    distances = (faces.images[:, None] - again).square().mean((2, 3, 4))  # [face, render]
    assert distances.argmin(dim=1).tolist() == list(range(12))
    assert distances.diagonal().mean() < 0.5 * distances.mean()


def test_oracle_reads_every_factor(toyfaces: Domain) -> None:
    from deltaedit_kit.toyfaces import FACTORS

    assert toyfaces.read_factors is not None
    factors = toyfaces.read_factors(toyfaces.sample(3, seed=1).images)
    assert factors.shape == (3, len(FACTORS))
    empty, bytes_ = torch.zeros(1, 3, 0, 8), torch.zeros(1, 3, 8, 8).byte()
    for wrong in (torch.zeros(3, 128, 128), empty, bytes_, [0.5]):
        with pytest.raises(DeltaEditError, match="pictures"):
            toyfaces.read_factors(wrong)


def test_what_is_said_of_pictures_is_float32_in_somebodys_autocast(toyfaces: Domain) -> None:
    assert toyfaces.read_factors is not None
    assert toyfaces.identity is not None
    pictures = toyfaces.sample(2, seed=1).images
    for read in (toyfaces.read_factors, toyfaces.identity, toyfaces.clip.encode_images):
        wanted = read(pictures)
        with torch.autocast("cpu", torch.bfloat16):
            found = read(pictures)
        assert found.numpy().dtype == "float32"  # numpy knows no bfloat16
        torch.testing.assert_close(found, wanted, atol=0.03, rtol=0)


@pytest.mark.parametrize("network", sorted(SPEC.files))
def test_each_shipped_network_has_its_card(network: str) -> None:
    from importlib.resources import files

    card = files("deltaedit_kit.toyfaces") / "weights" / f"{SPEC.files[network].split('.')[0]}.md"
    text = card.read_text(encoding="utf-8").lower()
    assert "recipes." in text
    assert "seed" in text


@pytest.mark.parametrize("card", CARDS, ids=lambda card: str(card.relative_to(WEIGHTS)))
def test_commands_and_files_that_a_card_names_are_there(card: Path) -> None:
    text = " ".join(card.read_text(encoding="utf-8").split())
    modules = re.findall(r"python -m ([\w.]+)", text)
    modules += [f"recipes.{name}" for name in re.findall(r"`recipes\.([\w.]+)`", text)]
    files = re.findall(r"`([\w/]+/\w+\.py)`", text)
    assert [name for name in modules if find_spec(name) is None] == []
    assert [file for file in files if not (ROOT / file).exists()] == []


@pytest.mark.slow
def test_two_processes_draw_the_same_edit() -> None:
    runs = [
        subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert runs[0].stdout == runs[1].stdout
    assert len(runs[0].stdout.strip()) == 64
