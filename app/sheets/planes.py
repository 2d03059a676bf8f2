"""The plane that a guided sheet shows: that of the ring it measures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plan.clinical.aortic_root import annular_plane, why_no_plane
from plan.clinical.appendage import ring_plane as plane_of_ring
from plan.clinical.mitral import d_plane, ring_plane, why_no_d, why_no_ring
from plan.clinical.virtual_valve import annulus_of, frustum_of, why_no_valve
from plan.contours import smooth_curve, why_no_area
from plan.formula import points_of
from plan.items import AorticRoot, Appendage, Item, MitralAnnulus, SeptalPatch, VirtualValve
from plan.plan import Plan


@dataclass(frozen=True, eq=False)
class SheetPlane:
    """A plane with a name: a point (3,) of it and its unit normal (3,), LPS; None while it is not known."""

    title: str
    missing: str
    place: tuple[np.ndarray, np.ndarray] | None = None


def plane_of(item: Item, plan: Plan) -> SheetPlane | None:
    """The plane that belongs to an item's sheet; None where the sheet has none."""
    if isinstance(item, AorticRoot):
        place = None if why_no_plane(item) else annular_plane(points_of(item))
        return SheetPlane("Annular plane", "Place the three hinge points", place)
    if isinstance(item, MitralAnnulus):
        return SheetPlane("Annular plane", "Draw the annulus", _mitral(item))
    if isinstance(item, VirtualValve):
        annulus = annulus_of(item, plan)
        place = None
        if annulus is not None and not why_no_valve(annulus):
            solid = frustum_of(item, annulus)
            place = solid.centre_mm, solid.axis
        return SheetPlane("Across the valve", "Complete the mitral annulus", place)
    if isinstance(item, Appendage):
        return SheetPlane("Ostium", "Draw the ostium", _ring(item.ostium_mm))
    if isinstance(item, SeptalPatch):
        return SheetPlane("Rim", "Draw the rim of the defect", _ring(item.rim_mm))
    return None


def _mitral(annulus: MitralAnnulus) -> tuple[np.ndarray, np.ndarray] | None:
    if why_no_ring(annulus):
        return None
    if why_no_d(annulus):
        return ring_plane(annulus)
    plane = d_plane(annulus)
    return plane.middle_mm, plane.normal


def _ring(points_mm: tuple[tuple[float, float, float], ...]) -> tuple[np.ndarray, np.ndarray] | None:
    places = np.array(points_mm)
    return None if why_no_area(places.reshape(-1, 3)) else plane_of_ring(smooth_curve(places))
