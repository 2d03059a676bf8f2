"""Positions and lines as the items of a plan keep them: tuples of finite floats, LPS mm."""

from __future__ import annotations

from uuid import uuid4

import numpy as np

Point = tuple[float, float, float]
MOST_POINTS = 500


def new_id() -> str:
    """A fresh identifier for an item; it stays with the item through every edit."""
    return uuid4().hex[:12]


def as_point(values: np.ndarray | Point) -> Point:
    """Three finite floats from any three numbers. Raises ValueError otherwise."""
    x, y, z = (float(v) for v in values)
    if not np.isfinite((x, y, z)).all():
        raise ValueError("a position needs three finite numbers")
    return x, y, z


def freeze_points(item: object, *names: str) -> None:
    """Make the named fields of a frozen item points. Raises ValueError for anything else."""
    for name in names:
        object.__setattr__(item, name, as_point(getattr(item, name)))


def freeze_lines(item: object, least: int, *names: str) -> None:
    """Make the named fields of a frozen item tuples of at least so many points. Raises ValueError otherwise."""
    for name in names:
        points = tuple(as_point(point) for point in getattr(item, name))
        if not least <= len(points) <= MOST_POINTS:
            raise ValueError(f"a line of this kind has {least} to {MOST_POINTS} points")
        object.__setattr__(item, name, points)


def freeze_places(item: object) -> None:
    """Make every field of a frozen item that may hold a point, or a line of any length, hold one."""
    kinds = type(item).__annotations__
    freeze_lines(item, 0, *(name for name, kind in kinds.items() if kind == "tuple[Point, ...]"))
    placed = (name for name, kind in kinds.items() if kind == "Point | None")
    freeze_points(item, *(name for name in placed if getattr(item, name) is not None))


def freeze_number(item: object, name: str, low: float, high: float) -> None:
    """Make a field of a frozen item a float within limits. Raises ValueError otherwise."""
    value = float(getattr(item, name))
    if not low <= value <= high:
        raise ValueError(f"{name} lies between {low:g} and {high:g}")
    object.__setattr__(item, name, value)
