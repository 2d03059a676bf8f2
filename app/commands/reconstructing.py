"""Reconstruct and stop."""

from __future__ import annotations

from app.commands.command import Command, Desk
from app.reconstruction import source_of, work_of


def reconstruct(desk: Desk) -> None:
    """Make surfaces of the heart from what is open or chosen. Raises PlannerError when nothing fits."""
    source = source_of(desk.session.state, desk.chosen_series)
    work = work_of(source, desk.reconstruct, desk.session.settings.device)
    desk.run("Reconstructing", work, desk.session.show_anatomy)


COMMANDS = (
    Command(
        "reconstruct.heart",
        "Reconstruct",
        reconstruct,
        ("Ctrl+R",),
        "heart",
        lambda state: state.volume is not None,
        while_busy=False,
    ),
    Command("reconstruct.cancel", "Cancel", lambda desk: desk.cancel(), ("Ctrl+.",)),
)
