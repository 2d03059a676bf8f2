"""Reconstruct and stop."""

from __future__ import annotations

from app.commands.command import PICTURE_SHOWN, Command, Desk
from app.reconstruction import source_of, work_of


def reconstruct(desk: Desk) -> None:
    """Make surfaces of the heart from what is open or chosen. Raises PlannerError when nothing fits."""
    source = source_of(desk.session.state, desk.chosen_series)
    work = work_of(source, desk.reconstruct, desk.session.settings.device)
    # Another phase may be shown by then.
    desk.run("Reconstructing", work, lambda anatomy: desk.session.show_anatomy(anatomy, source.phase))


COMMANDS = (
    Command(
        "reconstruct.heart",
        "Reconstruct",
        reconstruct,
        ("Ctrl+R",),
        "heart",
        lambda state: state.volume is not None and state.clip is None,
        why_not=lambda state: PICTURE_SHOWN if state.clip is not None else "open a series first",
        while_busy=False,
    ),
    Command("reconstruct.cancel", "Cancel", lambda desk: desk.cancel(), ("Ctrl+.",)),
)
