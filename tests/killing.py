"""Run a function in a process of its own and kill it, again and again, at random moments.

Processes are forked from a server that has imported torch once and computed nothing, so that a
restart costs milliseconds instead of an import. The kill is a real SIGKILL: no handler, no cleanup.
"""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Callable

PRELOADED = ["deltaedit_kit.codes", "deltaedit_kit.labs.training.start", "tests.training.tiny"]


def kill_repeatedly(
    work: Callable[..., None], arguments: tuple, kills: int, seed: int, longest: float
) -> int:
    """Start `work(*arguments)`, SIGKILL it after a random time, start it again, ...; at the end
    let it finish. Returns how often it was killed while working: a run that was done first counts
    as none, so the caller can assert that the kills really hit. With no kills it is an unbroken run
    in the same kind of process, with one thread as well: sums depend on the number of threads.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    dice, hits = random.Random(seed), 0
    for _ in range(kills):
        started = context.Event()
        process = context.Process(target=_begin, args=(started, work, arguments))
        process.start()
        assert started.wait(1200)  # a guard against hangs, whatever else runs
        time.sleep(dice.uniform(0, longest))
        process.kill()
        process.join(1200)
        hits += process.exitcode == -9
    started = context.Event()
    process = context.Process(target=_begin, args=(started, work, arguments))
    process.start()
    process.join(120)
    assert process.exitcode == 0
    return hits


def _begin(started, work, arguments) -> None:
    import torch

    torch.set_num_threads(1)
    started.set()
    work(*arguments)
