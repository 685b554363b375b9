"""What reading one file may cost, whatever the file says: steps of work, and bytes made from it.

    steps <= 1,000,000        bytes made <= 4 × bytes of the file + 64 MiB

Idea: in a file, sharing is cheap. A few bytes name a large part again, and whoever follows every
name does without end what was written once. So all readers draw on one account for each file:
an instruction, a key and a visit cost a step; a copy, a view and a name cost their bytes. Honest
files need a fifth of it (the largest published ones have some 200,000 instructions).
"""

from __future__ import annotations

from dataclasses import dataclass

from deltaedit_kit.support.errors import DeltaEditError

MOST_STEPS = 1_000_000
TIMES_SIZE = 4
SPARE = 2**26  # bytes; what small files may unfold to
OBJECT = 1000  # bytes that a tensor costs beside its numbers


@dataclass
class Budget:
    """The account of one file of `size` bytes. `step` and `make` raise DeltaEditError."""

    size: int
    steps: int = 0
    made: int = 0

    def step(self, count: int = 1) -> None:
        """Pay for `count` steps of work."""
        self.steps += count
        if self.steps > MOST_STEPS:
            raise DeltaEditError(
                f"reading it takes more than {MOST_STEPS:,} steps, which no checkpoint needs; it "
                "is refused: get the file from its official page"
            )

    def make(self, count: int) -> None:
        """Pay for `count` bytes of memory."""
        self.made += count
        if self.made > TIMES_SIZE * self.size + SPARE:
            raise DeltaEditError(
                f"it unfolds to more than {self.made / 1e6:,.0f} MB from a file of "
                f"{self.size / 1e6:,.1f} MB; it is refused: get the file from its official page"
            )
