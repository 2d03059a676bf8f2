"""How each kind of plan item is drawn: its lines, its points and the value beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plan.clinical.aortic_root import SINUSES
from plan.contours import smooth_curve
from plan.formula import NO_BAND, Reading
from plan.items import (
    Angle,
    AorticRoot,
    Contour,
    CutPlane,
    Distance,
    Item,
    Landmark,
    PlaneAngle,
    Polyline,
    as_point,
)
from plan.items import Point as Position
from plan.plan import Plan
from plan.readings import readings
from plan.surface_items import Ball, CutBox, CutCurve, Gap, Resection, StructureVolume, SurfaceItem, SurfacePath
from render.palette import (
    ANGLE,
    AORTIC_ROOT,
    BALL,
    CONTOUR,
    CUT_PLANE,
    DISTANCE,
    GAP,
    LANDMARK,
    POLYLINE,
    RESECTION,
    SURFACE_PATH,
    Colour,
)
from render.scene import Label, Point
from render.scene import Polyline as Line

SMALL_MM = 1.0
ROOT_LETTERS = {
    "right_hinge_mm": "R",
    "left_hinge_mm": "L",
    "non_coronary_hinge_mm": "N",
    "right_ostium_mm": "RCA",
    "left_ostium_mm": "LCA",
}
FEWEST_FOR_A_CURVE = 3


@dataclass(frozen=True)
class Drawn:
    """Lines, balls and texts of some items."""

    lines: tuple[Line, ...] = ()
    points: tuple[Point, ...] = ()
    labels: tuple[Label, ...] = ()

    def __add__(self, other: Drawn) -> Drawn:
        return Drawn(self.lines + other.lines, self.points + other.points, self.labels + other.labels)


def drawn(item: Item, plan: Plan) -> Drawn:
    """What shows an item of a plan; nothing for a cut plane, which has a widget of its own."""
    if isinstance(item, Distance):
        ends = (item.start_mm, item.end_mm)
        return _line(item, ends, DISTANCE, _middle(ends))
    if isinstance(item, Angle):
        return _line(item, (item.start_mm, item.vertex_mm, item.end_mm), ANGLE, item.vertex_mm)
    if isinstance(item, Polyline):
        return _line(item, item.points_mm, POLYLINE, item.points_mm[-1])
    if isinstance(item, Contour):
        text = Label(item.item_id, item.points_mm[0], _text(item, "area_mm2", "area_diameter_mm"))
        return ring_of(item.item_id, item.points_mm, CONTOUR) + Drawn(labels=(text,))
    if isinstance(item, Landmark):
        ball = Point(item.item_id, item.position_mm, LANDMARK)
        return Drawn(points=(ball,), labels=(Label(item.item_id, item.position_mm, item.name),))
    if isinstance(item, PlaneAngle):
        return _between_planes(item, plan)
    if isinstance(item, SurfaceItem):
        return _on_surface(item)
    return _root(item) if isinstance(item, AorticRoot) else Drawn()


def _line(item: Item, places: tuple[Position, ...], colour: Colour, text_at_mm: Position) -> Drawn:
    text = Label(item.item_id, text_at_mm, _text(item))
    return Drawn((Line(item.item_id, places, colour),), _balls(item.item_id, places, colour), (text,))


def ring_of(item_id: str, places: tuple[Position, ...], colour: Colour) -> Drawn:
    """The smooth closed curve through points, with them; straight lines while there is none."""
    balls = _balls(item_id, places, colour)
    curve = _smooth(places)
    curve = (*curve, curve[0]) if len(places) >= FEWEST_FOR_A_CURVE else curve
    return Drawn((Line(item_id, curve, colour),) if len(curve) > 1 else (), balls)


def _between_planes(item: PlaneAngle, plan: Plan) -> Drawn:
    planes = [other for other in plan.of_type(CutPlane) if other.item_id in (item.plane_id, item.other_id)]
    if not planes:
        return Drawn()
    at_mm = _middle(tuple(plane.origin_mm for plane in planes))
    (reading,) = readings(item, plan)
    return Drawn(labels=(Label(item.item_id, at_mm, _shown((reading,))),))


def _root(root: AorticRoot) -> Drawn:
    found = Drawn()
    for name, letter in ROOT_LETTERS.items():
        place = getattr(root, name)
        if place is not None:
            label = Label(root.item_id, place, letter)
            found += Drawn((), _balls(root.item_id, (place,), AORTIC_ROOT), (label,))
    for pair in SINUSES.values():
        across = tuple(place for place in (getattr(root, name) for name in pair) if place is not None)
        line = (Line(root.item_id, across, AORTIC_ROOT, 1.5),) if len(across) > 1 else ()
        found += Drawn(line, _balls(root.item_id, across, AORTIC_ROOT))
    for places in (root.annulus_mm, root.sinotubular_mm):
        if places:
            found += ring_of(root.item_id, places, AORTIC_ROOT)
    return found


def _balls(item_id: str, places: tuple[Position, ...], colour: Colour) -> tuple[Point, ...]:
    return tuple(Point(item_id, place, colour, SMALL_MM) for place in places)


def _text(item: Item, *keys: str) -> str:
    return _shown(tuple(found for found in readings(item, Plan()) if not keys or found.key in keys))


def _shown(found: tuple[Reading, ...]) -> str:
    # One measure without a value must not take the whole picture away; it shows no number instead.
    if any(reading.value is None for reading in found):
        return {"°": "no angle", "mm²": "no area"}.get(found[0].unit, "out of date")
    return ", ".join(f"Ø {r.short}" if r.key == "area_diameter_mm" else r.short for r in found)


def _middle(places: tuple[Position, ...]) -> Position:
    return as_point(np.mean(places, axis=0))


def _on_surface(item: SurfaceItem) -> Drawn:
    if isinstance(item, CutBox | CutCurve):
        return _cut(item) if item.is_active else Drawn()
    if isinstance(item, SurfacePath):
        ends = _balls(item.item_id, (item.start_mm, item.end_mm), SURFACE_PATH)
        middle = item.path_mm[len(item.path_mm) // 2]
        return Drawn(
            (Line(item.item_id, item.path_mm, SURFACE_PATH),), ends, (Label(item.item_id, middle, _text(item)),)
        )
    if isinstance(item, Gap):
        return _line(item, (item.start_mm, item.end_mm), GAP, _middle((item.start_mm, item.end_mm)))
    if isinstance(item, Ball):
        circles = tuple(Line(item.item_id, _circle(item, axis), BALL, 1.5) for axis in range(3))
        balls = _balls(item.item_id, (item.centre_mm, item.rim_mm), BALL)
        return Drawn(circles, balls, (Label(item.item_id, item.rim_mm, _text(item, "radius_mm")),))
    if isinstance(item, StructureVolume):
        return Drawn(labels=(Label(item.item_id, item.place_mm, _text(item)),))
    return _resection(item)


def _resection(item: Resection) -> Drawn:
    ring = (*_smooth(item.outline_mm), _smooth(item.outline_mm)[0])
    place = Point(item.item_id, item.thinnest_mm, RESECTION, SMALL_MM)
    # One text for both: outline and thinnest place lie near each other, and texts over texts cannot be read.
    text = f"{item.volume_ml:.1f} ml taken, {item.wall_left_mm:.1f} mm left, {NO_BAND}"
    label = Label(item.item_id, item.outline_mm[0], _text(item) if item.is_current is False else text)
    return Drawn((Line(item.item_id, ring, RESECTION),), (place,), (label,))


def _cut(item: CutBox | CutCurve) -> Drawn:
    if isinstance(item, CutCurve):
        return ring_of(item.item_id, item.points_mm, CUT_PLANE)
    low, high = item.bounds_mm
    # One line along all twelve edges.
    lower, upper = ("000", "100", "110", "010", "000"), ("001", "101", "100", "101", "111", "110")
    bits = (*lower, *upper, "111", "011", "010", "011", "001")
    edges = tuple(as_point(np.where([bit == "1" for bit in corner], high, low)) for corner in bits)
    line = Line(item.item_id, edges, CUT_PLANE, 1.5)
    return Drawn((line,), _balls(item.item_id, (item.first_mm, item.second_mm), CUT_PLANE))


def _smooth(places: tuple[Position, ...]) -> tuple[Position, ...]:
    steps = np.linalg.norm(np.diff(np.array([*places, places[0]]), axis=0), axis=1)
    if len(places) < FEWEST_FOR_A_CURVE or steps.min() <= 0.0:
        return places
    return tuple(as_point(place) for place in smooth_curve(np.array(places)))


def _circle(ball: Ball, axis: int) -> tuple[Position, ...]:
    turn = np.linspace(0.0, 2.0 * np.pi, 49)
    first, second = np.eye(3)[[n for n in range(3) if n != axis]]
    around = np.cos(turn)[:, None] * first + np.sin(turn)[:, None] * second
    return tuple(as_point(place) for place in np.array(ball.centre_mm) + ball.radius_mm * around)
