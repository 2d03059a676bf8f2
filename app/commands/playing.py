"""Playing phases and frames, and the ruler for pictures without a place in the patient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.commands.command import Command, Desk
from app.state import State


def step(desk: Desk, n_steps: int) -> None:
    """Go to a later or earlier phase or frame, round the end, and stop playing."""
    state = desk.session.state
    if state.n_moments > 1:
        desk.session.set_playback(replace(state.playback, is_playing=False))
        desk.seek((state.moment + n_steps) % state.n_moments)


def toggle_play(desk: Desk) -> None:
    """Play, or pause."""
    playback = desk.session.state.playback
    desk.session.set_playback(replace(playback, is_playing=not playback.is_playing))


def _toggle_loop(desk: Desk) -> None:
    playback = desk.session.state.playback
    desk.session.set_playback(replace(playback, is_looping=not playback.is_looping))


def _toggle_ruler(desk: Desk) -> None:
    clip = desk.session.state.clip
    if clip is not None:
        desk.session.rulers.measure(not clip.is_measuring)


def _steps(n_steps: int) -> Callable[[Desk], None]:
    return lambda desk: step(desk, n_steps)


def _can_play(state: State) -> bool:
    return state.n_moments > 1


def _why_not_play(state: State) -> str:
    return "nothing is open that has several phases or frames"


def _is_measuring(state: State) -> bool:
    return state.clip is not None and state.clip.is_measuring


COMMANDS = (
    Command(
        "view.play",
        lambda state: "Pause" if state.playback.is_playing else "Play",
        toggle_play,
        ("Space",),
        "play",
        _can_play,
        why_not=_why_not_play,
    ),
    Command(
        "view.next_moment", "Next phase or frame", _steps(1), (".",), "next", _can_play, why_not=_why_not_play
    ),
    Command(
        "view.previous_moment",
        "Previous phase or frame",
        _steps(-1),
        (",",),
        "previous",
        _can_play,
        why_not=_why_not_play,
    ),
    Command(
        "view.loop",
        "Play in a loop",
        _toggle_loop,
        (),
        "loop",
        _can_play,
        lambda state: state.playback.is_looping,
    ),
    Command(
        "view.ruler",
        "Ruler on the picture",
        _toggle_ruler,
        ("Shift+D",),
        "ruler",
        lambda state: state.clip is not None,
        _is_measuring,
        why_not=lambda state: "for pictures; on slices the distance tool measures",
    ),
    Command(
        "view.remove_rulers",
        "Remove rulers",
        lambda desk: desk.session.rulers.clear(),
        (),
        "bin",
        lambda state: state.clip is not None and bool(state.clip.rulers),
    ),
)
