"""Every panel of the kit as a cell: `PANELS` has the sources by name, `LAST` what is there last.

A panel's script names its controls all at once, when the panel stands in the page.
"""

from __future__ import annotations

MAKE = """\
import tempfile
from pathlib import Path

from deltaedit_kit import load_domain
from tests.compare.handmade import handmade
from tests.tiny_domain import tiny_domain

domain, tiny, folder = load_domain("toyfaces"), tiny_domain(), Path(tempfile.mkdtemp())"""
PANELS = {
    "studio": """\
from deltaedit_kit.labs.studio import Studio

Studio(domain, folder=None)""",
    "small studio": "Studio(domain, folder=None, small=True)",
    "channel": """\
import torch
from deltaedit_kit.labs.style_space.panel import ChannelPanel
from deltaedit_kit.relevance import ChannelStatistics

still = torch.zeros(domain.layout.total)
ChannelPanel(domain, domain.sample(2, seed=0), ChannelStatistics(still, still + 1))""",
    "explorer": """\
from deltaedit_kit.labs.compare.explorer import Explorer

Explorer(handmade(folder / "comparison"))""",
    "monitor": """\
from deltaedit_kit.codes import make_codes
from deltaedit_kit.labs.training.experiment import ExperimentConfig
from deltaedit_kit.labs.training.monitor import TrainingMonitor
from deltaedit_kit.labs.training.session import TrainingSession

config = ExperimentConfig(steps=6, batch=8, held_out=0.2, report_every=3)
session = TrainingSession(tiny, make_codes(tiny, folder / "codes", 24).resident(), config, None)
monitor = TrainingMonitor(session)
session.start()
session.wait()
monitor""",
    "study, consent": """\
from deltaedit_kit.labs.study.creation import create_study
from deltaedit_kit.labs.study.design import Design
from deltaedit_kit.labs.study.items import Item
from deltaedit_kit.labs.study.panel import Study
from deltaedit_kit.support.pictures import encode_png

png = [encode_png(picture) for picture in domain.sample(3, seed=0).images]
items = [Item("a smiling face", "face", "one", "two", *png, *png[:2])]
store = create_study(folder / "study", items, Design(participants=3, rounds=1, checks=0))
Study(store)""",
    "study, question": """\
asked = Study(store)
asked.begin()
asked""",
    "scatter": """\
from deltaedit_kit.labs.delta_space.scatter import LinkedScatter
from tests.widgets.scatter_data import planes, spaces

LinkedScatter(spaces(), *planes())""",
    "quiz": """\
from deltaedit_kit.labs.course import quiz

quiz("01_delta_space")""",
}
LAST = {
    "studio": ("slider", "Wipe, slider"),
    "small studio": ("slider", "Wipe, slider"),
    "channel": ("slider", "Turn by σ, slider"),
    "explorer": ("img", "after"),
    "monitor": ("button", "Stop"),
    "study, consent": ("button", "I agree, begin"),
    "study, question": ("button", "right →"),
    "scatter": ("button", "texts"),
    "quiz": ("region", "Quiz"),
}
