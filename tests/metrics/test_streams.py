"""Metrics of streams: the numbers of the whole, flat memory, warnings and refusals."""

from __future__ import annotations

import tracemalloc

import pytest
import torch

from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.labs.metrics.features import FeatureNetwork
from deltaedit_kit.labs.metrics.frechet import frechet_distance
from deltaedit_kit.labs.metrics.interval import FewSamples
from deltaedit_kit.labs.metrics.kernel import kernel_distance
from deltaedit_kit.labs.metrics.psnr import psnr
from deltaedit_kit.labs.metrics.streams import measure_pairs, measure_sets

EYES = FeatureNetwork("eyes", lambda pictures: pictures.flatten(1)[:, :5])


def pictures(n, seed):
    return torch.rand(n, 3, 4, 4, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_sets_in_parts_give_the_numbers_of_the_whole():
    real, edited = pictures(200, 0), pictures(200, 1).abs()
    with pytest.warns(FewSamples, match=r"FID \[eyes\] from 200 pictures"):
        found = measure_sets(EYES, real.split(50), edited.split(50), progress=False)
    one, other = EYES(real), EYES(edited)
    fid, kid = found["fid:eyes"], found["kid:eyes"]
    assert fid.value == pytest.approx(frechet_distance(one, other), rel=1e-4)
    assert fid.low < fid.value < fid.high
    assert fid.n == 200
    parts = [kernel_distance(one[k : k + 100], other[k : k + 100]) for k in (0, 100)]
    assert kid.value == pytest.approx(sum(parts) / 2, rel=1e-5)


def test_kid_of_two_blocks_is_warned_of():
    """Two values say nothing about their spread."""
    both = pictures(200, 0), pictures(200, 1)
    with pytest.warns(FewSamples, match="KID in blocks of 100 from 2 values"):
        measure_sets(EYES, *(one.split(50) for one in both), progress=False)


@pytest.mark.filterwarnings("ignore::deltaedit_kit.labs.metrics.interval.FewSamples")
def test_a_set_with_itself_is_zero_and_small_sets_have_no_kid():
    same = pictures(40, 0)
    found = measure_sets(EYES, same.split(10), same.split(10), progress=False)
    assert list(found) == ["fid:eyes"]
    assert found["fid:eyes"].value < 1e-3


def test_pairs_in_parts_give_the_mean_of_the_whole(capsys):
    before, after = pictures(60, 0), pictures(60, 1)
    batches = zip(before.split(7), after.split(7), strict=True)
    found = measure_pairs("psnr", lambda x, y: psnr(y, x), batches)
    assert found.value == pytest.approx(float(psnr(after, before).double().mean()), abs=1e-5)
    assert found.n == 60
    assert "60picture" in capsys.readouterr().err.replace(" ", "")  # the progress bar
    with pytest.warns(FewSamples, match="psnr from 5 values"):
        measure_pairs("psnr", psnr, [(before[:5], after[:5])], progress=False)


@pytest.mark.filterwarnings("ignore::deltaedit_kit.labs.metrics.interval.FewSamples")
def test_memory_does_not_grow_with_the_number_of_pictures():
    """Tensors are not seen by tracemalloc, what keeps them is: a list of batches would grow."""

    def peak(count):
        seen = []

        def stream(seed):
            for number in range(count):
                batch = pictures(20, seed + number)
                seen.append(batch.data_ptr())
                yield batch

        tracemalloc.start()
        measure_sets(EYES, stream(0), stream(1000), progress=False)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most, len(set(seen))

    few, many = peak(20), peak(200)
    assert many[0] < few[0] + 100_000
    assert many[1] < 100  # the memory of 400 batches is used again and again


@pytest.mark.parametrize(
    ("real", "edited", "words"),
    [
        ([], [], "no pictures"),
        ([pictures(4, 0)], [pictures(3, 0)], "equal sizes"),
        ([pictures(4, 0)] * 2, [pictures(4, 0)], "equally many"),
        ([pictures(4, 0) * 9], [pictures(4, 0)], r"outside \[-1, 1\]"),
        ([pictures(4, 0)], [pictures(4, 0) * torch.nan], "NaN"),
        ([pictures(1, 0)], [pictures(1, 1)], "at least two rows"),
    ],
)
@pytest.mark.filterwarnings("ignore::deltaedit_kit.labs.metrics.interval.FewSamples")
def test_sets_that_cannot_be_compared_are_refused(real, edited, words):
    with pytest.raises(DeltaEditError, match=words):
        measure_sets(EYES, real, edited, progress=False)


def test_constant_pictures_have_a_distance():
    flat = torch.zeros(120, 3, 4, 4)
    with pytest.warns(FewSamples):
        found = measure_sets(EYES, flat.split(30), (flat + 0.5).split(30), progress=False)
    assert found["fid:eyes"].value == pytest.approx(5 * 0.25, rel=1e-4)


def test_no_pairs_and_different_sizes_are_refused():
    with pytest.raises(DeltaEditError, match="no values yet"):
        measure_pairs("psnr", psnr, [], progress=False)
    with pytest.raises(DeltaEditError, match="one size"):
        measure_pairs("psnr", psnr, [(pictures(2, 0), pictures(2, 0)[:, :, :3])], progress=False)
    with pytest.raises(DeltaEditError, match="no metric is called"):
        measure_pairs("pnsr", psnr, [], progress=False)
