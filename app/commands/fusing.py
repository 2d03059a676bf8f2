"""Lay a second series over the open one, show it again, put it away."""

from __future__ import annotations

from app.commands.command import PICTURE_SHOWN, Command, Desk
from app.fusion.making import Fused, shown_fusion, work_of
from app.fusion.store import with_images
from app.identity import Sameness, owner_in, sameness
from app.state import State
from core.errors import PlannerError
from core.progress import Progress
from core.study import Series, SeriesKind

STATED = "stated by the user"


def fuse(desk: Desk) -> None:
    """Register the marked series to the open one and blend both.

    Raises:
        PlannerError: nothing that could be blended is marked, or other work runs.
    """
    state, series = desk.session.state, _marked(desk)
    identity = _identity(desk, state, series)
    if identity is None:
        return
    phase = min(state.phase, series.n_phases - 1)
    work = work_of(state, series, phase, desk.reconstruct, desk.session.settings.device, identity)
    fixed_phase = state.phase

    def kept(progress: Progress) -> Fused:
        fused = work(progress)
        progress.report("Saving the registration", 1.0)
        # Before it is shown: what the window shows is on the disk.
        desk.session.fusions.keep(fused)
        return fused

    def show(fused: Fused) -> None:
        if fused.fixed is not None:
            desk.session.show_anatomy(fused.fixed, fixed_phase)
        desk.session.fusions.show(fused.fusion)

    desk.run("Registering", kept, show)


def toggle(desk: Desk) -> None:
    """Show the series that was registered to the open one, or the open one alone.

    Raises:
        PlannerError: nothing was registered to it, or the images are gone.
    """
    if shown_fusion(desk.session.state) is not None:
        desk.session.fusions.remove()
        return
    kept, scan = desk.session.fusions.kept(), desk.session.state.scan
    desk.run(
        "Loading the registered series",
        lambda progress: with_images(kept, scan, progress),
        desk.session.fusions.show,
    )


def _marked(desk: Desk) -> Series:
    """The one marked series that is not open. Raises PlannerError when there is none, or several."""
    now = desk.session.state.series
    others = [s for s in desk.chosen_series if now is None or s.series_uid != now.series_uid]
    if len(others) != 1 or others[0].kind is not SeriesKind.STACK:
        raise PlannerError(
            "nothing is blended",
            "one other series of slices has to be marked in the list",
            "mark it with one click, without opening it",
        )
    return others[0]


def _identity(desk: Desk, state: State, series: Series) -> str | None:
    """What makes both series one patient's; None when the user does not say so."""
    assert state.series is not None
    fixed, moving = (owner_in(state.scan, one) for one in (state.series, series))
    found = sameness(fixed, moving)
    if found is Sameness.SAME:
        return found.value
    return f"{STATED}; {found.value}" if desk.confirm_same_patient(fixed, moving, found) else None


def _has_slices(state: State) -> bool:
    return state.volume is not None and state.clip is None


def _why_not(state: State) -> str:
    return PICTURE_SHOWN if state.clip is not None else "open a series first"


COMMANDS = (
    Command(
        "reconstruct.fuse",
        "Blend with marked series…",
        fuse,
        ("Ctrl+Shift+B",),
        "",
        _has_slices,
        why_not=_why_not,
        while_busy=False,
    ),
    Command(
        "view.fused",
        "Blend registered series",
        toggle,
        ("Shift+F",),
        "",
        _has_slices,
        lambda state: shown_fusion(state) is not None,
        while_busy=False,
        why_not=_why_not,
    ),
)
