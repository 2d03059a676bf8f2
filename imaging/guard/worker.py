"""The child process: `python -m imaging.guard.worker MODULE` answers requests on its standard input until it ends.

MODULE holds OPERATIONS, a table of generator functions. What a file makes a parser print goes nowhere, for it may
name a patient.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import PlannerError
from imaging.guard import wire
from imaging.guard.alive import connect
from imaging.guard.limits import limit_this_process, start_clock, stop_clock
from imaging.guard.trouble import Trouble

_NO_MEMORY = re.compile("bad_alloc|(cannot|unable to|failed to) allocate", re.IGNORECASE)
Operation = Callable[[Path, Any], Iterator[str | bytes | np.ndarray]]


def main() -> None:
    """Serve the operations of the module that the command line names."""
    operations: dict[str, Operation] = import_module(sys.argv[1]).OPERATIONS
    answers = FileIO(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    requests = os.fdopen(os.dup(0), "rb")
    limit_this_process()
    connect(lambda: _message(answers, wire.ALIVE, b""))
    _message(answers, wire.END, b"")  # ready
    while head := requests.read(wire.REQUEST_HEAD.size):
        name, path, argument = wire.read_request(requests.read(*wire.REQUEST_HEAD.unpack(head)))
        _answer(answers, operations[name], path, argument)


def _answer(answers: FileIO, operation: Operation, path: Path, argument: Any) -> None:
    start_clock()
    try:
        for item in operation(path, argument):
            stop_clock()
            _send(answers, item)
            start_clock()
        last = wire.END, b""
    except PlannerError as refusal:
        last = (wire.REFUSAL, json.dumps([refusal.what, refusal.why, refusal.fix]).encode())
        if _is_memory(refusal):
            last = (wire.TROUBLE, Trouble.TOO_LARGE.value.encode())
    except Exception as error:
        # A broken or hostile file may raise anything in a parser.
        last = (wire.TROUBLE, _trouble_of(error).value.encode())
    stop_clock()
    _message(answers, *last)


def _trouble_of(error: Exception) -> Trouble:
    if _is_memory(error):
        return Trouble.TOO_LARGE
    return Trouble.CLOSED if isinstance(error, (PermissionError, FileNotFoundError)) else Trouble.DAMAGED


def _is_memory(error: BaseException | None) -> bool:
    """True when the lack of memory is at the bottom of an error; libraries in C++ say it in words only."""
    while error is not None:
        if isinstance(error, MemoryError) or _NO_MEMORY.search(str(error)):
            return True
        error = error.__cause__ or error.__context__
    return False


def _send(answers: FileIO, item: str | bytes | np.ndarray) -> None:
    if isinstance(item, str):
        _message(answers, wire.TEXT, item.encode())
    elif isinstance(item, bytes):
        _message(answers, wire.BYTES, item)
    else:
        array = np.ascontiguousarray(item, dtype=item.dtype.newbyteorder("<"))
        _message(answers, wire.ARRAY, wire.array_head(array))
        content = memoryview(array.reshape(-1).view(np.uint8).data)
        for start in range(0, len(content), wire.PIECE_BYTES):
            _message(answers, wire.BYTES, content[start : start + wire.PIECE_BYTES])


def _message(answers: FileIO, tag: int, content: bytes | memoryview) -> None:
    if len(content) > wire.LONGEST_MESSAGE:
        raise MemoryError("a file with more to say than a message can hold")
    pieces = [wire.MESSAGE_HEAD.pack(tag, len(content)), content]
    written = os.writev(answers.fileno(), pieces)
    rest = memoryview(b"".join(pieces))[written:] if written < sum(map(len, pieces)) else memoryview(b"")
    while rest:
        rest = rest[os.write(answers.fileno(), rest) :]


if __name__ == "__main__":
    main()
