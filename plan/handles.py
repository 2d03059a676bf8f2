"""The points of an item that a user can take hold of and drag."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from plan.items import CutPlane, Item, Point, as_point


@dataclass(frozen=True)
class Handle:
    """One point of one item: its field, and its place in the line where the field holds several points."""

    item_id: str
    field: str
    index: int | None
    position_mm: Point


def handles(item: Item) -> tuple[Handle, ...]:
    """All points of an item that can be dragged; a cut plane is moved by its own frame."""
    found: list[Handle] = []
    if isinstance(item, CutPlane):
        return ()
    for name in (field.name for field in fields(item) if field.name.endswith("_mm")):
        value = getattr(item, name)
        if name in getattr(item, "fixed", ()) or not isinstance(value, tuple):
            continue
        if value and isinstance(value[0], tuple):
            found += [Handle(item.item_id, name, n, point) for n, point in enumerate(value)]
        elif value:
            found.append(Handle(item.item_id, name, None, value))
    return tuple(found)


def dragged(item: Item, handle: Handle, position_mm: np.ndarray | Point) -> Item:
    """The item with one of its points at another LPS position in mm."""
    value: Any = as_point(position_mm)
    if handle.index is not None:
        line = list(getattr(item, handle.field))
        line[handle.index] = value
        value = tuple(line)
    changed: dict[str, Any] = {handle.field: value}
    return replace(item, **changed)
