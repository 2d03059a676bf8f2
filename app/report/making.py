"""A whole report of what is open: words, the heart, and a slice through each measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from app.report.content import Picture, Report, report_of
from app.report.pdf import write_report
from app.report.pictures import slice_image
from app.report.places import frame_through
from app.report.privacy import Privacy
from app.slices import ORIENTATIONS, Framing, frame_in, frame_of, shown_orientations, slice_title
from app.state import State
from core.errors import PlannerError
from core.progress import Progress
from plan.items import as_point
from plan.plan import Plan

SLICE_PX = (900, 720)
MOST_SLICES = 40
"""More measures than this have their numbers alone: a report of hundreds of pages is read by nobody."""


def make_report(
    state: State,
    path: Path,
    sd_mm: float | None,
    progress: Progress,
    views: Sequence[np.ndarray] = (),
    with_patient: bool = False,
) -> int:
    """Measure, cut the images and write the PDF; returns the number of pages. A `QGuiApplication` must exist.

    Args:
        views: pictures (height, width, 3) of the 3-D view, ready to be shown.
        sd_mm, with_patient: as `report_of`.

    Raises:
        PlannerError: the file cannot be written. Cancelled: told to stop; nothing was written.
    """
    report = report_of(state, sd_mm, datetime.now(UTC), with_patient, progress)
    shown = tuple(Picture("The heart as it is shown, with the cuts of the plan", view) for view in views)
    report = replace(report, views=(*shown, *_crosshair_slices(state)))
    report = replace(report, slices=tuple(_slices(state, report, with_patient, progress)))
    progress.report("Writing pages", 0.9)
    n_pages = write_report(report, path)
    progress.report("Report ready", 1.0)
    return n_pages


def _crosshair_slices(state: State) -> list[Picture]:
    """The three slices through the middle of the heart, or of the images, without the plan."""
    volume = state.volume
    if volume is None or state.window is None:
        return []
    middle = volume.centre_mm
    if state.anatomy is not None and state.anatomy.surfaces:
        middle = state.anatomy.bounds_mm.mean(axis=0)
    found = []
    for orientation in ORIENTATIONS if min(volume.shape) > 1 else ():
        frame = frame_of(volume, orientation, as_point(middle), SLICE_PX, Framing())
        image = slice_image(state, frame, orientation.capitalize(), has_plan=False)
        found.append(Picture(f"{orientation.capitalize()} slice through the middle", image))
    return found


def _slices(state: State, report: Report, with_patient: bool, progress: Progress) -> list[Picture]:
    if state.volume is None or state.window is None:
        return []
    privacy, found = Privacy.of(state, with_patient), []
    measured = {part.item_id: part for part in report.parts}
    drawn = replace(
        state,
        history=replace(state.history, base=_renamed(state, privacy), edits=(), n_done=0),
        dragged=None,
        stroke=None,
        view=replace(state.view, show_measures=True, show_cut_planes=False),
    )
    items = [item for item in drawn.plan.items if item.item_id in measured][:MOST_SLICES]
    for n, item in enumerate(items):
        progress.report("Cutting slices", n / len(items))
        frame = frame_through(item, drawn.plan, SLICE_PX)
        if frame is not None:
            image = slice_image(drawn, frame)
            found.append(Picture(f"{measured[item.item_id].title} ({measured[item.item_id].kind})", image))
    return found


def _renamed(state: State, privacy: Privacy) -> Plan:
    """The plan with names that may stand in a picture."""
    items = tuple(replace(item, name=privacy.cleaned(item.name)) for item in state.shown_plan.items)
    return replace(state.shown_plan, items=items)


def slices_row(state: State, size_px: tuple[int, int] = SLICE_PX) -> np.ndarray:
    """The slices through the crosshair beside each other, with contours and plan: (height, width, 3) uint8 RGB.

    Raises:
        PlannerError: no images are open.
    """
    pictures = []
    for orientation in shown_orientations(state):
        frame = frame_in(state, orientation, size_px, Framing())
        if frame is not None and state.window is not None:
            pictures.append(slice_image(state, frame, slice_title(state, orientation)))
    if not pictures:
        raise PlannerError("there is no picture", "no slices are open", "open a series first")
    return np.concatenate(pictures, axis=1)
