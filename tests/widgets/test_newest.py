"""Only the newest request is worked on: with a loop of our own, and without any."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from threading import RLock, Thread

from deltaedit_kit.labs.studio.parts.newest import Newest


class Desk:
    """A value that changes, and work in three steps that writes down what it saw."""

    def __init__(self, first: float = 0.0) -> None:
        self.value = 0
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.newest = Newest(self.work, RLock(), first)

    def work(self) -> Iterator[float]:
        value = self.value
        self.begun.append(value)
        yield 0.0
        yield 0.0
        self.ended.append(value)

    def ask(self, value: int) -> None:
        self.value = value
        self.newest.ask()


def test_without_a_loop_everything_is_done_at_once() -> None:
    desk = Desk()
    for value in (1, 2):
        desk.ask(value)
    assert desk.ended == [1, 2]
    assert not desk.newest.busy


def test_requests_that_come_together_are_one() -> None:
    desk = Desk()

    async def burst() -> None:
        for value in range(1, 201):
            desk.ask(value)
        assert desk.begun == []  # nothing is done inside the event itself
        await asyncio.sleep(0.05)

    asyncio.run(burst())
    assert desk.begun == desk.ended == [200]
    assert (desk.newest.asked, desk.newest.started) == (200, 1)


def test_a_new_request_drops_the_rest_of_the_old_work() -> None:
    desk = Desk()

    async def interrupted() -> None:
        desk.ask(1)
        while not desk.begun:
            await asyncio.sleep(0)
        desk.ask(2)
        await asyncio.sleep(0.05)

    asyncio.run(interrupted())
    assert desk.begun == [1, 2]
    assert desk.ended == [2]


def test_a_steady_stream_does_not_starve_the_work() -> None:
    desk = Desk(first=0.002)

    async def stream() -> None:
        for value in range(1, 101):
            desk.ask(value)
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.05)

    asyncio.run(stream())
    assert 1 < len(desk.begun) < 100
    assert desk.begun == sorted(desk.begun)
    assert desk.ended[-1] == 100


def test_settle_does_it_now_and_only_once() -> None:
    desk = Desk()

    async def settled() -> None:
        desk.ask(7)
        desk.newest.settle()
        assert desk.ended == [7]
        await asyncio.sleep(0.02)

    asyncio.run(settled())
    assert desk.begun == [7]
    desk.newest.settle()
    assert desk.begun == [7]


def test_a_loop_that_is_gone_keeps_nobody_waiting() -> None:
    desk = Desk(first=60.0)

    async def asked(value: int) -> None:
        desk.ask(value)

    asyncio.run(asked(1))  # scheduled, then the loop is closed
    desk.newest._first = 0.0

    async def again() -> None:
        desk.ask(2)
        await asyncio.sleep(0.02)

    asyncio.run(again())
    assert desk.ended == [2]


def test_events_may_come_from_several_threads() -> None:
    desk = Desk()

    def events(start: int) -> None:
        for value in range(start, start + 50):
            desk.ask(value)

    threads = [Thread(target=events, args=(100 * k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert desk.newest.asked == 200
    assert not desk.newest.busy
    assert desk.ended[-1] == desk.value
