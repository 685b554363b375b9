"""Two processes learn what one learns: under torchrun, and under accelerate's notebook_launcher."""

import json
import subprocess
import sys

import pytest
import torch

from deltaedit_kit.codes.store import CodeStore
from deltaedit_kit.errors import DeltaEditError
from deltaedit_kit.labs.training.processes import check_shares, share
from deltaedit_kit.ranks import Rank
from tests.training import runs


def run(*arguments: str) -> None:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]


def losses(folder, processes: int = 1) -> torch.Tensor:
    told = json.loads((folder / "curve.json").read_text())
    assert told["processes"] == processes
    return torch.tensor(told["losses"], dtype=torch.float64)


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone")
    runs.curve(str(folder))
    return losses(folder)


def test_torchrun_makes_one_store_and_the_same_curve(tmp_path, alone):
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    run(*torchrun, "-m", "tests.training.runs", "codes_and_curve", str(tmp_path))
    torch.testing.assert_close(losses(tmp_path, 2), alone, rtol=1e-4, atol=0)
    store = CodeStore.open(tmp_path / "codes")
    assert len(store) == 24
    assert len(torch.unique(store.resident().s, dim=0)) == 24


def test_accelerates_notebook_launcher_gives_the_same_curve(tmp_path, alone):
    pytest.importorskip("accelerate", reason="accelerate is an extra")
    run("-m", "tests.training.runs", "two_processes_with_accelerate", str(tmp_path))
    torch.testing.assert_close(losses(tmp_path, 2), alone, rtol=1e-4, atol=0)


def test_passes_of_a_step_add_up_to_the_batch(tmp_path, alone):
    runs.curve(str(tmp_path), accumulate=4)
    torch.testing.assert_close(losses(tmp_path), alone, rtol=1e-4, atol=0)


def test_shares_are_equal_disjoint_and_whole():
    index = torch.arange(48).view(2, 24)
    parts = [share(index, Rank(rank, 3), 2) for rank in range(3)]
    assert all(piece.shape == (2, 4) for part in parts for piece in part)
    joined = torch.cat([piece for part in parts for piece in part], 1)
    assert torch.equal(joined[0].sort().values, index[0])
    assert torch.equal(joined[1] - joined[0], torch.full((24,), 24))
    with pytest.raises(DeltaEditError, match="multiple of 6"):
        check_shares(64, Rank(0, 3), 2)
