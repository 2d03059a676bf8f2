"""The things a surgeon puts into a plan. Every position is LPS mm; every item is immutable."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from plan.points import MOST_POINTS, Point, as_point, new_id
from plan.points import freeze_lines as _freeze_lines
from plan.points import freeze_points as _freeze_points
from plan.sheet_items import (
    Appendage,
    MitralAnnulus,
    SeptalPatch,
    SheetItem,
    ThoracicAorta,
    Ventricles,
    VirtualValve,
)
from plan.surface_items import Ball, CutBox, CutCurve, Gap, Resection, StructureVolume, SurfaceItem, SurfacePath

__all__ = [
    "MOST_POINTS",
    "ROOT_POINTS",
    "Angle",
    "AorticRoot",
    "Appendage",
    "Ball",
    "Contour",
    "Cut",
    "CutBox",
    "CutCurve",
    "CutPlane",
    "Distance",
    "Gap",
    "Item",
    "Landmark",
    "MitralAnnulus",
    "PlaneAngle",
    "Point",
    "Polyline",
    "Resection",
    "SeptalPatch",
    "SheetItem",
    "StructureVolume",
    "SurfaceItem",
    "SurfacePath",
    "ThoracicAorta",
    "Ventricles",
    "VirtualValve",
    "as_point",
    "new_id",
]


@dataclass(frozen=True)
class CutPlane:
    """A plane that hides what lies on the side its normal points to. A view, never a change of anatomy.

    Attributes:
        origin_mm: a point on the plane, LPS mm.
        normal: unit direction, LPS; what lies at ``(p - origin_mm) . normal > 0`` is cut away.
        spared: keys of the structures that it does not cut.
    """

    name: str
    origin_mm: Point
    normal: Point
    is_active: bool = True
    is_locked: bool = False
    item_id: str = field(default_factory=new_id)
    spared: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _freeze_points(self, "origin_mm", "normal")
        length = float(np.linalg.norm(self.normal))
        if length < 1e-9:
            raise ValueError("a cut plane needs a direction")
        # A direction that is already a unit stays bit for bit, so that a plan read back equals the one written.
        if abs(length - 1.0) > 1e-12:
            object.__setattr__(self, "normal", as_point(np.asarray(self.normal) / length))


@dataclass(frozen=True)
class Distance:
    """A straight distance between two points, LPS mm."""

    name: str
    start_mm: Point
    end_mm: Point
    item_id: str = field(default_factory=new_id)

    def __post_init__(self) -> None:
        _freeze_points(self, "start_mm", "end_mm")


@dataclass(frozen=True)
class Angle:
    """The angle at `vertex_mm` between the directions to `start_mm` and `end_mm`, LPS mm."""

    name: str
    start_mm: Point
    vertex_mm: Point
    end_mm: Point
    item_id: str = field(default_factory=new_id)

    def __post_init__(self) -> None:
        _freeze_points(self, "start_mm", "vertex_mm", "end_mm")


@dataclass(frozen=True)
class Landmark:
    """A point of the anatomy with a name, LPS mm."""

    name: str
    position_mm: Point
    item_id: str = field(default_factory=new_id)

    def __post_init__(self) -> None:
        _freeze_points(self, "position_mm")


@dataclass(frozen=True)
class Polyline:
    """An open line through two or more points, LPS mm; its length is what it measures."""

    name: str
    points_mm: tuple[Point, ...]
    item_id: str = field(default_factory=new_id)

    def __post_init__(self) -> None:
        _freeze_lines(self, 2, "points_mm")


@dataclass(frozen=True)
class Contour:
    """A closed smooth line through three or more points, LPS mm; the last one joins the first."""

    name: str
    points_mm: tuple[Point, ...]
    item_id: str = field(default_factory=new_id)

    def __post_init__(self) -> None:
        _freeze_lines(self, 3, "points_mm")


@dataclass(frozen=True)
class PlaneAngle:
    """The angle of a cut plane with another cut plane, or with the line of a distance.

    Attributes:
        plane_id: `item_id` of the cut plane.
        other_id: `item_id` of the other cut plane or of the distance.
    """

    name: str
    plane_id: str
    other_id: str
    item_id: str = field(default_factory=new_id)

    def __post_init__(self) -> None:
        if self.plane_id == self.other_id:
            raise ValueError("an angle needs two different items")


@dataclass(frozen=True)
class AorticRoot:
    """What a surgeon marks of an aortic root, LPS mm; what is not marked yet is None or empty.

    Attributes:
        right_hinge_mm, left_hinge_mm, non_coronary_hinge_mm: lowest points of the three cusps.
        annulus_mm: points around the virtual basal ring.
        right_ostium_mm, left_ostium_mm: lower rims of the coronary ostia.
        right_sinus_mm, left_sinus_mm, non_coronary_sinus_mm: the outermost points of the sinuses of Valsalva.
        left_non_commissure_mm, right_non_commissure_mm, right_left_commissure_mm: the commissures opposite to
            them, in this order.
        sinotubular_mm: points around the sinotubular junction.
    """

    name: str
    right_hinge_mm: Point | None = None
    left_hinge_mm: Point | None = None
    non_coronary_hinge_mm: Point | None = None
    annulus_mm: tuple[Point, ...] = ()
    right_ostium_mm: Point | None = None
    left_ostium_mm: Point | None = None
    right_sinus_mm: Point | None = None
    left_sinus_mm: Point | None = None
    non_coronary_sinus_mm: Point | None = None
    left_non_commissure_mm: Point | None = None
    right_non_commissure_mm: Point | None = None
    right_left_commissure_mm: Point | None = None
    sinotubular_mm: tuple[Point, ...] = ()
    item_id: str = field(default_factory=new_id)

    def __post_init__(self) -> None:
        _freeze_lines(self, 0, "annulus_mm", "sinotubular_mm")
        _freeze_points(self, *(name for name in ROOT_POINTS if getattr(self, name) is not None))


ROOT_POINTS = tuple(name for name, kind in AorticRoot.__annotations__.items() if kind == "Point | None")

Item = (
    CutPlane
    | Distance
    | Angle
    | Landmark
    | Polyline
    | Contour
    | PlaneAngle
    | AorticRoot
    | SheetItem
    | SurfaceItem
)
Cut = CutPlane | CutBox | CutCurve
