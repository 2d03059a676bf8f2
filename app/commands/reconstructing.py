"""Reconstruct and stop."""

from __future__ import annotations

from app.commands.command import PICTURE_SHOWN, Command, Desk
from app.describe import structure_title
from app.labels.edited import edited_keys
from app.reconstruction import source_of, work_of


def reconstruct(desk: Desk) -> None:
    """Make surfaces of the heart from what is open or chosen. Raises PlannerError when nothing fits."""
    source = source_of(desk.session.state, desk.chosen_series)
    work = work_of(source, desk.reconstruct, desk.session.settings.device)

    def start() -> None:
        # Another phase may be shown by then.
        desk.run("Reconstructing", work, lambda anatomy: desk.session.show_anatomy(anatomy, source.phase))

    edited = edited_keys(desk.session.state.anatomy)
    if not edited:
        start()
        return
    titles = ", ".join(structure_title(key) for key in sorted(edited))
    desk.ask_first(
        "Reconstruct again?",
        f"Labels were edited by hand: {titles}. The new reconstruction takes their place; undo leads back to them.",
        start,
    )


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
