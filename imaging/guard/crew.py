"""Children kept for the next file, and the parsing of many files shared out among them."""

from __future__ import annotations

import json
import select
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from core.errors import PlannerError
from imaging.guard import wire
from imaging.guard.child import GLANCE_S, Child, Unreadable
from imaging.guard.trouble import Trouble

MOST_CHILDREN = 2
FILES_PER_CHILD = 150
"""A further process takes as long to start as so many headers to read."""
AHEAD_BYTES = 1 << 14
"""Asked of a child in advance, so that it never waits; less than a pipe holds, so that asking never waits."""
MOST_TEXT = 400

Item = str | bytes | np.ndarray


class Crew:
    """Children that serve one module of operations. Threads may share it; a child works for one at a time."""

    def __init__(self, start: Callable[[], Child] = Child) -> None:
        self._start = start
        self._idle: list[Child] = []
        self._lock = threading.Lock()

    def take(self) -> Child:
        """A child that owes no answer."""
        with self._lock:
            child = self._idle.pop() if self._idle else None
        return child if child is not None and child.is_idle else self._start()

    def give_back(self, child: Child) -> None:
        """Keep a child for the next file; one that still owes an answer is killed."""
        with self._lock:
            is_kept = child.is_idle and len(self._idle) < MOST_CHILDREN
            if is_kept:
                self._idle.append(child)
        if not is_kept:
            child.kill()

    def stop(self) -> None:
        """End the children that wait for work."""
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.kill()

    def forget(self) -> None:
        """After a fork: the children belong to the other process."""
        self._idle, self._lock = [], threading.Lock()

    def stream(
        self, operation: str, path: Path, argument: object, on_wait: Callable[[], None]
    ) -> Generator[Item, None, None]:
        """What one operation gives, item by item. Raises Unreadable, PlannerError, and what `on_wait` raises."""
        n_given = 0
        with self._lent() as child:
            is_fresh = child.n_served == 0
            try:
                child.ask(operation, path, argument)
                while (item := _next_item(child, on_wait)) is not None:
                    n_given += 1
                    yield item
                return
            except Unreadable as error:
                if n_given or is_fresh or not _may_be_of_the_child(error.trouble):
                    raise
        yield from self.stream(operation, path, argument, on_wait)

    def each(
        self, operation: str, paths: Sequence[Path], on_wait: Callable[[], None]
    ) -> Iterator[tuple[int, str | Trouble]]:
        """The text that an operation gives for each path, or what is the trouble, with its index, as they come.

        Raises what `on_wait` raises; the children are killed then.
        """
        run = _Run(self, operation, paths)
        try:
            while not run.is_done:
                on_wait()
                yield from run.step()
        finally:
            run.end()

    @contextmanager
    def _lent(self) -> Iterator[Child]:
        child = self.take()
        try:
            yield child
        finally:
            self.give_back(child)


class _Run:
    """One pass over many files: which wait, and which child was asked for which, in order."""

    def __init__(self, crew: Crew, operation: str, paths: Sequence[Path]) -> None:
        self._crew, self._operation, self._paths = crew, operation, paths
        self._waiting = deque(range(len(paths)))
        self._asked: dict[Child, deque[int]] = {}
        self._texts: dict[Child, str] = {}
        self._is_second_try: set[int] = set()

    @property
    def is_done(self) -> bool:
        return not self._waiting and not any(self._asked.values())

    def end(self) -> None:
        for child in self._asked:
            self._crew.give_back(child)

    def step(self) -> Iterator[tuple[int, str | Trouble]]:
        """Hand out work, wait a glance for answers, and give those that have come."""
        wanted = min(MOST_CHILDREN, 1 + len(self._waiting) // FILES_PER_CHILD)
        while self._waiting and len(self._asked) < wanted:
            self._asked[self._crew.take()] = deque()
        for child in list(self._asked):
            yield from self._guarded(child, self._hand_out)
        poll = select.poll()
        for child in self._asked:
            poll.register(child.fileno(), select.POLLIN)
        poll.poll(GLANCE_S * 1e3)
        for child in list(self._asked):
            yield from self._guarded(child, Child.fill)
            yield from self._answers(child)

    def _hand_out(self, child: Child) -> None:
        while self._waiting and child.n_pending_bytes < AHEAD_BYTES:
            self._asked[child].append(self._waiting.popleft())
            child.ask(self._operation, self._paths[self._asked[child][-1]])

    def _answers(self, child: Child) -> Iterator[tuple[int, str | Trouble]]:
        while child in self._asked:
            try:
                message = child.take()
            except Unreadable as error:
                yield from self._replace(child, error.trouble)
                return
            if message is None:
                return
            tag, content = message
            if tag == wire.ALIVE:
                continue
            if tag == wire.TEXT:
                self._texts[child] = content.decode("utf-8", "replace")
                continue
            trouble = _trouble_of(tag, content)
            if trouble is Trouble.TOO_LARGE:
                child.kill()
                yield from self._replace(child, trouble)
                return
            yield self._asked[child].popleft(), trouble or self._texts.pop(child, "")

    def _guarded(self, child: Child, work: Callable[[Child], None]) -> Iterator[tuple[int, str | Trouble]]:
        try:
            work(child)
        except Unreadable as error:
            yield from self._replace(child, error.trouble)

    def _replace(self, child: Child, trouble: Trouble) -> Iterator[tuple[int, str | Trouble]]:
        """Let a dead child go; the file that it was at is at fault, those it was asked for next are not."""
        asked = self._asked.pop(child)
        self._texts.pop(child, None)
        at_fault = asked.popleft() if asked else None
        self._waiting.extendleft(reversed(asked))
        if at_fault is None:
            return
        if child.n_served and _may_be_of_the_child(trouble) and at_fault not in self._is_second_try:
            self._is_second_try.add(at_fault)
            self._waiting.appendleft(at_fault)
        else:
            yield at_fault, trouble


def _may_be_of_the_child(trouble: Trouble) -> bool:
    """True when a process that has served for long may itself be what ran out; a fresh one has the last word."""
    return trouble in (Trouble.CRASHED, Trouble.TOO_LARGE)


def _trouble_of(tag: int, content: bytes) -> Trouble | None:
    if tag == wire.END:
        return None
    try:
        return Trouble(content.decode("utf-8", "replace")) if tag == wire.TROUBLE else Trouble.DAMAGED
    except ValueError:
        return Trouble.CRASHED


def _next_item(child: Child, on_wait: Callable[[], None]) -> Item | None:
    """The next text, bytes or array of an answer; None at its end."""
    tag, content = child.receive(on_wait)
    while tag == wire.ALIVE:
        tag, content = child.receive(on_wait)
    if tag == wire.TEXT:
        return content.decode("utf-8", "replace")
    if tag == wire.BYTES:
        return content
    if tag == wire.ARRAY:
        return child.receive_array(content, on_wait)
    if tag == wire.REFUSAL:
        raise _refusal(content)
    trouble = _trouble_of(tag, content)
    if trouble is Trouble.TOO_LARGE:
        child.kill()
    if trouble is not None:
        raise Unreadable(trouble)
    return None


def _refusal(content: bytes) -> PlannerError:
    """The sentence that the child refused with, as plain printable text."""
    try:
        parts = json.loads(content)
        what, why, fix = ("".join(c for c in str(part)[:MOST_TEXT] if c.isprintable()) for part in parts)
    except (ValueError, TypeError, RecursionError):
        raise Unreadable(Trouble.CRASHED) from None
    return PlannerError(what, why, fix)
