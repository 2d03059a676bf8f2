"""Cuts that are no planes, and measures that were taken on surfaces; every position is LPS mm, every item immutable.

What was measured on a surface keeps the line or the number as it was found: a plan needs no surface to be read.
It keeps marks of those surfaces as well, so that what was found on another heart is not read as one of this heart.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from plan.points import Point, as_point, freeze_lines, freeze_number, freeze_points, new_id

MOST_PATH_POINTS = 4000


@dataclass(frozen=True)
class CutBox:
    """Hides what lies outside a box along the patient's axes. A view, never a change of anatomy.

    Attributes:
        first_mm, second_mm: two opposite corners, in any order.
        spared: keys of the structures that it does not cut.
    """

    name: str
    first_mm: Point
    second_mm: Point
    is_active: bool = True
    is_locked: bool = False
    spared: tuple[str, ...] = ()
    item_id: str = field(default_factory=new_id)

    def __post_init__(self) -> None:
        freeze_points(self, "first_mm", "second_mm")

    @property
    def bounds_mm(self) -> np.ndarray:
        """Lowest and highest corner (2, 3)."""
        corners = np.array([self.first_mm, self.second_mm])
        return np.stack([corners.min(axis=0), corners.max(axis=0)])


@dataclass(frozen=True)
class CutCurve:
    """Hides what lies inside a closed curve, seen along a direction. A view, never a change of anatomy.

    Attributes:
        points_mm: points of the curve, the last one joins the first.
        direction: unit direction, LPS, along which the curve cuts through everything, both ways.
        keeps_inside: hides what lies outside of the curve instead.
        spared: keys of the structures that it does not cut.
    """

    name: str
    points_mm: tuple[Point, ...]
    direction: Point
    keeps_inside: bool = False
    is_active: bool = True
    is_locked: bool = False
    spared: tuple[str, ...] = ()
    item_id: str = field(default_factory=new_id)

    def __post_init__(self) -> None:
        freeze_lines(self, 3, "points_mm")
        freeze_points(self, "direction")
        length = float(np.linalg.norm(self.direction))
        if length < 1e-9:
            raise ValueError("a curve cuts along a direction")
        # One that is already a unit stays bit for bit, so that a plan read back equals the one written.
        if abs(length - 1.0) > 1e-12:
            object.__setattr__(self, "direction", as_point(np.asarray(self.direction) / length))


@dataclass(frozen=True)
class SurfacePath:
    """The shortest way along a structure's surface between two points.

    Attributes:
        structure: key of the structure.
        start_mm, end_mm: its ends, on the surface.
        path_mm: the way as it was found, from start to end; its length is what the item measures.
        measured_on: mark of the surface that it was found on; empty: nobody knows.
        is_current: see `as_seen`.
    """

    name: str
    structure: str
    start_mm: Point
    end_mm: Point
    path_mm: tuple[Point, ...]
    item_id: str = field(default_factory=new_id)
    measured_on: tuple[str, ...] = ()
    is_current: bool | None = None

    fixed = ("start_mm", "end_mm", "path_mm")

    def __post_init__(self) -> None:
        freeze_points(self, "start_mm", "end_mm")
        path = tuple(as_point(point) for point in self.path_mm)
        if not 2 <= len(path) <= MOST_PATH_POINTS:
            raise ValueError(f"a way along a surface has 2 to {MOST_PATH_POINTS} points")
        object.__setattr__(self, "path_mm", path)


@dataclass(frozen=True)
class Gap:
    """The smallest distance between two structures as their surfaces were.

    Attributes:
        first, second: keys of the structures.
        start_mm, end_mm: where they are nearest, on the first and on the second.
        measured_on: marks of both surfaces; empty: nobody knows. is_current: see `as_seen`.
    """

    name: str
    first: str
    second: str
    start_mm: Point
    end_mm: Point
    item_id: str = field(default_factory=new_id)
    measured_on: tuple[str, ...] = ()
    is_current: bool | None = None

    fixed = ("start_mm", "end_mm")

    def __post_init__(self) -> None:
        freeze_points(self, "start_mm", "end_mm")
        if self.first == self.second:
            raise ValueError("a gap lies between two structures")


@dataclass(frozen=True)
class Ball:
    """A ball in which grey values are counted.

    Attributes:
        centre_mm: its middle. rim_mm: any point of its surface.
    """

    name: str
    centre_mm: Point
    rim_mm: Point
    item_id: str = field(default_factory=new_id)

    def __post_init__(self) -> None:
        freeze_points(self, "centre_mm", "rim_mm")

    @property
    def radius_mm(self) -> float:
        """Distance from the middle to the rim."""
        return float(np.linalg.norm(np.subtract(self.rim_mm, self.centre_mm)))


@dataclass(frozen=True)
class StructureVolume:
    """The volume of a structure when it was asked for.

    Attributes:
        structure: its key. place_mm: where the number is shown, its middle.
        measured_on: mark of its surface; empty: nobody knows. is_current: see `as_seen`.
    """

    name: str
    structure: str
    volume_ml: float
    place_mm: Point
    item_id: str = field(default_factory=new_id)
    measured_on: tuple[str, ...] = ()
    is_current: bool | None = None

    fixed = ("place_mm",)

    def __post_init__(self) -> None:
        freeze_points(self, "place_mm")
        freeze_number(self, "volume_ml", 0.0, 1e5)


@dataclass(frozen=True)
class Resection:
    """Muscle that is planned to be taken away inside an outline, down to a depth below the inner side.

    The muscle itself is taken out of the labels by the same step of the plan.

    Attributes:
        outline_mm: the drawn outline, on or near the inner side.
        depth_mm: how deep below the inner side.
        volume_ml: how much muscle lies between the wall's surfaces, the outline and the depth.
        wall_left_mm: the thinnest wall that is left, from the surfaces before the step.
        thinnest_mm: where that is, on the outer side.
        step_id: of the edit of labels that belongs to it.
        voxels_ml: how much the voxels count that are taken from the labels, which are taken whole; 0: nobody knows.
        is_current: see `as_seen`.
    """

    name: str
    outline_mm: tuple[Point, ...]
    depth_mm: float
    volume_ml: float
    wall_left_mm: float
    thinnest_mm: Point
    step_id: str
    item_id: str = field(default_factory=new_id)
    voxels_ml: float = 0.0
    is_current: bool | None = None

    fixed = ("outline_mm", "thinnest_mm")

    def __post_init__(self) -> None:
        freeze_lines(self, 3, "outline_mm")
        freeze_points(self, "thinnest_mm")
        freeze_number(self, "depth_mm", 0.0, 40.0)
        freeze_number(self, "volume_ml", 0.0, 1e4)
        freeze_number(self, "voxels_ml", 0.0, 1e4)
        freeze_number(self, "wall_left_mm", -40.0, 100.0)


FoundItem = SurfacePath | Gap | StructureVolume | Resection
FoundT = TypeVar("FoundT", bound=FoundItem)


def as_seen(item: FoundT, is_current: bool | None) -> FoundT:
    """What was found, beside a heart that is shown: True: this one; False: another one; None: none is shown.

    Only for showing: a plan that is written does not hold it.
    """
    if item.is_current is is_current:
        return item
    seen = copy(item)
    object.__setattr__(seen, "is_current", is_current)
    return seen


SurfaceItem = CutBox | CutCurve | SurfacePath | Gap | Ball | StructureVolume | Resection
SURFACE_TITLES: Mapping[type, str] = {
    CutBox: "cut box",
    CutCurve: "cut curve",
    SurfacePath: "distance on surface",
    Gap: "gap",
    Ball: "density ball",
    StructureVolume: "volume",
    Resection: "resection",
}
_FORMS = {
    "Point": "point",
    "tuple[Point, ...]": "points",
    "tuple[str, ...]": "texts",
    "float": "number",
    "str": "text",
    "bool": "bool",
}


def surface_forms_of(kind: type) -> dict[str, str]:
    """Field -> how plan.json writes it, for an item of this file."""
    kinds = kind.__annotations__
    return {name: _FORMS[form] for name, form in kinds.items() if name not in ("name", "item_id", "is_current")}
