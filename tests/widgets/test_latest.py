"""Only the newest request is worked on: with a loop of our own, and without any."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from threading import RLock, Thread

from deltaedit_kit.labs.studio.parts.latest import LatestOnly


class Recorder:
    """A value that changes, and work in three steps that writes down what it saw."""

    def __init__(self, first: float = 0.0) -> None:
        self.value = 0
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.latest = LatestOnly(self.work, RLock(), first)

    def work(self) -> Iterator[float]:
        value = self.value
        self.begun.append(value)
        yield 0.0
        yield 0.0
        self.ended.append(value)

    def ask(self, value: int) -> None:
        self.value = value
        self.latest.ask()


async def finished(recorder: Recorder) -> None:
    """Let the loop turn until nothing is left to do, and a few times more."""
    while recorder.latest.busy:
        await asyncio.sleep(0)
    for _ in range(10):
        await asyncio.sleep(0)


def test_without_a_loop_everything_is_done_at_once() -> None:
    recorder = Recorder()
    for value in (1, 2):
        recorder.ask(value)
    assert recorder.ended == [1, 2]
    assert not recorder.latest.busy


def test_requests_that_come_together_are_one() -> None:
    recorder = Recorder()

    async def burst() -> None:
        for value in range(1, 201):
            recorder.ask(value)
        assert recorder.begun == []  # nothing is done inside the event itself
        await finished(recorder)

    asyncio.run(burst())
    assert recorder.begun == recorder.ended == [200]
    assert recorder.latest.started == 1


def test_a_new_request_drops_the_rest_of_the_old_work() -> None:
    recorder = Recorder()

    async def interrupted() -> None:
        recorder.ask(1)
        while not recorder.begun:
            await asyncio.sleep(0)
        recorder.ask(2)
        await finished(recorder)

    asyncio.run(interrupted())
    assert recorder.begun == [1, 2]
    assert recorder.ended == [2]


def test_a_steady_stream_does_not_starve_the_work() -> None:
    recorder = Recorder()

    async def stream() -> None:
        for value in range(1, 101):  # each turn of the loop asks again: nothing may be put off
            recorder.ask(value)
            await asyncio.sleep(0)
        await finished(recorder)

    asyncio.run(stream())
    assert len(recorder.begun) > 1
    assert recorder.begun == sorted(recorder.begun)
    assert recorder.ended[-1] == 100


def test_settle_does_it_now_and_only_once() -> None:
    recorder = Recorder()

    async def settled() -> None:
        recorder.ask(7)
        recorder.latest.settle()
        assert recorder.ended == [7]
        await finished(recorder)

    asyncio.run(settled())
    assert recorder.begun == [7]
    recorder.latest.settle()
    assert recorder.begun == [7]


def test_a_loop_that_is_gone_keeps_nobody_waiting() -> None:
    recorder = Recorder(first=60.0)

    async def asked(value: int) -> None:
        recorder.ask(value)

    asyncio.run(asked(1))  # scheduled, then the loop is closed
    recorder.latest._first = 0.0

    async def again() -> None:
        recorder.ask(2)
        await finished(recorder)

    asyncio.run(again())
    assert recorder.ended == [2]


def test_events_may_come_from_several_threads() -> None:
    recorder = Recorder()

    def events(start: int) -> None:
        for value in range(start, start + 50):
            recorder.ask(value)

    threads = [Thread(target=events, args=(100 * k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not recorder.latest.busy
    assert recorder.ended[-1] == recorder.value
