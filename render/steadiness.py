"""What a painted surface says of itself, and what of it lies under a line of sight."""

from __future__ import annotations

import numpy as np

from core.mesh import SurfaceMesh
from render.dragging import Ray
from render.picking import first_hit, pick_surface
from render.scene import Scene

UNCERTAINTY = "uncertainty_mm"
SAME_MM = 1e-6


def can_be_painted(mesh: SurfaceMesh, field: str = UNCERTAINTY) -> bool:
    """Whether a surface has the values to be painted by; without another field: whether it says how steady it is."""
    return field in mesh.fields


def steadiness_under(scene: Scene, ray: Ray) -> tuple[str, float] | None:
    """Structure key and painted value in mm where a line of sight meets a painted surface; NaN where it is unknown.

    None where it meets nothing, a surface that is not painted, or a cap.
    """
    met = pick_surface(scene, ray)
    surface = next((one for one in scene.surfaces if met is not None and one.key == met[0]), None)
    if met is None or surface is None or not surface.is_painted:
        return None
    mesh = surface.mesh
    hit = first_hit(mesh.vertices, mesh.faces[: len(mesh.faces) - surface.n_cap_faces], ray)
    depth_mm = float((met[1] - ray.origin_mm) @ ray.direction)
    if hit is None or hit.distance_mm > depth_mm + SAME_MM:
        return None
    values = np.asarray(mesh.fields[surface.painted_by], dtype=np.float64)[hit.corners]
    # A triangle with one unknown corner is unknown as a whole, as it is painted.
    return surface.key, float(values @ hit.weights) if np.isfinite(values).all() else float("nan")
