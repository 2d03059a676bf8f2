"""The plan on one slice: its measures, the traces of its cut planes, and the points that can be taken hold of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.slices import Frame
from app.state import State
from core.anatomy import Anatomy
from plan.clinical.virtual_valve import annulus_of, frustum_of, why_no_valve
from plan.handles import Handle, dragged, handles
from plan.items import CutPlane, Item, VirtualValve
from plan.plan import Plan
from plan.sheet_items import SHEET_TITLES
from render.found_landmarks import found_landmarks
from render.palette import CUT_PLANE, CUT_PLANE_LOCKED, FOUND, LABEL, VIRTUAL_VALVE, Colour
from render.scene import FoundLandmark, Label, Polyline

NEAR_MM = 3.0


@dataclass(frozen=True)
class Mark:
    """One part of a plan item on a slice, in pixels: a line, its points and an optional text.

    A landmark that the network found (`is_found`) is no item: it has its own shape and nobody can take hold of it.
    """

    item_id: str
    pixels: np.ndarray
    colour: Colour
    text: str = ""
    is_dashed: bool = False
    has_balls: bool = True
    is_found: bool = False


def marks(state: State, frame: Frame) -> tuple[Mark, ...]:
    """The plan's measures that lie on or cross the slice, traces of its cut planes, and landmarks that were found."""
    from render.compose import compose

    plan = state.shown_plan
    nothing = Anatomy({}, frame_of_reference_uid=plan.frame_of_reference_uid)
    scene = compose(nothing, plan, state.view)
    n_texts = Counter(label.item_id for label in scene.labels)
    # The one text of an item goes with its line; where there are several, each stands at its own place.
    # Of a sheet's item a text names one point of several.
    apart = {item.item_id for item in plan.items if type(item) in SHEET_TITLES}
    texts = {
        label.item_id: label
        for label in scene.labels
        if n_texts[label.item_id] == 1 and label.item_id not in apart
    }
    valves = {valve.item_id: valve for valve in plan.of_type(VirtualValve)}
    n_points = Counter(point.item_id for point in scene.points)
    # A line through an item's points shows them itself; a smooth curve does not.
    through = {line.item_id for line in scene.polylines if len(line.points_mm) == n_points[line.item_id]}
    lined = {line.item_id for line in scene.polylines}
    found = [
        _line_mark(line, texts, frame, line.item_id in through)
        for line in scene.polylines
        if line.item_id not in valves
    ]
    if state.view.show_measures:
        found += [_valve_mark(valve, plan, frame) for valve in valves.values()]
    for point in scene.points:
        alone = Polyline(point.item_id, (point.position_mm,), point.colour)
        if point.item_id not in through:
            found.append(_line_mark(alone, {} if point.item_id in lined else texts, frame))
    for label in scene.labels:
        if label.item_id not in texts:
            alone = Polyline(label.item_id, (label.position_mm,), LABEL)
            found.append(_line_mark(alone, {label.item_id: label}, frame, False))
    if state.view.show_cut_planes:
        found += [_trace(plane, frame) for plane in plan.of_type(CutPlane) if plane.is_active]
    if state.view.show_found_landmarks and state.anatomy is not None:
        found += [_found_mark(place, frame) for place in found_landmarks(state.anatomy)]
    return tuple(mark for mark in found if mark is not None)


def handle_at(state: State, frame: Frame, pixel: tuple[float, float], reach_px: float) -> Handle | None:
    """The point of the plan that is shown nearest to a pixel (column, row), within `reach_px`; None for none."""
    if not state.view.show_measures:
        return None
    found: list[tuple[float, Handle]] = []
    for item in state.plan.items:
        for handle in handles(item):
            place = np.array([handle.position_mm])
            away_px = float(np.linalg.norm(frame.to_px(place)[0] - pixel))
            if away_px <= reach_px and abs(frame.depth_mm(place)[0]) <= NEAR_MM:
                found.append((away_px, handle))
    return min(found, key=lambda near: near[0])[1] if found else None


def handle_dragged(state: State, frame: Frame, handle: Handle, pixel: tuple[float, float]) -> Item:
    """The handle's item with that point below a pixel (column, row), as deep behind the slice as it was."""
    depth_mm = frame.depth_mm(np.array([handle.position_mm]))[0]
    place = frame.to_mm(*pixel) + depth_mm * np.array(frame.plane.normal)
    return dragged(state.plan.find(handle.item_id), handle, place)


def _line_mark(line: Polyline, texts: Mapping[str, Label], frame: Frame, has_balls: bool = True) -> Mark | None:
    points = np.array(line.points_mm)
    depth = frame.depth_mm(points)
    if depth.min() > NEAR_MM or depth.max() < -NEAR_MM:
        return None
    label = texts.get(line.item_id)
    return Mark(line.item_id, frame.to_px(points), line.colour, label.text if label else "", False, has_balls)


def _valve_mark(valve: VirtualValve, plan: Plan, frame: Frame) -> Mark | None:
    """The outline of a virtual valve where the slice cuts it."""
    annulus = annulus_of(valve, plan)
    if annulus is None or why_no_valve(annulus):
        return None
    plane = frame.plane
    outline = frustum_of(valve, annulus).outline_mm(np.array(plane.origin_mm), np.array(plane.normal))
    if len(outline) < 3:
        return None
    closed = np.concatenate([outline, outline[:1]])
    return Mark(valve.item_id, frame.to_px(closed), VIRTUAL_VALVE, has_balls=False)


def _found_mark(place: FoundLandmark, frame: Frame) -> Mark | None:
    at_mm = np.array([place.position_mm])
    if abs(frame.depth_mm(at_mm)[0]) > NEAR_MM:
        return None
    return Mark(place.key, frame.to_px(at_mm), FOUND, place.text, is_found=True)


def _trace(plane: CutPlane, frame: Frame) -> Mark | None:
    """The line in which a cut plane meets the slice, across the whole picture."""
    normal, through = np.array(plane.normal), np.array(frame.plane.normal)
    along = np.cross(normal, through)
    if np.linalg.norm(along) < 1e-3:
        return None
    origin = np.array(frame.plane.origin_mm)
    in_plane = normal - (normal @ through) * through
    offset = ((np.array(plane.origin_mm) - origin) @ normal) / (in_plane @ normal)
    middle = origin + offset * in_plane
    reach = sum(frame.size_px) * frame.spacing_mm * along / np.linalg.norm(along)
    pixels = frame.to_px(np.array([middle - reach, middle + reach]))
    colour = CUT_PLANE_LOCKED if plane.is_locked else CUT_PLANE
    return Mark(plane.item_id, pixels, colour, is_dashed=True)
