"""How plainly a code spells the factors: disentanglement, completeness, informativeness.

    R [D, K]           importance of code entry d for factor k: |weight| of a linear readout that
                       is penalised by the sum of |weights| (lasso), codes standardised
    informativeness_k  R² of that readout on codes it has not seen
    disentanglement    Σ_d ρ_d (1 - H_K(R_d / Σ R_d))    1 where every entry serves one factor
    completeness       Σ_k σ_k (1 - H_D(R_k / Σ R_k))    1 where every factor needs one entry

H_n is the entropy to the base n, ρ and σ are the shares of all importance in a row or column. The
penalty of each factor is chosen among `PENALTIES` on a third of the codes that were learned from.

Source: Eastwood and Williams, "A framework for the quantitative evaluation of disentangled
representations", ICLR 2018.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from deltaedit_kit.support.errors import DeltaEditError

PENALTIES = (0.3, 0.1, 0.03, 0.01)  # times the penalty at which no weight is left
HELD_OUT = 0.25  # share of the rows, the last ones, on which R² is measured
SWEEPS = 200  # of coordinate descent: weights are looked at, not shipped


@dataclass(frozen=True)
class Readout:
    """What a linear readout says of a code."""

    importance: Float[np.ndarray, "D K"]  # >= 0
    informativeness: Float[np.ndarray, " K"]  # R², at most 1

    @property
    def disentanglement(self) -> float:
        """In [0, 1]; 1 where every entry of the code serves one factor."""
        return _weighted_certainty(self.importance)

    @property
    def completeness(self) -> float:
        """In [0, 1]; 1 where every factor is told by one entry."""
        return _weighted_certainty(self.importance.T)


def read_linearly(codes: Float[np.ndarray, "n D"], factors: Float[np.ndarray, "n K"]) -> Readout:
    """Fit the readout of every factor; the last quarter of the rows is only measured on.

    Raises DeltaEditError for shapes that do not belong together, for fewer than 40 rows, and for a
    factor that never changes.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.metrics import r2_score
    from sklearn.preprocessing import StandardScaler

    codes, factors = np.asarray(codes, np.float64), np.asarray(factors, np.float64)
    if codes.ndim != 2 or factors.ndim != 2 or len(codes) != len(factors) or len(codes) < 40:
        raise DeltaEditError(
            f"codes {codes.shape} and factors {factors.shape} need the same 40 rows or more"
        )
    if not (factors.std(0) > 0).all():
        raise DeltaEditError("a factor is the same in all rows; leave it out of the readout")
    learned = round(len(codes) * (1 - HELD_OUT))
    x = np.asarray(StandardScaler().fit(codes[:learned]).transform(codes))
    weights, scores = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for values in factors.T:
            model = _best_lasso(x[:learned], values[:learned])
            weights.append(np.abs(model.coef_))
            scores.append(r2_score(values[learned:], model.predict(x[learned:])))
    return Readout(np.stack(weights, axis=1), np.array(scores))


def _best_lasso(x: Float[np.ndarray, "n D"], y: Float[np.ndarray, " n"]):  # noqa: ANN202
    """A lasso whose penalty predicts best on the last third, fitted on all rows."""
    from sklearn.linear_model import Lasso

    cut = len(x) * 2 // 3
    top = np.abs(x[:cut].T @ (y[:cut] - y[:cut].mean())).max() / cut

    def fitted(share: float, rows: int) -> Lasso:
        return Lasso(max(share * top, 1e-12), max_iter=SWEEPS, tol=1e-3).fit(x[:rows], y[:rows])

    errors = [np.square(fitted(p, cut).predict(x[cut:]) - y[cut:]).mean() for p in PENALTIES]
    return fitted(PENALTIES[int(np.argmin(errors))], len(x))


def _weighted_certainty(importance: Float[np.ndarray, "r c"]) -> float:
    """Mean over rows of 1 - entropy to the base c, rows weighted by their importance."""
    totals = importance.sum(1)
    kept = importance[totals > 0] / totals[totals > 0, None]
    if len(kept) == 0:
        return 0.0
    logs = np.log(kept, where=kept > 0, out=np.zeros_like(kept))
    certainty = 1 + (kept * logs).sum(1) / np.log(importance.shape[1])
    return float((certainty * totals[totals > 0]).sum() / totals.sum())
