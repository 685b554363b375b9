"""From event to picture: how long the studio takes, and what a fast drag draws.

    python -m benchmarks.studio_latency --threads 2

One event at a time: a strength slider moves, until the new picture is in its widget (wall and CPU
time). Then a drag: events every 16 ms in a running loop, as a notebook's; counted are the pictures
that were drawn and how old the value was when its picture stood there.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time

import torch

from benchmarks.machine import describe
from deltaedit_kit import load_domain
from deltaedit_kit.labs.studio import Studio


def strength_at(number: int) -> float:
    """Another strength for every event, between -1.5 and 1.5."""
    return round(-1.5 + 3.0 * (number * 0.618 % 1.0), 3)


async def one_by_one(studio: Studio, events: int) -> tuple[list[float], list[float]]:
    """Milliseconds (wall, CPU) from an event to its picture, each after the last had settled."""
    wall, busy = [], []
    slider, picture = studio.controls.rows[0].strength.slider, studio.screen.pair.picture
    for number in range(events):
        shown, start, cpu = picture.value, time.perf_counter(), time.process_time()
        slider.value = strength_at(number)
        while picture.value == shown:
            await asyncio.sleep(0.0005)
        wall.append(1000 * (time.perf_counter() - start))
        busy.append(1000 * (time.process_time() - cpu))
        studio.settle()
    return wall, busy


async def drag(studio: Studio, events: int, every: float = 0.016) -> tuple[int, list[float]]:
    """Pictures drawn in a drag, and the age in ms of each one's value when it was shown."""
    slider, started, ages = studio.controls.rows[0].strength.slider, studio.latest.started, []
    sent: dict[str, float] = {}

    def seen(_change: object) -> None:
        key = f"{studio.state.sentences[0].strength:.3f}"
        ages.append(1000 * (time.perf_counter() - sent[key]))

    studio.screen.pair.picture.observe(seen, names="value")
    for number in range(events):
        value = strength_at(number)
        sent[f"{value:.3f}"] = time.perf_counter()
        slider.value = value
        await asyncio.sleep(every)
    studio.settle()
    studio.screen.pair.picture.unobserve(seen, names="value")
    return studio.latest.started - started, ages


def main() -> None:
    """Print the machine, the latency and the drag."""
    parser = argparse.ArgumentParser(description="Latency of the studio.")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--events", type=int, default=60)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    studio = Studio(load_domain("toyfaces"), folder=None)
    wall, busy = asyncio.run(one_by_one(studio, given.events))
    print(f"{describe('cpu')}, {studio.engine.domain.spec.resolution} px")
    for name, times in (("wall", wall), ("CPU", busy)):
        middle, slow = statistics.median(times), sorted(times)[int(0.95 * len(times))]
        print(f"event to picture, {name}: median {middle:.0f} ms, 95 % below {slow:.0f} ms")
    drawn, ages = asyncio.run(drag(studio, given.events))
    print(
        f"drag: {given.events} events, {drawn} pictures; a value is "
        f"{statistics.median(ages):.0f} ms old when shown, "
        f"{max(ages):.0f} ms at most"
    )


if __name__ == "__main__":
    main()
