"""What of the view stays when another volume is shown: the window, the axes, the crosshair, the looks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.labels.editing import LABEL_TOOLS
from app.slices import is_oblique
from app.state import State
from app.tools import Tool
from app.windowing import Window, first_window
from core.anatomy import Anatomy
from core.study import Series
from core.volume import Volume
from plan.history import History
from plan.items import Point, as_point
from render.view import ViewState


def with_volume(
    state: State, series: Series, phase: int, volume: Volume, anatomy: Anatomy | None, history: History
) -> State:
    """The state with another volume, and the anatomy and the history of its patient space."""
    is_same_space, is_same_series = history is state.history, is_shown(state, series)
    return replace(
        state,
        source=state.folder,
        series=series,
        phase=phase,
        volume=volume,
        clip=None,
        playback=state.playback if is_same_series else replace(state.playback, is_playing=False),
        suggestions=state.suggestions if is_same_series else (),
        anatomy=anatomy,
        fusion=state.fusion if is_same_series else None,
        history=history,
        dragged=None,
        stroke=None,
        tool=Tool.NAVIGATE if state.tool in LABEL_TOOLS and _has_no_labels(anatomy) else state.tool,
        view=looks_of(anatomy, state.view),
        crosshair_mm=kept_crosshair(state, volume) if is_same_space else as_point(volume.centre_mm),
        window=kept_window(state, series, volume),
        along_image=kept_axes(state, series, volume),
        arrangement=state.arrangement if is_same_space else state.arrangement.for_other_patient(),
        placed_mm=(),
        selected_id=state.selected_id if is_same_space else None,
        case=state.case if is_same_space else None,
        saved=state.saved if is_same_space else None,
        saved_moving=state.saved_moving if is_same_space else None,
    )


def is_shown(state: State, series: Series) -> bool:
    """True when the slices show this series, at any of its phases."""
    are_slices = state.series is not None and state.volume is not None and state.clip is None
    return are_slices and state.series is not None and state.series.series_uid == series.series_uid


def kept_axes(state: State, series: Series, volume: Volume) -> bool:
    """Whether the slices follow the image's own axes."""
    # A plane is nothing but a line along any other axes than its own; a space of its own has no others.
    if is_shown(state, series):
        return state.along_image
    return not series.is_in_patient or is_oblique(volume) or volume.shape[0] == 1


def kept_window(state: State, series: Series, volume: Volume) -> Window:
    """The grey values to show a volume with."""
    # Playing through the phases of one series must not flicker in brightness.
    kept = state.window if is_shown(state, series) else None
    return kept or first_window(volume)


def kept_crosshair(state: State, volume: Volume) -> Point:
    """The point that is looked at, LPS mm, where it lies in the volume; else its middle."""
    point = state.crosshair_mm
    if point is not None:
        index = volume.indices_from_patient(np.array([point]))[0]
        if (index > -0.5).all() and (index < np.array(volume.shape) - 0.5).all():
            return point
    return as_point(volume.centre_mm)


def looks_of(anatomy: Anatomy | None, before: ViewState) -> ViewState:
    """Every structure in its own colour, except those the user has already given another look."""
    default = ViewState.default(anatomy) if anatomy is not None else ViewState()
    return replace(before, structures={**default.structures, **before.structures})


def _has_no_labels(anatomy: Anatomy | None) -> bool:
    return anatomy is None or anatomy.labels is None
