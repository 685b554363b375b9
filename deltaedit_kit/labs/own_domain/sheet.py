"""Step one: the renders, and a sheet that shows what each factor draws.

A row a factor: it goes from 0 to 1, the others stay at one half. Whoever looks at it for a minute
sees a factor that draws nothing before networks learn from it for half an hour.
"""

from __future__ import annotations

import torch
from matplotlib.figure import Figure

from deltaedit_kit.labs.own_domain.context import BuildContext
from deltaedit_kit.labs.own_domain.project import Project
from deltaedit_kit.support.pictures import grid, save_figure, to_uint8

SHEET = "factors.png"
STOPS = (0.0, 0.25, 0.5, 0.75, 1.0)


def make_renders(context: BuildContext) -> str:
    """Draw them, and the sheet; where it lies."""
    place = context.workspace / SHEET
    save_figure(sheet(context.project), place)
    context.world(context.progress)
    return f"what each factor draws: {place}"


def sheet(project: Project) -> Figure:
    """The figure. Raises DeltaEditError as `Project.render`."""
    rows = len(project.factors)
    walk = torch.full((rows, len(STOPS), rows), 0.5)  # [factor, place, factors]
    for k in range(rows):
        walk[k, :, k] = torch.tensor(STOPS)
    drawn = project.render(walk.flatten(0, 1)).unflatten(0, (rows, len(STOPS)))
    note, heads = "the other factors at 0.5", [f"{stop:g}" for stop in STOPS]
    title = f"{project.spec.name}: what each factor draws"
    return grid(list(to_uint8(drawn)), project.factors, title, note, columns=False, heads=heads)
