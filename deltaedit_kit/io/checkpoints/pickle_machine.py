"""A pickle machine that makes plain data: nothing is imported, nothing of the file's is called.

    instruction, argument  ->  a stack, marks on it, a table of remembered objects (the memo)

Idea: a pickle is a program for a machine of some sixty instructions. Python's own machine with its
`find_class` replaced would run no code either, but it hashes and frees what the file tells it to,
without counting, and a megabyte of instructions can end the interpreter or fill the memory. Here
every instruction costs a step of the file's budget and touches only what it takes from the stack;
a name is looked up in `pickle_data.known_names` and refused where it is not there.

Source: Lib/pickletools.py, which says what every instruction takes and leaves.
"""

from __future__ import annotations

import pickletools
from typing import Any

import torch

from deltaedit_kit.io.checkpoints.budget import MOST_STEPS, Budget
from deltaedit_kit.io.checkpoints.pickle_data import (
    Array,
    Class,
    DType,
    Function,
    Record,
    Storage,
    View,
    key_of,
    short,
)
from deltaedit_kit.support.errors import DeltaEditError

MOST_ARGUMENTS = 16  # of a call
DEEPEST = 200  # levels of nesting
CONSTANTS: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
NOTHING = ("PROTO", "FRAME")
LITERALS = {
    opcode.name
    for opcode in pickletools.opcodes
    if opcode.arg is not None
    and not opcode.stack_before
    and [kind.name for kind in opcode.stack_after]
    in (["int"], ["bool"], ["int_or_bool"], ["float"], ["str"], ["bytes"], ["bytes_or_str"])
}


class Machine:
    """Runs one pickle; `storages` are the tensor storages that it names.

    With `scripted` the classes of a TorchScript archive (`__torch__.*`) become Records.
    """

    def __init__(
        self, budget: Budget, names: dict[tuple[str, str], Any], scripted: bool = False
    ) -> None:
        self.storages: dict[str, Storage] = {}
        self._budget, self._names, self._scripted = budget, names, scripted
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def run(self, stream: Any) -> Any:
        """The object that the pickle at the place of `stream` (read, readline, tell) makes.

        Raises DeltaEditError for a name off the list and a budget that is used up, and what
        `container.naming` knows for damaged bytes.
        """
        for opcode, argument, _ in pickletools.genops(stream):
            self._budget.step()
            name = opcode.name
            if name in LITERALS:
                self._stack.append(argument)
            elif name in CONSTANTS:
                self._stack.append(CONSTANTS[name])
            elif name == "STOP":
                return self._stack.pop()
            elif name not in NOTHING:
                act = getattr(self, f"_do_{name.lower()}", None)
                if act is None:
                    raise DeltaEditError(
                        f"it uses the instruction {name} (an extension or a buffer of another "
                        "program), which no checkpoint needs; it is refused"
                    )
                act(argument)
        raise EOFError("the pickle has no end")

    # The stack and its marks.
    def _do_mark(self, _: None) -> None:
        self._marks.append(len(self._stack))

    def _do_pop(self, _: None) -> None:
        if self._marks and self._marks[-1] == len(self._stack):
            self._marks.pop()
        else:
            self._stack.pop()

    def _do_pop_mark(self, _: None) -> None:
        self._above_mark()

    def _do_dup(self, _: None) -> None:
        self._stack.append(self._stack[-1])

    def _above_mark(self) -> list[Any]:
        """All that lies above the last mark; it and the mark are gone."""
        start = self._marks.pop()
        found = self._stack[start:]
        del self._stack[start:]
        return found

    # The memo.
    def _do_memoize(self, _: None) -> None:
        self._memo[len(self._memo)] = self._stack[-1]

    def _do_put(self, place: int) -> None:
        if not 0 <= place <= MOST_STEPS:
            raise DeltaEditError(f"it asks for a table of {short(place)} entries; it is refused")
        self._memo[place] = self._stack[-1]

    _do_binput = _do_long_binput = _do_put

    def _do_get(self, place: int) -> None:
        self._stack.append(self._memo[place])

    _do_binget = _do_long_binget = _do_get

    # Lists, sets (as lists), tuples, dicts.
    def _do_empty_list(self, _: None) -> None:
        self._stack.append([])

    _do_empty_set = _do_empty_list

    def _do_list(self, _: None) -> None:
        self._stack.append(self._above_mark())

    _do_frozenset = _do_list

    def _do_append(self, _: None) -> None:
        item = self._stack.pop()
        self._top(list).append(item)

    def _do_appends(self, _: None) -> None:
        items = self._above_mark()
        self._top(list).extend(items)

    _do_additems = _do_appends

    def _do_empty_tuple(self, _: None) -> None:
        self._stack.append(())

    def _do_tuple(self, _: None) -> None:
        self._stack.append(tuple(self._above_mark()))

    def _do_tuple1(self, _: None) -> None:
        self._stack[-1:] = [(self._stack[-1],)]

    def _do_tuple2(self, _: None) -> None:
        self._stack[-2:] = [tuple(self._stack[-2:])]

    def _do_tuple3(self, _: None) -> None:
        self._stack[-3:] = [tuple(self._stack[-3:])]

    def _do_empty_dict(self, _: None) -> None:
        self._stack.append({})

    def _do_dict(self, _: None) -> None:
        flat = self._above_mark()
        self._stack.append({})
        self._put(flat)

    def _do_setitem(self, _: None) -> None:
        flat = self._stack[-2:]
        del self._stack[-2:]
        self._put(flat)

    def _do_setitems(self, _: None) -> None:
        self._put(self._above_mark())

    def _put(self, flat: list[Any]) -> None:
        """key, value, key, value, ... into the dict on top."""
        target = self._top(dict)
        for key, value in zip(flat[::2], flat[1::2], strict=True):
            target[key_of(key)] = value

    def _top(self, kind: type) -> Any:
        top = self._stack[-1]
        if type(top) is not kind:
            raise DeltaEditError(f"it changes {short(top)} as if it were a {kind.__name__}")
        return top

    # Names, calls, objects.
    def _do_global(self, name: str) -> None:
        self._stack.append(self._find(*name.split(" ", 1)))

    def _do_stack_global(self, _: None) -> None:
        name = self._stack.pop()
        self._stack.append(self._find(self._stack.pop(), name))

    def _find(self, module: Any, name: Any) -> Any:
        if not isinstance(module, str) or not isinstance(name, str):
            raise DeltaEditError("it asks for a name that is no text; it is refused")
        if self._scripted and module.startswith("__torch__"):
            return Class(name)
        try:
            return self._names[module, name]
        except KeyError:
            raise DeltaEditError(
                f"the file asks for {module[:60]}.{name[:60]}, which no checkpoint needs; it is "
                "refused and nothing of it was run: if it is a whole pickled model, save its "
                "state_dict() with the program that made it, else get it from its official page"
            ) from None

    def _do_reduce(self, _: None) -> None:
        arguments = self._stack.pop()
        self._stack.append(self._call(self._stack.pop(), arguments))

    _do_newobj = _do_reduce

    def _do_newobj_ex(self, _: None) -> None:
        self._stack.pop()  # arguments by name, of which no stand-in has any
        self._do_reduce(None)

    def _do_inst(self, name: str) -> None:
        self._stack.append(self._call(self._find(*name.split(" ", 1)), tuple(self._above_mark())))

    def _do_obj(self, _: None) -> None:
        kind, *arguments = self._above_mark()
        self._stack.append(self._call(kind, tuple(arguments)))

    def _call(self, target: Any, arguments: Any) -> Any:
        """The object that a permitted call or class gives."""
        if not isinstance(arguments, tuple) or len(arguments) > MOST_ARGUMENTS:
            raise DeltaEditError("it makes a call that no checkpoint needs; it is refused")
        if isinstance(target, Function):
            return target.run(*arguments)
        if not isinstance(target, Class):
            raise DeltaEditError(f"it calls {short(target)}, which is no function; it is refused")
        if target.name:
            return Record(target.name)
        return self._dict(arguments[0]) if arguments else {}

    def _dict(self, items: Any) -> dict[Any, Any]:
        """A dict as it is, or made of pairs."""
        if isinstance(items, dict):
            return items
        self._budget.step(len(items))
        return {key_of(key): value for key, value in items}

    def _do_build(self, _: None) -> None:
        state = self._stack.pop()
        target = self._stack[-1]
        if isinstance(target, Array | DType):
            target.set_state(state)
        elif isinstance(target, Record):
            for part in state if isinstance(state, tuple) else (state,):
                if isinstance(part, dict):
                    self._budget.step(len(part))
                    target.fields.update((k, v) for k, v in part.items() if isinstance(k, str))
        elif not isinstance(target, dict):  # `_metadata` of a state dict: nothing numbers need
            raise DeltaEditError(f"it changes {short(target)}, which has no state; it is refused")

    def _do_binpersid(self, _: None) -> None:
        """('storage', type, key, place, count[, view]) -> a Storage to be filled later."""
        kind, dtype, key, _, count, *view = self._stack.pop()
        known = isinstance(dtype, torch.dtype) and type(count) is int and isinstance(key, str | int)
        if kind != "storage" or not known or count < 0:
            raise DeltaEditError("the file describes a storage in an unknown way; save it again")
        if any(part is not None for part in view):
            raise DeltaEditError("the file shares storages in a way of 2017; save it again")
        self._stack.append(self.storages.setdefault(str(key), Storage(dtype, str(key), count)))


def resolve(tree: Any, budget: Budget, keep_records: bool = False) -> Any:
    """`tree` with tensors for Views, arrays for Arrays, and (unless kept) dicts for Records.

    Shared parts stay shared, so that a small file cannot unfold into an endless one.
    """
    done: dict[int, Any] = {}

    def visit(node: Any, depth: int) -> Any:
        budget.step()
        if depth > DEEPEST:
            raise DeltaEditError("the file nests its contents without end; it is refused")
        if not isinstance(node, View | Array | Record | dict | list | tuple):
            plain = isinstance(node, str | bytes | int | float | None)
            return node if plain else f"<{type(node).__name__}>"
        if id(node) not in done:
            done[id(node)] = None  # a part that contains itself ends here
            done[id(node)] = exchanged(node, depth + 1)
        return done[id(node)]

    def exchanged(node: Any, depth: int) -> Any:
        if isinstance(node, View):
            return node.tensor()
        if isinstance(node, Array):
            return node.value
        if isinstance(node, Record):
            fields = {key: visit(value, depth) for key, value in node.fields.items()}
            return Record(node.name, fields) if keep_records else fields
        if isinstance(node, dict):
            return {key: visit(value, depth) for key, value in node.items()}
        return type(node)(visit(value, depth) for value in node)

    return visit(tree, 0)
