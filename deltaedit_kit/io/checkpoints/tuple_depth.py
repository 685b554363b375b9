"""How deep tuples lie in each other in a pickle, known before any of it is built.

    depth(TUPLE of x, y, ...) = 1 + max(depth(x), depth(y), ...)        any other step: the max

Hashing a tuple hashes what is in it, and Python's own C code does so without counting: a file of
one megabyte whose dictionary key is a million tuples inside each other ends the interpreter. So
the machine that runs a pickle (a stack, marks on it, a table of remembered things) is followed
here with depths in the place of values.

Source: docs.python.org/3/library/pickletools.html, which states for every instruction what it
takes from the stack and what it leaves there.
"""

from __future__ import annotations

from pickletools import OpcodeInfo, markobject
from typing import Any

MARK = -1  # stands on the stack for a mark
GETS = ("GET", "BINGET", "LONG_BINGET")
PUTS = ("PUT", "BINPUT", "LONG_BINPUT")


class TupleDepth:
    """Follows the instructions of one pickle; `follow` each in turn."""

    def __init__(self) -> None:
        self.stack: list[int] = []
        self.memo: dict[int, int] = {}

    def follow(self, opcode: OpcodeInfo, argument: Any) -> int:
        """Do to depths what the instruction does to values; returns the depth of its result.

        Raises IndexError for an instruction that finds too little on the stack.
        """
        if opcode.name in GETS:
            self.stack.append(self.memo.get(int(argument), 0))
        elif opcode.name in PUTS or opcode.name == "MEMOIZE":
            place = len(self.memo) if opcode.name == "MEMOIZE" else int(argument)
            self.memo[place] = self.stack[-1]
        elif opcode.name == "MARK":
            self.stack.append(MARK)
        else:
            depth = max(self._taken(opcode), default=0)
            depth += opcode.name.startswith("TUPLE")
            self.stack += [max(depth, 0)] * len(opcode.stack_after)
            return depth
        return self.stack[-1]

    def _taken(self, opcode: OpcodeInfo) -> list[int]:
        """What the instruction takes from the stack."""
        needed, taken = len(opcode.stack_before), []
        if markobject in opcode.stack_before:  # all above the mark, the mark, and some below it
            while (top := self.stack.pop()) != MARK:
                taken.append(top)
            needed = opcode.stack_before.index(markobject)
        return taken + [self.stack.pop() for _ in range(needed)]
