"""Two processes learn what one learns: under torchrun, and under accelerate's notebook_launcher."""

import json
import socket
import subprocess
import sys

import pytest
import torch
from torch import distributed

from deltaedit_kit.codes import CodeStore
from deltaedit_kit.labs.training.experiment import ExperimentConfig
from deltaedit_kit.labs.training.processes import Rank, SharedRun, share
from deltaedit_kit.labs.training.start import train_fast
from deltaedit_kit.support.errors import DeltaEditError
from tests.training import runs
from tests.training.tiny import TINY, linear_codes

pytestmark = pytest.mark.slow


def run(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=1200
    )
    assert done.returncode == 0, done.stderr[-2000:]


def losses(folder, processes: int = 1) -> torch.Tensor:
    curve = json.loads((folder / "curve.json").read_text())
    assert curve["processes"] == processes
    return torch.tensor(curve["losses"], dtype=torch.float64)


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
    rows = torch.arange(24)
    parts = [share(rows, Rank(rank, 3), 2) for rank in range(3)]
    assert all(piece.shape == (4,) for part in parts for piece in part)
    joined = torch.cat([piece for part in parts for piece in part])
    assert torch.equal(joined.sort().values, rows)
    with pytest.raises(DeltaEditError, match="multiple of 6"):
        SharedRun(TINY, linear_codes(), ExperimentConfig(accumulate=2), Rank(0, 3))


def test_a_rank_without_a_launcher_is_one_line(monkeypatch):
    for name, value in (("RANK", "0"), ("WORLD_SIZE", "2")):
        monkeypatch.setenv(name, value)
    for name in ("MASTER_ADDR", "MASTER_PORT", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(DeltaEditError, match=r"MASTER_ADDR.*torchrun"):
        train_fast(TINY, linear_codes(), ExperimentConfig(steps=2, batch=4))


def test_an_address_that_nobody_has_is_told_at_once(monkeypatch):
    def unknown(host: str, *_: object) -> None:
        raise socket.gaierror(f"{host}: name not known")

    given = {"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "no.such", "MASTER_PORT": "29500"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setattr(distributed, "init_process_group", lambda *_: pytest.fail("waits"))
    with pytest.raises(DeltaEditError, match=r"no\.such: name not known; .*torchrun"):
        train_fast(TINY, linear_codes(), ExperimentConfig(steps=2, batch=4))
