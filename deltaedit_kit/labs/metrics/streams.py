"""Metrics of any number of pictures: batches come by, numbers stay.

    measure_pairs   batches of (before, after)     -> mean of a metric with its interval
    measure_sets    batches of one set and another -> FID and KID with their intervals

Memory does not grow with the number of pictures: a mean keeps its bootstrap sums (Chamandy et al.
2012), a set its mean and covariance, KID the block that is not yet full. A progress bar counts
pictures. FID's interval leaves out one of `GROUPS` parts of the edited set at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import zip_longest

from torch import Tensor
from tqdm import tqdm

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.labs.metrics import metric
from deltaedit_kit.labs.metrics.features import FeatureNetwork
from deltaedit_kit.labs.metrics.frechet import Moments, frechet_interval
from deltaedit_kit.labs.metrics.interval import Interval, RunningMean
from deltaedit_kit.labs.metrics.kernel import KernelDistance
from deltaedit_kit.labs.metrics.pictures import check_pairs

GROUPS = 10  # parts of the jackknife: enough for an interval, few enough to keep


def measure_pairs(
    name: str,
    measure: Callable[[Tensor, Tensor], Tensor],
    batches: Iterable[tuple[Tensor, Tensor]],
    progress: bool = True,
) -> Interval:
    """Mean of `measure(before, after)` [n] over batches of pictures [n, 3, H, W] in [-1, 1].

    name: as in `METRICS`; below its smallest number of pictures a `FewSamples` warning comes.
    Raises DeltaEditError for bad pictures and no batches.
    """
    running = RunningMean(name, metric(name).minimum)
    with tqdm(desc=name, unit="picture", disable=not progress) as bar:
        for before, after in batches:
            check_pairs(before, after)
            running.add(measure(before, after))
            bar.update(len(before))
    return running.result()


def measure_sets(
    network: FeatureNetwork,
    real: Iterable[Tensor],
    edited: Iterable[Tensor],
    progress: bool = True,
) -> dict[str, Interval]:
    """ "fid:NETWORK" and "kid:NETWORK" of two sets, from batches [n, 3, H, W] in [-1, 1].

    Both are read side by side, so that KID can pair their blocks: their batches must have equal
    sizes. Raises DeltaEditError for bad pictures, batches that do not match, and fewer than two
    pictures; warns with `FewSamples` for few. KID is left out before its first block of 100 is
    full.
    """
    kernel = KernelDistance(minimum=metric("kid").minimum)
    whole: Moments | None = None
    groups: dict[int, Moments] = {}
    count = 0
    with tqdm(desc=network.name, unit="picture", disable=not progress) as bar:
        for number, (one, other) in enumerate(_side_by_side(real, edited)):
            first, second = network(one), network(other)
            kernel.add(first, second)
            moments, part = Moments.of(second), number % GROUPS
            groups[part] = groups[part] + moments if part in groups else moments
            moments = Moments.of(first)
            whole = moments if whole is None else whole + moments
            count += len(one)
            bar.update(len(one))
    if whole is None:
        raise DeltaEditError("there are no pictures to compare; give a batch of each set")
    found = {
        f"fid:{network.name}": frechet_interval(
            list(groups.values()), whole, metric("fid").minimum, f"FID [{network.name}]"
        )
    }
    if count >= kernel.block:
        found[f"kid:{network.name}"] = kernel.result()
    return found


def _side_by_side(
    real: Iterable[Tensor], edited: Iterable[Tensor]
) -> Iterable[tuple[Tensor, Tensor]]:
    for one, other in zip_longest(real, edited):
        if one is None or other is None:
            raise DeltaEditError("one set has more batches than the other; give equally many")
        if len(one) != len(other):
            raise DeltaEditError(
                f"a batch has {len(one)} pictures, its counterpart {len(other)}; give batches of "
                "equal sizes"
            )
        yield one, other
