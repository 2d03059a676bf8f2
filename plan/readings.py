"""Everything an item of a plan measures, ready to be shown, written or exported."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from core.errors import PlannerError
from plan.clinical.sheets import formulas_of
from plan.clinical.virtual_valve import annulus_of
from plan.contours import (
    curve_from_points,
    ellipse_axes_mm,
    flattened,
    off_plane_mm,
    perimeter_mm,
    shape_values,
    vector_area_mm2,
    why_no_area,
)
from plan.formula import Formula, Points, Reading, Values, points_of, read
from plan.items import Angle, Contour, CutPlane, Distance, Item, PlaneAngle, Polyline, VirtualValve
from plan.measure import angle_deg, angle_of_planes_deg, angles_between_deg
from plan.plan import Plan
from plan.surface_items import SurfaceItem
from plan.surface_readings import surface_readings

CONTOUR_TITLES = {
    "area_mm2": "Area",
    "area_diameter_mm": "Diameter from area",
    "perimeter_mm": "Perimeter",
    "perimeter_diameter_mm": "Diameter from perimeter",
    "min_diameter_mm": "Smallest diameter",
    "max_diameter_mm": "Largest diameter",
    "ellipse_short_mm": "Short axis of its ellipse",
    "ellipse_long_mm": "Long axis of its ellipse",
    "off_plane_mm": "Distance from flat",
}


def readings(item: Item, plan: Plan, sd_mm: float | None = None) -> tuple[Reading, ...]:
    """What an item measures by its points; empty for a cut plane, a landmark, and what surfaces alone can tell.

    Args:
        plan: where an angle of planes finds its planes, and a virtual valve its annulus.
        sd_mm: standard deviation of a placed landmark per axis, for the bands; None: no bands.
    """
    if isinstance(item, PlaneAngle):
        return (_plane_angle(item, plan),)
    if isinstance(item, VirtualValve):
        # Its annulus is all of the plan that it depends on.
        annulus = annulus_of(item, plan)
        return _guided(item, Plan(items=() if annulus is None else (annulus,)), sd_mm)
    return surface_readings(item, sd_mm) if isinstance(item, SurfaceItem) else _readings(item, sd_mm)


@lru_cache(maxsize=64)
def _guided(item: Item, plan: Plan, sd_mm: float | None) -> tuple[Reading, ...]:
    formulas, points = formulas_of(item, plan)
    return read(formulas, points, sd_mm)


@lru_cache(maxsize=512)
def _readings(item: Item, sd_mm: float | None) -> tuple[Reading, ...]:
    formulas = _formulas(item)
    return read(formulas, points_of(item), sd_mm) if formulas else _guided(item, Plan(), sd_mm)


def _formulas(item: Item) -> tuple[Formula, ...]:
    if isinstance(item, Distance):
        return (Formula({"length_mm": "Length"}, _straight),)
    if isinstance(item, Angle):
        return (Formula({"angle_deg": "Angle"}, _corner, _why_no_angle(item)),)
    if isinstance(item, Polyline):
        return (Formula({"length_mm": "Length"}, _path),)
    if isinstance(item, Contour):
        return (_contour(item),)
    return ()


def _straight(points: Points) -> Values:
    return {"length_mm": np.linalg.norm(points["end_mm"] - points["start_mm"], axis=-1)}


def _corner(points: Points) -> Values:
    vertex = points["vertex_mm"]
    return {"angle_deg": angles_between_deg(points["start_mm"] - vertex, points["end_mm"] - vertex)}


def _why_no_angle(item: Angle) -> str:
    try:
        angle_deg(item)
    except PlannerError as refusal:
        return refusal.why
    return ""


def _path(points: Points) -> Values:
    return {"length_mm": np.linalg.norm(np.diff(points["points_mm"], axis=-2), axis=-1).sum(axis=-1)}


def _contour(item: Contour) -> Formula:
    places = np.array(item.points_mm)
    why_not = why_no_area(places)
    curve_of = np.eye(len(places)) if why_not else curve_from_points(places)

    def compute(points: Points) -> Values:
        curve = curve_of @ points["points_mm"]
        area = vector_area_mm2(curve)
        normal = area / np.linalg.norm(area, axis=-1, keepdims=True)
        flat = flattened(curve, normal)
        axes = ellipse_axes_mm(flat)
        around = perimeter_mm(curve)
        return {
            **shape_values(flat),
            "perimeter_mm": around,
            "perimeter_diameter_mm": around / np.pi,
            "ellipse_short_mm": axes[..., 0],
            "ellipse_long_mm": axes[..., 1],
            "off_plane_mm": off_plane_mm(curve, normal),
        }

    return Formula(CONTOUR_TITLES, compute, why_not)


def _plane_angle(item: PlaneAngle, plan: Plan) -> Reading:
    found = {other.item_id: other for other in plan.items}
    plane, other = found.get(item.plane_id), found.get(item.other_id)
    why_not, value = "", None
    if not isinstance(plane, CutPlane) or not isinstance(other, CutPlane | Distance):
        why_not = "one of its planes is no longer in the plan"
    else:
        try:
            value = angle_of_planes_deg(plane, other)
        except PlannerError as refusal:
            why_not = refusal.why
    return Reading("angle_deg", "Angle", value, None, why_not)
