"""How well two clouds correspond, measured so that nothing is believed for the wrong reason.

    pair of clouds ─► means           gap of the means, RMSE
     (x_k, y_k)       correspondence  paired minus unpaired cosine, retrieval R@k
     [n, E] each      neighbours      mixing of the k nearest
                      two_sample      can a classifier tell them apart?
                      mmd             can a kernel?
                      table           all of them, beside the controls that decide what they prove

Every measure returns a `Measure`: a value, what it is to be compared with, and which way is better.
"""

from deltaedit_kit.labs.delta_space.alignment.correspondence import (
    cosine_margin,
    paired_cosine,
    retrieval,
)
from deltaedit_kit.labs.delta_space.alignment.means import mean_gap, rmse
from deltaedit_kit.labs.delta_space.alignment.measure import Measure
from deltaedit_kit.labs.delta_space.alignment.mmd import mmd
from deltaedit_kit.labs.delta_space.alignment.pairs import (
    Pair,
    centre,
    random_differences,
    shuffle,
    unit,
)
from deltaedit_kit.labs.delta_space.alignment.table import (
    AlignmentTable,
    measure_all,
    measure_columns,
    with_controls,
)
from deltaedit_kit.labs.delta_space.alignment.two_sample import classifier_test, mixing

__all__ = [
    "AlignmentTable",
    "Measure",
    "Pair",
    "centre",
    "classifier_test",
    "cosine_margin",
    "mean_gap",
    "measure_all",
    "measure_columns",
    "mixing",
    "mmd",
    "paired_cosine",
    "random_differences",
    "retrieval",
    "rmse",
    "shuffle",
    "unit",
    "with_controls",
]
