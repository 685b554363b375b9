"""The embedded worlds that nobody arranged: files fit, and they edit what their CLIP knows."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from deltaedit_kit import Domain, Editor, load_domain
from deltaedit_kit.labs.metrics.edit_success import lacking, succeeded
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.toyfaces import learned, plain_clip
from deltaedit_kit.toyfaces.attributes import attribute

pytestmark = pytest.mark.slow
NAMES = (plain_clip.SPEC.name, learned.SPEC.name)


@pytest.fixture(scope="module", params=NAMES)
def world(request: pytest.FixtureRequest) -> Domain:
    return load_domain(request.param)


def test_sizes_agree(world: Domain) -> None:
    assert world.generator.resolution == world.spec.resolution
    assert world.relevance.shape == (world.layout.total, world.clip.width)
    assert world.mapper.clip_width == world.clip.width
    faces = world.sample(2, seed=1)
    world.check(faces)
    assert faces.images.shape[-1] == world.spec.resolution


def test_a_background_is_edited_and_the_same_codes_give_the_same_picture(world: Domain) -> None:
    """A colour that this CLIP knows; most faces get it."""
    wanted, oracle = attribute("blue_background"), world.oracle
    assert oracle is not None
    faces = world.sample(40, seed=2)
    before = oracle.read(faces.images)
    rows = lacking(oracle, before, (wanted,)).nonzero()[:12, 0].tolist()
    chosen = faces.select(rows)
    edit = Editor(world).edit(chosen, wanted.prompt)
    reached = succeeded(oracle, before[rows], oracle.read(edit.after), (wanted,))
    assert reached.float().mean() > 0.5
    again = Editor(world).edit(chosen, wanted.prompt)
    assert torch.equal(edit.after, again.after)


def test_worlds_do_not_mix() -> None:
    faces = load_domain(NAMES[0]).sample(1, seed=0)
    with pytest.raises(DeltaEditError, match=NAMES[0]):
        Editor(load_domain(NAMES[1])).edit(faces, "face with red hair")


@pytest.mark.parametrize("folder", [plain_clip.FOLDER, learned.FOLDER])
def test_every_file_has_a_card(folder: Path) -> None:
    cards = " ".join(card.read_text(encoding="utf-8") for card in folder.glob("*.md"))
    assert "recipes.toyfaces_learned" in cards
    assert {path.stem for path in folder.glob("*.safetensors")} >= {"mapper", "relevance"}
