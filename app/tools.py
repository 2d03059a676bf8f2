"""What a click on a slice or a surface means with the tool in hand: points collected into one plan item."""

from __future__ import annotations

from enum import Enum

from plan.contours import FEWEST_POINTS
from plan.edits import next_name
from plan.items import Angle, Contour, Distance, Item, Landmark, Point
from plan.items import Polyline as Line
from plan.plan import Plan
from render.palette import LANDMARK
from render.scene import Point as Ball
from render.scene import Polyline


class Tool(Enum):
    """The tool in the user's hand."""

    NAVIGATE = "navigate"
    DISTANCE = "distance"
    ANGLE = "angle"
    LANDMARK = "landmark"
    POLYLINE = "polyline"
    CONTOUR = "contour"
    SHEET = "sheet"
    PAINT = "paint"
    ERASE = "erase"
    FILL = "fill"
    PULL = "pull"


N_POINTS = {Tool.DISTANCE: 2, Tool.ANGLE: 3, Tool.LANDMARK: 1}
# Tools whose line goes on until the user ends it, with the fewest points of one.
LEAST_POINTS = {Tool.POLYLINE: 2, Tool.CONTOUR: FEWEST_POINTS}
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
    Tool.SHEET: ("",),
    Tool.PAINT: ("Paint: hold the left button and draw over what belongs to the structure",),
    Tool.ERASE: ("Erase: hold the left button and draw over what does not belong to the structure",),
    Tool.FILL: ("Fill: hold the left button and draw around what belongs to the structure",),
    Tool.PULL: ("Pull: take the contour with the left button and draw it to where it belongs",),
}


def item_of(tool: Tool, points_mm: tuple[Point, ...], plan: Plan) -> Item | None:
    """The item that these points, LPS mm, complete with this tool; None while points are missing."""
    if tool not in N_POINTS or len(points_mm) < N_POINTS[tool]:
        return None
    if tool is Tool.DISTANCE:
        start, end = points_mm
        return Distance(next_name(plan, Distance), start, end)
    if tool is Tool.ANGLE:
        start, vertex, end = points_mm
        return Angle(next_name(plan, Angle), start, vertex, end)
    return Landmark(next_name(plan, Landmark), points_mm[0])


def line_of(tool: Tool, points_mm: tuple[Point, ...], plan: Plan) -> Item | None:
    """The line that ends with these points, LPS mm; None with another tool, or while points are missing."""
    if tool not in LEAST_POINTS or len(points_mm) < LEAST_POINTS[tool]:
        return None
    kind = Line if tool is Tool.POLYLINE else Contour
    return kind(next_name(plan, kind), points_mm)


def hint(tool: Tool, n_placed: int) -> str:
    """What the user does next, in a few words; empty when nothing is being placed."""
    return HINTS[tool][min(n_placed, len(HINTS[tool]) - 1)]


def points_scene(placed_mm: tuple[Point, ...]) -> tuple[tuple[Ball, ...], tuple[Polyline, ...]]:
    """What the points placed so far look like in the scene: balls and the line between them."""
    balls = tuple(Ball("placed", point, LANDMARK, radius_mm=1.2) for point in placed_mm)
    lines = (Polyline("placed", placed_mm, LANDMARK, 2.0),) if len(placed_mm) > 1 else ()
    return balls, lines
