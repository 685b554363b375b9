"""A bar for whatever takes long in a recipe: how far it is, time left, and its last numbers."""

from __future__ import annotations

from tqdm import tqdm


class Progress:
    """What `descend`, `make_world`, `make_codes` and `make_relevance` call as they get on."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.bar: tqdm | None = None

    def __call__(self, done: int, total: int) -> None:
        """So many of all are done."""
        if self.bar is None:  # what an earlier run did is no speed of ours
            self.bar = tqdm(desc=self.name, total=total, initial=done, mininterval=20)
        self.bar.update(done - self.bar.n)
        if done >= total:
            self.bar.close()

    def note(self, **numbers: float) -> None:
        """Show these beside the bar."""
        if self.bar is not None:
            self.bar.set_postfix(numbers, refresh=False)
