"""What helps to use the program: palette, keys, help, looks, tour, quiz, and what the program is."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from app.commands.command import Command, Desk


class Aid(Enum):
    """A window that helps and changes nothing of the patient."""

    PALETTE = "palette"
    SHORTCUTS = "shortcuts"
    KEYS = "keys"
    HELP = "help"
    APPEARANCE = "appearance"


def _open(aid: Aid) -> Callable[[Desk], None]:
    return lambda desk: desk.show_aid(aid)


COMMANDS = (
    Command("help.palette", "Find a command…", _open(Aid.PALETTE), ("Ctrl+K",), "search"),
    Command("help.contents", "User guide…", _open(Aid.HELP), ("F1",)),
    Command("help.keys", "Sheet of keys", _open(Aid.KEYS), ("Shift+F1",)),
    Command("help.shortcuts", "Change keys…", _open(Aid.SHORTCUTS), ("Ctrl+Alt+K",)),
    Command("view.appearance", "Appearance…", _open(Aid.APPEARANCE)),
    Command("help.about", "About Auricle", lambda desk: desk.show_about()),
)
