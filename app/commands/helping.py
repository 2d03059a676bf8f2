"""What helps to use the program: palette, keys, help, looks, tour, quiz, and what the program is."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from pathlib import Path

from app.commands import study
from app.commands.command import Command, Desk
from app.tour import make_demo_patient
from core.progress import Progress


class Aid(Enum):
    """A window that helps and changes nothing of the patient."""

    PALETTE = "palette"
    SHORTCUTS = "shortcuts"
    KEYS = "keys"
    HELP = "help"
    APPEARANCE = "appearance"
    TOUR = "tour"


def _open(aid: Aid) -> Callable[[Desk], None]:
    return lambda desk: desk.show_aid(aid)


def open_demo_patient(desk: Desk) -> None:
    """Open the synthetic patient of the tour; the first time it is made, which takes a moment."""
    folder = desk.session.data_folder

    def work(progress: Progress) -> Path:
        progress.report("Making the demo patient", 0.0)
        return make_demo_patient(folder, progress)

    desk.run("Making the demo patient", work, lambda study_folder: study.open_paths(desk, (study_folder,)))


COMMANDS = (
    Command("help.palette", "Find a command…", _open(Aid.PALETTE), ("Ctrl+K",), "search"),
    Command("help.contents", "User guide…", _open(Aid.HELP), ("F1",)),
    Command("help.keys", "Sheet of keys", _open(Aid.KEYS), ("Shift+F1",)),
    Command("help.shortcuts", "Change keys…", _open(Aid.SHORTCUTS), ("Ctrl+Alt+K",)),
    Command("help.tour", "Tour", _open(Aid.TOUR)),
    Command("help.demo", "Open the demo patient", open_demo_patient, while_busy=False),
    Command("view.appearance", "Appearance…", _open(Aid.APPEARANCE)),
    Command("help.about", "About Auricle", lambda desk: desk.show_about()),
)
