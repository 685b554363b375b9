"""A bar for whatever takes long in a command or a recipe: how far it is, time left, last numbers.

    with Progress("codes") as progress:
        make_codes(domain, folder, n, progress=progress)

What an earlier run did before the first call is no speed of this one. A log file, in the place of a
terminal, gets a line now and then.
"""

from __future__ import annotations

import sys

from tqdm import tqdm

SELDOM, OFTEN = 20.0, 0.1  # seconds between two states of the bar: in a file, on a terminal


class Progress:
    """What `make_codes`, `make_relevance`, `make_world` and `descend` call as they get on."""

    def __init__(self, name: str, shown: bool = True) -> None:
        self.name, self.shown = name, shown
        self.bar: tqdm | None = None

    def __call__(self, done: int, total: int) -> None:
        """So many of all are done."""
        if self.bar is None:
            every = OFTEN if sys.stderr.isatty() else SELDOM
            settings = {"total": total, "initial": done, "mininterval": every, "delay": 1}
            self.bar = tqdm(desc=self.name, disable=not self.shown, **settings)
        self.bar.update(done - self.bar.n)
        if done >= total:
            self.bar.close()

    def note(self, **numbers: float) -> None:
        """Show these beside the bar."""
        if self.bar is not None:
            self.bar.set_postfix(numbers, refresh=False)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        """What is said next begins a line of its own, after an error too."""
        if self.bar is not None:
            self.bar.close()
