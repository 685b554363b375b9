"""Small runs as functions of a module, so that other processes can start them too."""

from __future__ import annotations

import json
import socket
import sys
from dataclasses import replace
from pathlib import Path

from deltaedit_kit.codes import CodeStore, make_codes
from deltaedit_kit.labs.training.experiment import ExperimentConfig
from deltaedit_kit.labs.training.processes import this_rank
from deltaedit_kit.labs.training.start import train_fast
from deltaedit_kit.train import TrainingConfig
from tests.training.tiny import TINY, linear_codes, picture_domain, trained

CURVE = ExperimentConfig(
    steps=20, batch=32, held_out=0.1, seed=2, report_every=1, save_every=10, schedule="cosine"
)
KILLED = TrainingConfig(steps=150, batch=16, held_out=0.1, seed=5, report_every=1000, save_every=1)


def killed_run(folder: str) -> None:
    """Saves after every step, so that many kills fall into a save."""
    trained(linear_codes(), KILLED, folder)


def killed_fast_run(folder: str) -> None:
    """Likewise, on effective weights, with an average and early stopping's memory."""
    config = ExperimentConfig(**vars(KILLED) | {"patience": 3, "report_every": 40, "ema": 0.9})
    train_fast(TINY, linear_codes(), config, folder)


def curve(folder: str, accumulate: int = 1) -> None:
    """Write the loss of every step to `folder`/curve.json; every process does its share."""
    reports = []
    config = replace(CURVE, accumulate=accumulate)
    train_fast(TINY, linear_codes(), config, Path(folder) / "run", reports.append)
    if this_rank().first:
        losses = [[r.loss, r.l2, r.validation] for r in reports]
        curve = {"processes": this_rank().world, "losses": losses}
        (Path(folder) / "curve.json").write_text(json.dumps(curve))


def codes_and_curve(folder: str) -> None:
    """Make a store together, then learn from it together."""
    from torch import distributed

    domain = picture_domain()
    store = Path(folder) / "codes"
    rank = this_rank()
    make_codes(domain, store, 24, chunk=4, part=rank.index, parts=rank.world)
    distributed.init_process_group("gloo")
    distributed.barrier()
    assert CodeStore.open(store).complete
    curve(folder)
    assert distributed.is_initialized()  # a group that was there is left alone
    distributed.destroy_process_group()
    assert rank.world == 2


def two_processes_with_accelerate(folder: str) -> None:
    """As a cell of a notebook would do it."""
    from accelerate import notebook_launcher

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    notebook_launcher(curve, (folder,), num_processes=2, use_port=port)


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2])
