"""The benchmark itself: what it asks, whom it asks, and that every section runs."""

import re
import sys
from dataclasses import replace

import pytest
import torch

from benchmarks import toyfaces_editing
from benchmarks.toyfaces_editing import (
    MAIN,
    PAIRS,
    Row,
    Sentence,
    edit_table,
    image_change,
    lacking,
    sentences,
    table_text,
)
from benchmarks.toyfaces_quality import QUICK, SECTIONS, run
from deltaedit_kit.domain import Domain
from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.networks import Networks
from deltaedit_kit.toyfaces.attributes import ATTRIBUTES, attribute
from deltaedit_kit.toyfaces.captions import HELD_OUT_PAIRS, HELD_OUT_WORDS
from deltaedit_kit.toyfaces.factors import (
    FACTORS,
    index,
    sample_factors,
)
from deltaedit_kit.toyfaces.oracle import PortraitOracle
from tests.tiny_domain import SPEC, tiny_clip, tiny_generator


@pytest.mark.parametrize("wrong", [("--faces", "-1"), ("--strength", "nan")])
def test_wrong_numbers_are_refused_in_one_line_before_anything_loads(
    wrong: tuple[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["toyfaces_editing", *wrong])
    monkeypatch.setattr(toyfaces_editing, "load_domain", lambda *_, **__: pytest.fail("loaded"))
    with pytest.raises(SystemExit):
        toyfaces_editing.main()
    assert f"error: {wrong[0]} is {wrong[1]}" in capsys.readouterr().err


def portrait_domain() -> Domain:
    """Random networks, and an "oracle" that reads 24 numbers off every picture."""
    weight = torch.randn(3 * 16, len(FACTORS))

    class Guesses(PortraitOracle):
        def read(self, pictures: torch.Tensor) -> torch.Tensor:
            small = torch.nn.functional.adaptive_avg_pool2d(pictures, 4).flatten(1)
            return torch.sin(20 * small @ weight) / 2 + 0.5

    total = sum(tiny_generator().style_widths)

    def generator():
        made = tiny_generator()
        made.estimate_mean_w(100)
        return made

    networks = Networks(generator, tiny_clip, DeltaMapper, lambda: torch.randn(total, 12), Guesses)
    return Domain(SPEC, networks)


def test_the_headline_covers_every_factor_and_everything_held_out():
    asked = sentences("main")
    plain = [s for s in asked if s.kind == "plain"]
    assert len(plain) >= 24
    assert {s.wishes[0].factor for s in plain} == set(FACTORS)
    words = " ".join(s.text for s in asked if s.kind == "held-out word")
    assert all(re.search(rf"\b{word}\b", words) for word in HELD_OUT_WORDS)
    assert {frozenset(names) for _, names in PAIRS} == set(HELD_OUT_PAIRS)
    everything = [s for s in sentences("all") if s.kind == "plain"]
    assert len(everything) == len(ATTRIBUTES) > len(MAIN)


def test_only_faces_that_lack_it_and_could_show_it_are_edited():
    factors = sample_factors(400, seed=1)
    red = attribute("red_clothes")
    rows = lacking(factors, [red])
    assert 0 < len(rows) < 400
    assert not red.holds(factors[rows, index("clothes_hue")]).any()
    assert (factors[rows, index("clothes_value")] >= red.needs[0][1]).all()
    both = lacking(factors, [attribute("glasses"), attribute("beard")])
    assert (factors[both, index("glasses")] < 0.65).all()
    assert (factors[both, index("beard")] < 0.45).all()


def test_a_table_row_for_every_sentence_with_shares_and_counts():
    domain = portrait_domain()
    asked = [
        Sentence("face with glasses", (attribute("glasses"),)),
        Sentence("face with a fringe", (attribute("bangs"),), "held-out word"),
    ]
    rows = edit_table(domain, asked, faces=5, pool=60)
    for row, sentence in zip(rows, asked, strict=True):
        assert row.sentence is sentence
        assert row.faces == 5
        assert 0 <= row.success <= 1
        assert 0 <= row.side <= row.suffered_by <= 1
        assert row.suffered in FACTORS
        assert row.suffered != sentence.wishes[0].factor
        assert -1 <= row.cosine <= 1
    still = edit_table(domain, asked, faces=5, pool=60, strength=0.0)
    assert [row.success for row in still] == [0, 0]  # who lacks it and is left alone lacks it
    assert all(row.side < 1e-3 for row in still)
    with pytest.raises(DeltaEditError, match="lack"):
        edit_table(domain, asked, faces=60, pool=2)


def test_the_wish_granted_by_the_renderer_moves_the_embedding():
    domain = portrait_domain()
    change = image_change(domain, [attribute("glasses")], n=6)
    assert change.shape == (12,)
    assert change.norm() > 1e-4


def test_the_summary_names_mean_and_worst():
    wish = attribute("smile")
    row = Row(Sentence("a smiling face", (wish,)), 10, 0.9, 0.02, "age", 0.1, 7, 0.5, 0.4)
    worse = replace(row, sentence=Sentence("a grinning face", (wish,)), success=0.7, side=0.04)
    text = table_text([row, worse])
    assert text.index("a grinning face") < text.index("a smiling face")
    assert "success mean 80.0% worst 70.0%, side effect mean 0.030 worst 0.040" in text


def test_every_section_runs_on_the_shipped_weights(toyfaces, capsys):
    few = replace(
        QUICK, psnr=2, frechet=8, pairs=8, zero_shot=120, oracle=8, faces=4, pool=40, sentences=1
    )
    run(toyfaces, few)
    printed = capsys.readouterr().out
    for name in SECTIONS:
        assert f"== {name}" in printed
    assert len(re.findall(r"\d+\.\d+", printed)) > 40
