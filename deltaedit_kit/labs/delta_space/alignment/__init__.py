"""How well two clouds correspond, measured so that nothing is believed for the wrong reason.

    pair of clouds ─► correspondence  gap of the means, RMSE; paired minus unpaired cosine, R@k
     (x_k, y_k)       two_sample      can a classifier tell them apart, neighbours, a kernel?
     [n, E] each      table           all of them, beside the controls that decide what they prove

Every measure returns a `Measure`: a value, what it is to be compared with, and which way is better.
"""

from deltaedit_kit.labs.delta_space.alignment.correspondence import (
    cosine_margin,
    mean_gap,
    paired_cosine,
    retrieval,
    rmse,
)
from deltaedit_kit.labs.delta_space.alignment.measure import Measure
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
from deltaedit_kit.labs.delta_space.alignment.two_sample import classifier_test, mixing, mmd

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
