"""What the worst of files could make its reader do, as operations of the guard's child process."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import PlannerError
from imaging.guard import alive, wire


def by_name(path: Path, argument: Any) -> Iterator[str | np.ndarray]:
    """Do what the file is called; what has no such name is answered with its name."""
    if path.name == "sleeps":
        time.sleep(60)
    elif path.name == "spins":
        while True:
            pass
    elif path.name == "works":
        alive.EVERY_S = 0.2
        progress = alive.Alive()
        for _ in range(25):
            time.sleep(0.1)
            progress.report("Working", 0.0)
    elif path.name == "crashes":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif path.name == "swells":
        yield np.ones(4 << 30, dtype=np.uint8)
    elif path.name == "lies":
        for descriptor in range(3, 10):
            try:
                os.write(descriptor, b"\x80\x04\x95cos\nsystem\n" * 100)
            except OSError:
                continue
    elif path.name == "prints":
        sys.stdout.write("Doe^Jane")
        sys.stdout.flush()
    elif path.name == "refuses":
        raise PlannerError("cannot read it", "because\x1b[2J", "do this")
    yield path.name


def limits(path: Path, argument: Any) -> Iterator[str]:
    """What this process may use, and whether it can write a file."""
    names = ("RLIMIT_AS", "RLIMIT_CORE", "RLIMIT_FSIZE", "RLIMIT_CPU")
    yield " ".join(str(resource.getrlimit(getattr(resource, name))[0]) for name in names)
    try:
        path.write_bytes(b"x")
    except OSError:
        yield "refused"


def claims(path: Path, argument: Any) -> Iterator[bytes]:
    """Nothing but what the argument says, as a payload."""
    yield bytes.fromhex(argument)


def half_an_array(path: Path, argument: Any) -> Iterator[np.ndarray | bytes]:
    """An array that is told to be longer than it is."""
    whole, wire.array_head = wire.array_head, lambda array: whole_head(array)
    try:
        yield np.zeros(8, dtype=np.int16)
    finally:
        wire.array_head = whole


def whole_head(array: np.ndarray) -> bytes:
    """The head of an array twice as long."""
    return f'["<i2", [{2 * array.size}]]'.encode()


def large(path: Path, argument: Any) -> Iterator[np.ndarray]:
    """Two arrays of several pieces each."""
    yield np.arange(600_000, dtype=np.float32).reshape(3, 200_000)
    yield np.arange(5, dtype=np.dtype(">i2"))


OPERATIONS = {
    "by_name": by_name,
    "limits": limits,
    "claims": claims,
    "half_an_array": half_an_array,
    "large": large,
}
