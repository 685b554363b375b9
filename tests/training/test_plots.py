"""Figures of training: drawn from reports, rows and the shapes of the loaded domain."""

import matplotlib.text
import numpy as np
import pytest
from matplotlib.figure import Figure

from deltaedit_kit.labs.framework_figure import framework_figure
from deltaedit_kit.labs.training.ablation import sweep
from deltaedit_kit.labs.training.experiment import ExperimentConfig
from deltaedit_kit.labs.training.plots import curve_figure, sweep_figure
from deltaedit_kit.labs.training.start import train_fast
from deltaedit_kit.support.pictures import save_figure
from tests.tiny_domain import CLIP_WIDTH, tiny_domain
from tests.training.tiny import TINY, linear_codes

SHORT = ExperimentConfig(steps=6, batch=8, held_out=0.2, report_every=2)


def words(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(matplotlib.text.Text))


def test_curves_have_a_point_a_report():
    reports = []
    train_fast(TINY, linear_codes(), SHORT, on_report=reports.append)
    figure = curve_figure(reports, "six steps")
    left, right = figure.axes
    assert [list(line.get_xdata()) for line in left.lines] == [[2, 4, 6]] * 2
    assert len(right.lines) == 3  # no edit accuracy, so no line of edits
    counted = curve_figure([report._replace(edit_accuracy=0.5) for report in reports])
    assert len(counted.axes[1].lines) == 4


def test_before_the_first_report_there_are_words_and_no_axes() -> None:
    figure = curve_figure([])
    assert not figure.axes
    assert "first report" in words(figure)


def test_bars_have_the_lengths_of_the_rows():
    rows = sweep(TINY, linear_codes(), SHORT, {"a": {}, "b": {"l2_weight": 0.0}})
    figure = sweep_figure(rows)
    (axis,) = figure.axes
    assert [bar.get_width() for bar in axis.patches] == rows["cosine"].tolist()
    counted = sweep_figure(rows.assign(edits=0.4))
    assert len(counted.axes) == 2


def test_several_seeds_are_one_bar_a_row_with_its_interval() -> None:
    rows = sweep(TINY, linear_codes(), SHORT, {"a": {}, "b": {"l2_weight": 0.0}})
    (axis,) = sweep_figure(rows, rows.assign(cosine=rows["cosine"] + 0.2)).axes
    widths = [bar.get_width() for bar in axis.patches]
    assert widths == pytest.approx((rows["cosine"] + 0.1).tolist())
    (whiskers,) = [one for one in axis.collections if len(one.get_segments()) == 2]
    reach = 12.706 * 0.2 / 2  # t of one degree of freedom
    assert np.ptp(whiskers.get_segments()[0][:, 0]) == pytest.approx(2 * reach, rel=1e-3)


def test_the_framework_names_the_sizes_of_the_loaded_domain(tmp_path):
    domain = tiny_domain()
    figure = framework_figure(domain)
    text = words(figure)
    layout = domain.layout
    for part in (
        f"[{layout.total}]",
        f"[{CLIP_WIDTH}]",
        "64×64",
        f"[{layout.total}, {CLIP_WIDTH}]",
        f"3 coarse and 4 medium tokens of {layout.token_width}",
        f"one fine vector of {layout.fine_width}",
        domain.spec.examples[0],
    ):
        assert part in text
    path = save_figure(figure, tmp_path / "framework.svg")
    assert path.read_text().count("<svg") == 1
