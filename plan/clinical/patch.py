"""A patch for a septal defect: the size of the rim, the skin within it, and the outline to cut it by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import PlannerError
from plan.clinical.flattening import FlatSkin, beyond, laid_flat
from plan.clinical.membrane import Drape, Membrane, areas_mm2, even_rim, membrane
from plan.contours import (
    crosses_itself,
    curve_from_points,
    flattened,
    off_plane_mm,
    perimeter_mm,
    shape_values,
    vector_area_mm2,
    why_no_area,
)
from plan.formula import Formula, Points, Values, points_of
from plan.items import SeptalPatch

TITLES = {
    "rim_min_diameter_mm": "Rim, smallest diameter",
    "rim_max_diameter_mm": "Rim, largest diameter",
    "rim_area_mm2": "Rim, area seen from in front",
    "rim_perimeter_mm": "Rim, length in space",
    "rim_off_plane_mm": "Rim, distance from flat",
    "skin_area_mm2": "Area of the skin within it",
}
# A rim that shows less than this part of itself in front is seen edge-on.
EDGE_ON = 0.2
# Marks on a pattern, and the patient's directions that they stand for.
MARKS = {"H": (0.0, 0.0, 1.0), "L": (1.0, 0.0, 0.0), "A": (0.0, -1.0, 0.0)}


@dataclass(frozen=True, eq=False)
class PatchPattern:
    """What a patch is cut by, on a page in mm, as it is seen from the patient's front or left.

    Attributes:
        rim_mm, cut_mm: (k, 2) the rim and the line to cut along, a margin beyond it; y up the page.
        marks: letter -> place (2,) of the rim that lies farthest to the head (H), the left (L) and the front (A).
        skin: the skin in space; flat: the same laid flat.
        margin_mm: between the two lines.
        is_draped: whether the skin follows a surface that is there.
        seen_from: the side of the patient that the page is seen from, "front" or "left".
    """

    rim_mm: np.ndarray
    cut_mm: np.ndarray
    marks: dict[str, np.ndarray]
    skin: Membrane
    flat: FlatSkin
    margin_mm: float
    is_draped: bool
    seen_from: str

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height of the cut patch on the page."""
        width, height = np.ptp(self.cut_mm, axis=0)
        return float(width), float(height)

    @property
    def cut_area_mm2(self) -> float:
        """Area of the cut patch."""
        x, y = self.cut_mm.T
        return abs(float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum())) / 2.0


def why_no_patch(patch: SeptalPatch) -> str:
    """Why the rim spans no patch; empty when it does."""
    places = points_of(patch).get("rim_mm")
    return "the rim is not drawn yet" if places is None else why_no_area(places)


def formulas(patch: SeptalPatch) -> tuple[Formula, ...]:
    """How the measures of a patch follow from its rim."""
    why = why_no_patch(patch)
    if why:
        return (Formula(TITLES, lambda points: {}, why),)
    places = points_of(patch)["rim_mm"]
    curve_of = curve_from_points(places)
    rim_of = even_rim(curve_of @ places) @ curve_of
    skin = membrane(rim_of @ places)

    def compute(points: Points) -> Values:
        curve = curve_of @ points["rim_mm"]
        area = vector_area_mm2(curve)
        normal = area / np.linalg.norm(area, axis=-1, keepdims=True)
        shape = shape_values(flattened(curve, normal))
        return {
            "rim_min_diameter_mm": shape["min_diameter_mm"],
            "rim_max_diameter_mm": shape["max_diameter_mm"],
            "rim_area_mm2": shape["area_mm2"],
            "rim_perimeter_mm": perimeter_mm(curve),
            "rim_off_plane_mm": off_plane_mm(curve, normal),
            "skin_area_mm2": areas_mm2(skin.from_rim @ (rim_of @ points["rim_mm"]), skin.faces),
        }

    return (Formula(TITLES, compute, ""),)


def pattern(patch: SeptalPatch, drape: Drape | None = None) -> PatchPattern:
    """What to cut a patch by.

    Args:
        drape: lays the skin onto a surface that is there; None: the skin of least area within the rim.

    Raises:
        PlannerError: there is no rim, or the margin is too wide for the bends of the outline.
    """
    if why := why_no_patch(patch):
        raise PlannerError("no pattern of the patch", why, "draw the rim of the defect")
    places = points_of(patch)["rim_mm"]
    curve = curve_from_points(places) @ places
    rim = even_rim(curve) @ curve
    seen_from, side = _seen_from(rim)
    if vector_area_mm2(rim) @ side < 0.0:
        rim = rim[::-1]
    skin = membrane(rim)
    skin = skin if drape is None else skin.draped(drape)
    flat = laid_flat(skin)
    cut = beyond(flat.outline_mm, patch.margin_mm)
    if crosses_itself(cut):
        raise PlannerError(
            "no pattern of the patch", "its outline is too bent for so wide a margin", "take a smaller margin"
        )
    marks = {letter: flat.outline_mm[int((rim @ np.array(way)).argmax())] for letter, way in MARKS.items()}
    return PatchPattern(flat.outline_mm, cut, marks, skin, flat, patch.margin_mm, drape is not None, seen_from)


def _seen_from(rim_mm: np.ndarray) -> tuple[str, np.ndarray]:
    """The side of the patient that a pattern is drawn from: the front; the left for a rim seen edge-on there."""
    area = vector_area_mm2(rim_mm)
    front = np.array([0.0, -1.0, 0.0])
    is_edge_on = abs(area @ front) < EDGE_ON * np.linalg.norm(area)
    return ("left", np.array([1.0, 0.0, 0.0])) if is_edge_on else ("front", front)
