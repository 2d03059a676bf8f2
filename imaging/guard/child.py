"""One child process as the program sees it: asked, waited for no longer than the limit, killed when it must be."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import numpy as np

from core.errors import PlannerError
from imaging.guard import trouble, wire
from imaging.guard.trouble import Trouble

ROOT = Path(__file__).resolve().parent.parent.parent
OPERATIONS = "imaging.guard.operations"
READ_BYTES = 1 << 20
GLANCE_S = 0.1
"""How long is waited before whoever waits is asked whether to go on."""
START_S = 60.0
"""For a process to load its libraries, from a slow disk perhaps, before it says that it is ready."""


class Unreadable(Exception):
    """A file gave nothing, for the reason in `trouble`."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble


class Child:
    """A process that parses files. After `Unreadable` was raised for a lost or late one it is dead."""

    def __init__(self, operations: str = OPERATIONS, search: Path = ROOT) -> None:
        paths = [str(search), str(ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        one_thread = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS")
        environment = {**os.environ, **dict.fromkeys(one_thread, "1")}
        environment["PYTHONPATH"] = os.pathsep.join(os.path.abspath(path) for path in paths if path)
        # -P and a working folder of its own: a folder of images must not be where Python finds its modules.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "imaging.guard.worker", operations],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=environment, cwd="/", start_new_session=True, bufsize=0,
        )  # fmt: skip
        assert self._process.stdout is not None
        self._answers = self._process.stdout.fileno()
        os.set_blocking(self._answers, False)
        _widen(self._answers)
        self._buffer = bytearray()
        self._poll = select.poll()
        self._poll.register(self._answers, select.POLLIN)
        self._pending: deque[int] = deque()
        self._heard = time.monotonic()
        self._is_ready = False
        self.n_served = 0

    @property
    def n_pending_bytes(self) -> int:
        """How much was asked and not yet answered."""
        return sum(self._pending)

    @property
    def is_idle(self) -> bool:
        """True when it lives and owes no answer."""
        return not self._pending and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def fileno(self) -> int:
        """Where its answers come from, to wait for several at once."""
        return self._answers

    def ask(self, operation: str, path: Path, argument: object = None) -> None:
        """Send a request. Raises Unreadable when the process is lost."""
        if not self._pending:
            self._heard = time.monotonic()
        content = wire.request(operation, path, argument)
        self._pending.append(len(content))
        assert self._process.stdin is not None
        rest = memoryview(content)
        try:
            while rest:
                rest = rest[self._process.stdin.write(rest) or 0 :]
        except OSError:
            self._lose(Trouble.CRASHED)

    def receive(self, on_wait: Callable[[], None]) -> tuple[int, bytes]:
        """The next message, waited for within the limit. Raises Unreadable, and whatever `on_wait` raises."""
        self._heard = time.monotonic() if self._is_ready else self._heard
        while (message := self.take()) is None:
            on_wait()
            self._poll.poll(GLANCE_S * 1e3)
            self.fill()
        return message

    def fill(self) -> None:
        """Read what has come. Raises Unreadable, after killing, when it is lost or nothing came in time."""
        try:
            content = os.read(self._answers, READ_BYTES)
        except BlockingIOError:
            limit = trouble.TIME_LIMIT_S if self._is_ready else START_S
            if self._pending and time.monotonic() - self._heard > limit:
                self._lose(Trouble.TOO_SLOW)
            return
        if not content:
            self._lose(Trouble.CRASHED)
        self._heard = time.monotonic()
        self._buffer += content

    def _lose(self, why: Trouble) -> NoReturn:
        self.kill()
        if self._is_ready:
            raise Unreadable(why)
        raise PlannerError(
            "cannot read any file", "the process that would read it does not start", "install Auricle again"
        )

    def take(self) -> tuple[int, bytes] | None:
        """The next message when all of it has come. Raises Unreadable when it is of no known form."""
        head = wire.MESSAGE_HEAD.size
        if len(self._buffer) < head:
            return None
        tag, length = wire.MESSAGE_HEAD.unpack_from(self._buffer)
        if not wire.TEXT <= tag <= wire.ALIVE or length > wire.LONGEST_MESSAGE:
            self._lose(Trouble.CRASHED)
        if len(self._buffer) < head + length:
            return None
        content = bytes(memoryview(self._buffer)[head : head + length])
        del self._buffer[: head + length]
        if not self._is_ready:
            self._is_ready = True
            return self.take()
        if tag in (wire.END, wire.REFUSAL, wire.TROUBLE):
            self._pending.popleft()
            self.n_served += 1
        return tag, content

    def receive_array(self, head: bytes, on_wait: Callable[[], None]) -> np.ndarray:
        """The array that follows its head. Raises Unreadable when it is not as long as it claims."""
        try:
            array = wire.empty_array(head)
        except wire.WireError:
            self._lose(Trouble.CRASHED)
        content = memoryview(array.reshape(-1).view(np.uint8).data)
        done = 0
        while done < len(content):
            tag, piece = self.receive(on_wait)
            if tag != wire.BYTES or not 0 < len(piece) <= len(content) - done:
                self._lose(Trouble.CRASHED)
            content[done : done + len(piece)] = piece
            done += len(piece)
        return array

    def kill(self) -> None:
        """End the process now."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        self._pending.clear()


def _widen(pipe: int) -> None:
    """Let a whole picture fit into the pipe, so that the child decodes the next while this one is looked at."""
    import fcntl

    with suppress(OSError, AttributeError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, READ_BYTES)
