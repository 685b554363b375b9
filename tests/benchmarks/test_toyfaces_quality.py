"""The benchmark itself: what it asks, whom it asks, and that every section runs."""

import re
import sys
from dataclasses import replace

import pandas as pd
import pytest
import torch

from benchmarks import toyfaces_editing
from benchmarks.toyfaces_editing import (
    MAIN,
    PAIRS,
    Sentence,
    edit_table,
    image_change,
    kinds_table,
    sentences,
    table_text,
)
from benchmarks.toyfaces_quality import QUICK, SECTIONS, run
from deltaedit_kit.domain import Domain
from deltaedit_kit.domain.networks import Networks
from deltaedit_kit.mapper import DeltaMapper
from deltaedit_kit.support.errors import DeltaEditError
from deltaedit_kit.toyfaces.attributes import ATTRIBUTES, attribute
from deltaedit_kit.toyfaces.captions import HELD_OUT_PAIRS, HELD_OUT_WORDS
from deltaedit_kit.toyfaces.factors import FACTORS
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

    networks = Networks(
        generator, tiny_clip, DeltaMapper, lambda: torch.randn(total, 12), oracle=Guesses
    )
    return Domain(SPEC, networks)


def test_the_headline_covers_every_factor_and_everything_held_out():
    asked = sentences("main")
    plain = [s for s in asked if s.kind == "plain"]
    assert len(plain) >= 24
    assert {s.targets[0].factor for s in plain} == set(FACTORS)
    words = " ".join(s.text for s in asked if s.kind == "held-out word")
    assert all(re.search(rf"\b{word}\b", words) for word in HELD_OUT_WORDS)
    assert {frozenset(names) for _, names in PAIRS} == set(HELD_OUT_PAIRS)
    everything = [s for s in sentences("all") if s.kind == "plain"]
    assert len(everything) == len(ATTRIBUTES) > len(MAIN)


@pytest.mark.slow
def test_a_table_row_for_every_sentence_with_shares_and_counts():
    domain = portrait_domain()
    asked = [
        Sentence("face with glasses", (attribute("glasses"),)),
        Sentence("face with a fringe", (attribute("bangs"),), "held-out word"),
    ]
    table = edit_table(domain, asked, faces=5, pool=60).set_index("sentence")
    for sentence in asked:
        row = table.loc[sentence.text]
        assert row["faces"] == 5
        assert 0 <= row["success"] <= 1
        assert 0 <= row["side effect"] <= row["by"] <= 1
        assert row["most moved"] in set(FACTORS) - {sentence.targets[0].factor}
        assert -1 <= row["cos"] <= 1
    still = edit_table(domain, asked, faces=5, pool=60, strength=0.0)
    assert (still["success"] == 0).all()  # who lacks it and is left alone lacks it
    assert (still["side effect"] < 1e-3).all()
    with pytest.raises(DeltaEditError, match="lack"):
        edit_table(domain, asked, faces=60, pool=2)


def test_what_the_renderer_adds_moves_the_embedding():
    domain = portrait_domain()
    change = image_change(domain, [attribute("glasses")], n=6)
    assert change.shape == (12,)
    assert change.norm() > 1e-4


def test_the_summary_names_mean_and_worst():
    row = {"sentence": "a smiling face", "kind": "plain", "success": 0.9, "side effect": 0.02}
    worse = row | {"sentence": "a grinning face", "success": 0.7, "side effect": 0.04}
    table = pd.DataFrame([worse, row])
    kinds = kinds_table(table).loc["plain"]
    assert (kinds["success"], kinds["worst"]) == pytest.approx((0.8, 0.7))
    assert (kinds["side_effect"], kinds["worst_side_effect"]) == pytest.approx((0.03, 0.04))
    text = table_text(table)
    assert "70.0%" in text
    assert "a grinning face" in text


@pytest.mark.slow
def test_every_section_runs_on_the_shipped_weights(toyfaces, capsys):
    few = replace(
        QUICK, psnr=2, frechet=8, pairs=8, zero_shot=120, oracle=8, faces=4, pool=40, sentences=1
    )
    run(toyfaces, few)
    printed = capsys.readouterr().out
    for name in SECTIONS:
        assert f"== {name}" in printed
    assert len(re.findall(r"\d+\.\d+", printed)) > 40
