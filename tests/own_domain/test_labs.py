"""The instruments of the kit take a built domain as they take any other."""

from __future__ import annotations

from pathlib import Path

import pytest

from deltaedit_kit import Editor, load_domain
from deltaedit_kit.domain import Domain
from deltaedit_kit.labs.compare.comparison import Comparison, Plan
from deltaedit_kit.labs.compare.prompts import default_prompts
from deltaedit_kit.labs.compare.results import Results
from deltaedit_kit.labs.delta_space.clouds import own_cloud, random_pairs
from deltaedit_kit.labs.metrics.edit_success import lacking
from deltaedit_kit.labs.own_domain.captioned import write_captioned
from deltaedit_kit.labs.studio import Studio
from deltaedit_kit.labs.studio.engine import Engine
from deltaedit_kit.labs.study.design import Design
from deltaedit_kit.labs.study.rehearsal import rehearse
from deltaedit_kit.labs.training.edit_accuracy import EditAccuracy
from deltaedit_kit.support.errors import DeltaEditError

pytestmark = pytest.mark.slow  # the domain must be built


@pytest.fixture(scope="module")
def domain(built: Path) -> Domain:
    return load_domain(built)


def askable(domain: Domain) -> list[str]:
    """Prompts of attributes that sampled pictures lack: an untrained generator has few."""
    oracle = domain.oracle
    assert oracle is not None
    read = oracle.read(domain.sample(32, seed=0).images)
    rows = domain.attributes.values()
    return [row.prompt for row in rows if lacking(oracle, read, [row]).all()]


def test_edit_accuracy_asks_for_its_attributes(domain: Domain) -> None:
    accuracy = EditAccuracy(domain, faces=1)
    assert {target.name for target in accuracy.targets} <= set(domain.attributes)
    assert 0 <= accuracy(domain.mapper) <= 1


def test_the_studio_opens(domain: Domain) -> None:
    studio = Studio(domain)
    studio.settle()
    look = Engine(domain).look(studio.state)
    assert look.after.shape == (3, 64, 64)
    assert not look.failed


def test_a_comparison_has_its_sentences(domain: Domain, tmp_path: Path) -> None:
    prompts = default_prompts(domain)
    assert {prompt.split for prompt in prompts} == {"test", "tune"}
    plan = Plan(("deltaedit",), ("short",), 4, strengths=(1.0,), reference_faces=8)
    Comparison(domain, plan, prompts[:2], tmp_path).run(progress=False)
    assert len(Results(tmp_path).runs) == 2


def test_the_delta_space_lab_reads_its_pictures(domain: Domain, tmp_path: Path) -> None:
    folder = write_captioned(domain, tmp_path / "captioned", 12)
    cloud = own_cloud(folder, domain.clip, progress=False).cloud
    assert len(cloud) == 12
    assert all("mushroom" in text for text in cloud.captions)
    assert len(random_pairs(cloud)[1]) > 0


def test_a_study_is_rehearsed(domain: Domain, tmp_path: Path) -> None:
    strong = Editor(domain)
    methods = {
        "one": strong.edit,
        "two": lambda faces, text: strong.edit(faces, text, strength=0.2),
    }
    design = Design(participants=4, rounds=2, checks=1)
    store = rehearse(tmp_path / "study.db", domain, methods, askable(domain)[:2], design)
    assert len(store.answers()) > 0
    store.close()


def test_a_study_needs_sentences_of_the_domain(domain: Domain, tmp_path: Path) -> None:
    with pytest.raises(DeltaEditError, match="narrow cap"):
        rehearse(tmp_path / "study.db", domain, {}, ["face with glasses"])
