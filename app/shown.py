"""The state and those who watch it: the one thing of the program that is replaced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.state import State
from app.tools import Tool
from core.errors import Finding

Observer = Callable[[State, State], None]


class Shown:
    """Holds the state; an observer is a plain callable that gets the state before and after each change."""

    def __init__(self) -> None:
        self.state = State()
        self._observers: list[Observer] = []

    def watch(self, observer: Observer) -> Callable[[], None]:
        """Call `observer(before, after)` at every change; returns what ends that."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def change(self, **changes: object) -> None:
        """Replace some fields of the state."""
        if "history" in changes:
            # What was held belonged to the plan as it was.
            changes.setdefault("dragged", None)
        if not changes.keys().isdisjoint({"history", "anatomy", "volume", "tool"}):
            changes.setdefault("stroke", None)
        self.replace(replace(self.state, **changes))  # type: ignore[arg-type]

    def replace(self, state: State) -> None:
        """Show another state; a sheet whose item is gone is closed."""
        if state.sheet is not None and state.sheet_item is None:
            tool = Tool.NAVIGATE if state.tool is Tool.SHEET else state.tool
            state = replace(state, sheet=None, tool=tool)
        before, self.state = self.state, state
        for observer in list(self._observers):
            observer(before, self.state)

    def note(self, *findings: Finding) -> None:
        """Tell the user what does not stop the work."""
        if findings:
            self.change(notices=(*self.state.notices, *findings))

    def leave(self) -> None:
        """Tell nobody any more."""
        self._observers.clear()
