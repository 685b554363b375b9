"""The channel panel without a browser: set a value, compare the picture and the line."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from deltaedit_kit.labs.style_space.panel import ChannelPanel, look_at
from deltaedit_kit.relevance import ChannelStatistics
from deltaedit_kit.support.pictures import to_uint8
from tests.tiny_domain import tiny_domain

DOMAIN = tiny_domain()
FACES = DOMAIN.sample(2, seed=0)
STATISTICS = ChannelStatistics.of(DOMAIN, samples=50)


@pytest.fixture
def panel() -> ChannelPanel:
    return ChannelPanel(DOMAIN, FACES, STATISTICS, channel=3)


def test_the_faces_as_they_were_stay_above_the_turned_ones(panel: ChannelPanel) -> None:
    wanted = np.concatenate(list(to_uint8(FACES.images)), axis=1).astype(int)
    for sigmas, same in ((0.0, True), (9.0, False)):
        panel.sigmas.value = sigmas
        shown = np.asarray(Image.open(io.BytesIO(panel.picture.content)).convert("RGB")).astype(int)
        assert shown.shape == (128, 128, 3)
        assert np.abs(shown[:64] - wanted).max() <= 1
        assert (int(np.abs(shown[64:] - wanted).max()) <= 1) is same


def test_turning_and_turning_back(panel: ChannelPanel) -> None:
    still = panel.view
    panel.sigmas.value = 9.0
    turned = panel.view
    assert turned.picture != still.picture
    assert "channel 3: layer 0 (coarse), number 3; at +9.0 σ " in turned.message
    assert turned.message.split("σ ")[1].split(" changed most")[0] in DOMAIN.factors
    panel.channel.value = 40
    assert panel.view.picture != turned.picture
    panel.channel.value, panel.sigmas.value = 3, 0.0
    assert panel.view == still


def test_a_channel_that_is_not_there_is_a_line() -> None:
    view = look_at(DOMAIN, FACES, STATISTICS, 10_000, 1.0)
    assert "channel is 10000; give a whole number" in view.message
    assert view.picture == look_at(DOMAIN, FACES, STATISTICS, 3, 0.0).picture


def test_repr_is_short(panel: ChannelPanel) -> None:
    assert repr(panel) == "ChannelPanel(tiny, 2 faces)"
