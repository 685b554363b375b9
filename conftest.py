"""The order of a whole run, and its processes: fast tests, slow ones, notebooks, the browser.

    make check    tests that carry neither mark, without notebooks      make test    all of it

`pytest -n auto --dist loadfile --no-loadscope-reorder` (pytest-xdist) gives every file, or
notebook, to one process, so that what its tests share is made once; a room whose files share
something dear goes to one process too. Files come in the order below: a contributor sees the first
failure after seconds.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.printed import tolerant

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadFileScheduling

MOST_PROCESSES = 16  # each takes a gigabyte or two: torch, the shipped networks, a kernel
ONE_PROCESS = "tests/own_domain/"  # its files share a domain that takes ten seconds to build
BROWSER = Path(__file__).parent / "tests" / "browser"
LONGEST = BROWSER / "test_student_edition.py"  # minutes: begun last, one process would wait for it

# Before torch is imported. A process a core, a thread a process: and the kernels of notebooks,
# which a process starts, inherit it.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_xdist_auto_num_workers() -> int:
    """As many processes as this one may use cores; xdist alone counts hyperthreads as none."""
    usable = getattr(os, "sched_getaffinity", None)
    return min(len(usable(0)) if usable else os.cpu_count() or 1, MOST_PROCESSES)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """Work is handed out by the file, and the room above as if it were one."""
    from xdist.scheduler import LoadFileScheduling

    class ByFileOrRoom(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            together = nodeid.startswith(ONE_PROCESS)
            return ONE_PROCESS if together else super()._split_scope(nodeid)

    return ByFileOrRoom(config, log)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what needs a browser; let decimals of a notebook's cell differ in the last digit."""
    if item.path.is_relative_to(BROWSER):
        item.add_marker("browser")
    if sanitize := getattr(item, "sanitize", None):  # a cell, as nbval has it
        item.sanitize = tolerant(sanitize)  # pyright: ignore[reportAttributeAccessIssue]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files by their dearest test, the longest of the pages first; tests of a file by cost."""
    dearest: dict[Path, int] = {}
    for item in items:
        dearest[item.path] = max(dearest.get(item.path, 0), _cost(item))
    items.sort(
        key=lambda item: (
            dearest[item.path],
            item.path != LONGEST,
            str(item.path),
            _cost(item),
        )
    )


def _cost(item: pytest.Item) -> int:
    """0 fast, 1 slow, 2 a cell of a notebook, 3 a page in a browser."""
    if item.get_closest_marker("browser"):
        return 3
    if item.path.suffix == ".ipynb":
        return 2
    return 1 if item.get_closest_marker("slow") else 0
