"""What a click on a slice or a surface means with the tool in hand: points collected into one plan item."""

from __future__ import annotations

from enum import Enum

import numpy as np

from plan.contours import FEWEST_POINTS
from plan.edits import next_name
from plan.items import Angle, Ball, Contour, CutCurve, CutPlane, Distance, Item, Landmark, Point, as_point
from plan.items import Polyline as Line
from plan.plan import Plan
from plan.planes import plane_through
from render.palette import LANDMARK
from render.scene import Point as Dot
from render.scene import Polyline


class Tool(Enum):
    """The tool in the user's hand."""

    NAVIGATE = "navigate"
    DISTANCE = "distance"
    ANGLE = "angle"
    LANDMARK = "landmark"
    POLYLINE = "polyline"
    CONTOUR = "contour"
    PLANE_POINTS = "plane_points"
    CUT_CURVE = "cut_curve"
    SURFACE_PATH = "surface_path"
    WALL = "wall"
    BALL = "ball"
    SHEET = "sheet"
    PAINT = "paint"
    ERASE = "erase"
    FILL = "fill"
    PULL = "pull"


N_POINTS = {Tool.DISTANCE: 2, Tool.ANGLE: 3, Tool.LANDMARK: 1, Tool.PLANE_POINTS: 3, Tool.BALL: 2}
# Tools whose item lies on a surface: `app.measures.placing` completes it.
N_SURFACE_POINTS = {Tool.SURFACE_PATH: 2, Tool.WALL: 1}
# Tools whose line goes on until the user ends it, with the fewest points of one.
LEAST_POINTS = {Tool.POLYLINE: 2, Tool.CONTOUR: FEWEST_POINTS, Tool.CUT_CURVE: 3}
HINTS = {
    Tool.NAVIGATE: ("",),
    Tool.DISTANCE: ("Distance: click the first point", "Distance: click the second point"),
    Tool.ANGLE: ("Angle: click one side", "Angle: click the vertex", "Angle: click the other side"),
    Tool.LANDMARK: ("Landmark: click its place",),
    Tool.POLYLINE: (
        "Polyline: click the first point",
        "Polyline: click the next point",
        "Polyline: click the next point; Enter or double-click ends it",
    ),
    Tool.CONTOUR: (
        "Contour: click the first point on the rim",
        *(f"Contour: click along the rim ({FEWEST_POINTS - n} more at least)" for n in range(1, FEWEST_POINTS)),
        "Contour: click along the rim; Enter or double-click closes it",
    ),
    Tool.PLANE_POINTS: tuple(f"Cut plane: click the {n} of three points" for n in ("first", "second", "third")),
    Tool.CUT_CURVE: (
        "Cut curve: click around what is to be cut away; it cuts straight through, across the curve's own plane",
        "Cut curve: click the next point",
        "Cut curve: click the next point",
        "Cut curve: click the next point; Enter or double-click closes it",
    ),
    Tool.SURFACE_PATH: (
        "Distance on surface: click the first point on a surface",
        "Distance on surface: click the second point on the same surface",
    ),
    Tool.WALL: ("Wall thickness: click the wall of the left ventricle",),
    Tool.BALL: ("Density ball: click its middle", "Density ball: click its rim"),
    Tool.SHEET: ("",),
    Tool.PAINT: ("Paint: hold the left button and draw over what belongs to the structure",),
    Tool.ERASE: ("Erase: hold the left button and draw over what does not belong to the structure",),
    Tool.FILL: ("Fill: hold the left button and draw around what belongs to the structure",),
    Tool.PULL: ("Pull: take the contour with the left button and draw it to where it belongs",),
}


def item_of(tool: Tool, points_mm: tuple[Point, ...], plan: Plan) -> Item | None:
    """The item that these points, LPS mm, complete with this tool; None while points are missing.

    Raises:
        PlannerError: the points define no plane.
    """
    if tool not in N_POINTS or len(points_mm) < N_POINTS[tool]:
        return None
    if tool is Tool.DISTANCE:
        start, end = points_mm
        return Distance(next_name(plan, Distance), start, end)
    if tool is Tool.ANGLE:
        start, vertex, end = points_mm
        return Angle(next_name(plan, Angle), start, vertex, end)
    if tool is Tool.PLANE_POINTS:
        _, normal = plane_through(np.array(points_mm))
        return CutPlane(next_name(plan, CutPlane), as_point(np.mean(points_mm, axis=0)), as_point(normal))
    if tool is Tool.BALL:
        centre, rim = points_mm
        return Ball(next_name(plan, Ball), centre, rim)
    return Landmark(next_name(plan, Landmark), points_mm[0])


def line_of(tool: Tool, points_mm: tuple[Point, ...], plan: Plan) -> Item | None:
    """The line that ends with these points, LPS mm; None with another tool, or while points are missing.

    Raises:
        PlannerError: the points of a cut lie on one line.
    """
    if tool not in LEAST_POINTS or len(points_mm) < LEAST_POINTS[tool]:
        return None
    if tool is Tool.CUT_CURVE:
        _, direction = plane_through(np.array(points_mm))
        return CutCurve(next_name(plan, CutCurve), points_mm, as_point(direction))
    kind = Line if tool is Tool.POLYLINE else Contour
    return kind(next_name(plan, kind), points_mm)


def hint(tool: Tool, n_placed: int) -> str:
    """What the user does next, in a few words; empty when nothing is being placed."""
    return HINTS[tool][min(n_placed, len(HINTS[tool]) - 1)]


def points_scene(placed_mm: tuple[Point, ...]) -> tuple[tuple[Dot, ...], tuple[Polyline, ...]]:
    """What the points placed so far look like in the scene: balls and the line between them."""
    balls = tuple(Dot("placed", point, LANDMARK, radius_mm=1.2) for point in placed_mm)
    lines = (Polyline("placed", placed_mm, LANDMARK, 2.0),) if len(placed_mm) > 1 else ()
    return balls, lines
