"""From thirty lines of renderer to a domain that is edited by text.

new_project(DIR) -> your renderer, your words -> build(DIR) -> load_domain(DIR)

project    the folder: renderer, declaration;     world     renders with known factors
steps      the steps and their fingerprints;      context     what a step is given, sizes
loop, muon  how every network trains;             sheet, oracle, generator, clip, editing,
                                                  evaluation: steps
"""

from deltaedit_kit.labs.own_domain.context import FULL, MINIATURE, Sizes
from deltaedit_kit.labs.own_domain.project import new_project, open_project
from deltaedit_kit.labs.own_domain.steps import build

__all__ = ["FULL", "MINIATURE", "Sizes", "build", "new_project", "open_project"]
