"""How things are shown: windows, axes of the slices, what is drawn over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.clips import fitted
from app.commands.command import Command, Desk
from app.state import State
from app.windowing import FITTED, preset_names, presets
from core.anatomy import LANDMARKS
from render.steadiness import can_be_painted

N_PRESETS = 5


def preset_name(state: State, number: int) -> str | None:
    """Name of the numbered window preset for what is shown, counted from 1."""
    names: tuple[str, ...] = ()
    if state.clip is not None:
        names = (FITTED,) if state.clip.window is not None else ()
    elif state.volume is not None:
        names = preset_names(state.volume)
    return names[number - 1] if number <= len(names) else None


def _use_preset(number: int) -> Callable[[Desk], None]:
    def run(desk: Desk) -> None:
        state = desk.session.state
        name = preset_name(state, number)
        if name is not None and state.clip is not None:
            desk.session.set_window(fitted(state.clip.pixels))
        elif name is not None and state.volume is not None:
            desk.session.set_window(presets(state.volume)[name])

    return run


def _preset_command(number: int) -> Command:
    return Command(
        f"view.window_{number}",
        lambda state: f"Window: {preset_name(state, number) or '–'}",
        _use_preset(number),
        (str(number),),
        "",
        lambda state: preset_name(state, number) is not None,
    )


def _turn_slices(desk: Desk) -> None:
    desk.session.turn_slices(not desk.session.state.along_image)


def _toggle_measures(desk: Desk) -> None:
    view = desk.session.state.view
    desk.session.look(replace(view, show_measures=not view.show_measures))


def _toggle_planes(desk: Desk) -> None:
    view = desk.session.state.view
    desk.session.look(replace(view, show_cut_planes=not view.show_cut_planes))


def _toggle_uncertainty(desk: Desk) -> None:
    view = desk.session.state.view
    desk.session.look(replace(view, paint_uncertainty=not view.paint_uncertainty, paint_thickness=False))


def _can_paint(state: State) -> bool:
    if state.view.paint_uncertainty:
        return True
    return state.anatomy is not None and any(map(can_be_painted, state.anatomy.surfaces.values()))


def _toggle_found(desk: Desk) -> None:
    view = desk.session.state.view
    desk.session.look(replace(view, show_found_landmarks=not view.show_found_landmarks))


def _has_found(state: State) -> bool:
    found = state.anatomy.landmarks if state.anatomy is not None else {}
    return state.view.show_found_landmarks or any(kind.key in found for kind in LANDMARKS)


def _has_volume(state: State) -> bool:
    return state.volume is not None and state.clip is None


COMMANDS = (
    Command("view.reset", "Reset views", lambda desk: desk.reset_views(), ("R",), "fit"),
    Command(
        "view.along_image",
        "Slices along the image's axes",
        _turn_slices,
        ("X",),
        "",
        lambda state: _has_volume(state) and state.is_in_patient,
        lambda state: state.along_image,
        why_not=lambda state: "" if state.is_in_patient else "the patient's axes are not known here",
    ),
    Command(
        "view.measures",
        "Show measures",
        _toggle_measures,
        ("M",),
        "",
        lambda state: True,
        lambda state: state.view.show_measures,
    ),
    Command(
        "view.cut_planes",
        "Show cut plane frames",
        _toggle_planes,
        ("H",),
        "",
        lambda state: True,
        lambda state: state.view.show_cut_planes,
    ),
    Command(
        "view.uncertainty",
        "Paint uncertainty in millimetres",
        _toggle_uncertainty,
        ("U",),
        "",
        _can_paint,
        lambda state: state.view.paint_uncertainty,
        why_not=lambda state: "" if _can_paint(state) else "no surface here says how steady it is",
    ),
    Command(
        "view.found_landmarks",
        "Show found landmarks",
        _toggle_found,
        ("Shift+M",),
        "",
        _has_found,
        lambda state: state.view.show_found_landmarks,
        why_not=lambda state: "" if _has_found(state) else "the network told of no landmark here",
    ),
    *(_preset_command(number) for number in range(1, N_PRESETS + 1)),
)
