"""Where to cut the images so that a measure lies in the picture."""

from __future__ import annotations

import numpy as np

from app.sheets.planes import plane_of
from app.slices import Frame
from plan.handles import handles
from plan.items import Cut, Item, Ventricles, as_point
from plan.plan import Plan
from plan.surface_items import Gap, Resection, StructureVolume, SurfacePath
from render.slice_plane import SlicePlane

FLAT_MM = 2.0
LEAST_REACH_MM = 45.0
MOST_REACH_MM = 150.0
AROUND = 1.35
# Right and down of the pictures that radiologists read, by the patient axis that they look along: x, y, z.
READ = {
    0: (np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, -1.0])),
    1: (np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, -1.0])),
    2: (np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])),
}


def points_of_item(item: Item) -> np.ndarray:
    """Every placed or found point (n, 3) of an item, LPS mm; none for cuts and for what has no place."""
    if isinstance(item, Cut | Ventricles):
        return np.empty((0, 3))
    if isinstance(item, SurfacePath):
        return np.array(item.path_mm)
    if isinstance(item, Gap):
        return np.array([item.start_mm, item.end_mm])
    if isinstance(item, StructureVolume):
        return np.array([item.place_mm])
    if isinstance(item, Resection):
        return np.array([*item.outline_mm, item.thinnest_mm])
    return np.array([handle.position_mm for handle in handles(item)]).reshape(-1, 3)


def frame_through(item: Item, plan: Plan, size_px: tuple[int, int]) -> Frame | None:
    """The picture in which an item lies best; None where it has no place.

    The plane of its sheet; else its own plane where its points lie in one; else that of a patient axis, tilted so far
    that a straight line lies in it.
    """
    points = points_of_item(item)
    if not len(points):
        return None
    sheet = plane_of(item, plan)
    if sheet is not None and sheet.place is not None:
        middle, normal = sheet.place
    else:
        middle, normal = points.mean(axis=0), _normal(points)
    reach_mm = AROUND * float(np.linalg.norm(points - middle, axis=1).max())
    reach_mm = float(np.clip(reach_mm, LEAST_REACH_MM, MOST_REACH_MM))
    right, down = _as_read(np.asarray(normal, dtype=np.float64))
    plane = SlicePlane(as_point(middle), as_point(right), as_point(down))
    return Frame(plane, size_px, 2.0 * reach_mm / min(size_px))


def _normal(points: np.ndarray) -> np.ndarray:
    """Unit normal (3,) of the plane that shows points (n, 3) best."""
    away = points - points.mean(axis=0)
    _, spread, axes = (
        np.linalg.svd(away, full_matrices=True) if len(points) > 1 else (0, np.zeros(1), np.eye(3))
    )
    is_ring = len(points) > 2 and spread[1] > FLAT_MM
    if is_ring and np.abs(away @ axes[2]).max() <= FLAT_MM:
        return axes[2]
    if len(points) > 1 and spread[0] > 0 and not is_ring:
        line = axes[0]
        # The patient's axis that the line runs along least, at right angles to the line.
        normal = np.eye(3)[int(np.abs(line).argmin())]
        normal = normal - (normal @ line) * line
        return normal / np.linalg.norm(normal)
    return np.array([0.0, 0.0, 1.0])


def _as_read(normal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Right and down (3,) of the picture of a plane, turned as little as can be from how that axis is read."""
    axis = int(np.abs(normal).argmax())
    right, down = READ[axis]
    through = np.cross(right, down)
    normal = normal if normal @ through > 0 else -normal
    right = right - (right @ normal) * normal
    right = right / np.linalg.norm(right)
    return right, np.cross(normal, right)
