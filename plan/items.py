"""The things a surgeon puts into a plan. Every position is LPS mm; every item is immutable."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import uuid4

import numpy as np

Point = tuple[float, float, float]


def new_id() -> str:
    """A fresh identifier for an item; it stays with the item through every edit."""
    return uuid4().hex[:12]


def as_point(values: np.ndarray | Point) -> Point:
    """Three finite floats from any three numbers. Raises ValueError otherwise."""
    x, y, z = (float(v) for v in values)
    if not np.isfinite((x, y, z)).all():
        raise ValueError("a position needs three finite numbers")
    return x, y, z


def _freeze_points(item: object, *names: str) -> None:
    for name in names:
        object.__setattr__(item, name, as_point(getattr(item, name)))


@dataclass(frozen=True)
class CutPlane:
    """A plane that hides what lies on the side its normal points to. A view, never a change of anatomy.

    Attributes:
        origin_mm: a point on the plane, LPS mm.
        normal: unit direction, LPS; what lies at ``(p - origin_mm) . normal > 0`` is cut away.
    """

    name: str
    origin_mm: Point
    normal: Point
    is_active: bool = True
    is_locked: bool = False
    item_id: str = field(default_factory=new_id)

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


Item = CutPlane | Distance | Angle | Landmark
