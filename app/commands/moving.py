"""Reconstruct every phase of a cine study at once."""

from __future__ import annotations

from app.commands.command import PICTURE_SHOWN, Command, Desk
from app.moving import cine_of, edited_phases, told_phases, work_of
from app.state import State


def reconstruct_cycle(desk: Desk) -> None:
    """Make a moving heart of the cine series that are chosen, or of all of the open one's study.

    Raises:
        PlannerError: nothing fits, or other work is running.
    """
    state = desk.session.state
    together = cine_of(state, desk.chosen_series)
    work = work_of(together, desk.reconstruct_cine, desk.session.settings.device)

    def start() -> None:
        desk.run("Reconstructing all phases", work, desk.session.show_moving)

    edited = edited_phases(state.history)
    if not edited:
        start()
        return
    desk.ask_first(
        "Reconstruct all phases?",
        f"Labels of {told_phases(edited)} were edited by hand, and the moving heart is made of the images alone. "
        "It takes their place at the phase that is shown when it is ready, where undo leads back to them; at other "
        "phases they stay. Its curve follows none of them.",
        start,
    )


def _has_phases(state: State) -> bool:
    return state.clip is None and state.volume is not None and state.n_moments > 1


def _why_not(state: State) -> str:
    return PICTURE_SHOWN if state.clip is not None else "open a cine series with several phases first"


COMMANDS = (
    Command(
        "reconstruct.cycle",
        "Reconstruct all phases",
        reconstruct_cycle,
        ("Ctrl+Shift+R",),
        "",
        _has_phases,
        why_not=_why_not,
        while_busy=False,
    ),
)
