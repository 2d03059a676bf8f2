"""What lies under a line of sight: exact, in the scene's own millimetres, without reading the depth buffer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from render.dragging import Ray
from render.plane_frame import in_plane_axes
from render.scene import Scene

# A line of sight through a corner or an edge lies beside every triangle there by what numbers are rounded: it would
# go through a closed surface. Millimetres across the line, and shares of a triangle.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Hit:
    """A triangle met by a line of sight: how far away, its corners (3,) and their weights (3,) at the place."""

    distance_mm: float
    corners: np.ndarray
    weights: np.ndarray


def pick_surface(scene: Scene, ray: Ray) -> tuple[str, np.ndarray] | None:
    """Structure key and LPS point (3,) in mm where a line of sight first meets a surface; None for nothing."""
    nearest: tuple[float, str] | None = None
    for surface in scene.surfaces:
        hit = first_hit(surface.mesh.vertices, surface.mesh.faces, ray)
        if hit is not None and (nearest is None or hit.distance_mm < nearest[0]):
            nearest = hit.distance_mm, surface.key
    if nearest is None:
        return None
    return nearest[1], ray.origin_mm + nearest[0] * ray.direction


def first_hit(vertices: np.ndarray, faces: np.ndarray, ray: Ray) -> Hit | None:
    """Where `ray` first meets one of the triangles (m, 3) of points (n, 3) in mm; None when it meets none."""
    axes = in_plane_axes(ray.direction)
    # Half-planes first: two passes over the whole surface leave only the triangles around the ray.
    faces = _straddling(faces, vertices @ axes[0] - ray.origin_mm @ axes[0])
    faces = _straddling(faces, vertices @ axes[1] - ray.origin_mm @ axes[1])
    corners = vertices[faces] - ray.origin_mm
    a, b, c = (corners @ axes.T).transpose(1, 0, 2)
    weights = np.stack([_area(b, c), _area(c, a), _area(a, b)], axis=1)
    total = weights.sum(axis=1)
    faces, corners, weights = (
        faces[total != 0],
        corners[total != 0],
        weights[total != 0] / total[total != 0, None],
    )
    is_hit = (weights >= -ROUNDING).all(axis=1)
    faces, weights = faces[is_hit], weights[is_hit]
    distances = ((corners[is_hit] @ ray.direction) * weights).sum(axis=1)
    ahead = np.flatnonzero(distances > 0)
    if not len(ahead):
        return None
    first = ahead[distances[ahead].argmin()]
    return Hit(float(distances[first]), faces[first], weights[first])


def _straddling(faces: np.ndarray, sides_mm: np.ndarray) -> np.ndarray:
    """The triangles (k, 3) that reach a plane, given each vertex's side."""
    ones = np.ones(3, dtype=np.int8)
    n_reaching = (sides_mm > -ROUNDING).take(faces).view(np.int8) @ ones
    n_beyond = (sides_mm > ROUNDING).take(faces).view(np.int8) @ ones
    return faces.take(np.flatnonzero((n_reaching > 0) & (n_beyond < 3)), axis=0)


def _area(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
