"""A mesh that encloses a wanted volume: the level is found by secants, the last thousandths by a nudge."""

from __future__ import annotations

import numpy as np

from core.errors import PlannerError
from core.mesh import SurfaceMesh
from recon.surfaces.dual import QuadMesh, dual_surface
from recon.surfaces.grid import with_dark_border
from recon.surfaces.level import level_enclosing, without_small_pieces
from recon.surfaces.relax import relaxed, triangles

_LEVEL_TOLERANCE = 0.002
"""Share of the target volume within which the search for the level is done."""

_LARGEST_NUDGE = 0.1
"""How far, in grid steps, the last correction may move the surface along its normals."""

_N_LEVELS = 16
_N_ROUNDS = 6


def mesh_at(field: np.ndarray, level: float, smallest_part: float) -> SurfaceMesh:
    """The relaxed mesh of one level, in grid indices; small pieces are dropped."""
    return _mesh_of(without_small_pieces(_above(field, level), smallest_part))


def mesh_enclosing(field: np.ndarray, level: float, target: float, smallest_part: float) -> SurfaceMesh:
    """The mesh, in grid indices, that encloses `target` cubic grid steps.

    Pieces are judged at `level`, the best guess; where the level found makes new small pieces, again.

    Raises:
        PlannerError: no level of this field encloses the target.
    """
    field = without_small_pieces(_above(field, level), smallest_part)
    wanted = target
    for _ in range(4):
        above = _above(field, _level_for(field, wanted))
        field_kept = without_small_pieces(above, smallest_part)
        mesh = _mesh_of(field_kept)
        missing = target - 1000.0 * mesh.volume_ml
        if abs(missing) <= _LARGEST_NUDGE * _area(mesh):
            return _nudged(_nudged(mesh, target), target)
        wanted += missing if field_kept is above else 0.0
        field = field_kept
    raise PlannerError(
        "no surface with the wanted volume",
        f"the nearest one misses it by {100.0 * missing / target:+.1f} %",
        "keep more of the structure's pieces, or check its labels",
    )


def _above(field: np.ndarray, level: float) -> np.ndarray:
    return with_dark_border(field - np.float32(level))


def _mesh_of(above: np.ndarray) -> SurfaceMesh:
    mesh = relaxed(dual_surface(above), above, _N_ROUNDS)
    return SurfaceMesh(mesh.vertices, triangles(mesh))


def _level_for(field: np.ndarray, target: float) -> float:
    """The level whose unrelaxed mesh encloses `target`; volumes fall as the level rises.

    Counting voxels brackets the level; each mesh then narrows the bracket by the secant rule, or by halves
    where that is slow (the Illinois rule).
    """
    high, low = level_enclosing(field, 0.8 * target), level_enclosing(field, 1.2 * target)
    missing_high, missing_low = 0.2 * target, -0.2 * target
    last_was_high: bool | None = None
    for _ in range(_N_LEVELS):
        share = missing_low / (missing_low - missing_high)
        level = low + (high - low) * min(max(share, 0.05), 0.95)
        missing = target - _enclosed(dual_surface(_above(field, level)))
        if abs(missing) <= _LEVEL_TOLERANCE * target:
            break
        is_high = missing > 0
        if is_high:
            high, missing_high = level, missing
            missing_low *= 0.5 if last_was_high is True else 1.0
        else:
            low, missing_low = level, missing
            missing_high *= 0.5 if last_was_high is False else 1.0
        last_was_high = is_high
    return level


def _enclosed(mesh: QuadMesh) -> float:
    """Volume in cubic grid steps, each quadrilateral taken as two triangles."""
    a, b, c, d = np.moveaxis(mesh.vertices[mesh.quads], 1, 0)
    return float(np.einsum("ij,ij->", a, np.cross(b, c) + np.cross(c, d))) / 6.0


def _area(mesh: SurfaceMesh) -> float:
    return float(0.5 * np.linalg.norm(_double_area(mesh), axis=1).sum())


def _double_area(mesh: SurfaceMesh) -> np.ndarray:
    """Normals (m, 3) of the faces, as long as twice their area."""
    a, b, c = np.moveaxis(mesh.vertices[mesh.faces], 1, 0)
    return np.cross(b - a, c - a)


def _nudged(mesh: SurfaceMesh, target: float) -> SurfaceMesh:
    """Move every vertex along its normal by the missing volume over the area."""
    double_area = _double_area(mesh)
    normals = np.zeros_like(mesh.vertices)
    for corner in range(3):
        for axis in range(3):
            normals[:, axis] += np.bincount(mesh.faces[:, corner], double_area[:, axis], len(normals))
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    missing = target - 1000.0 * mesh.volume_ml
    return SurfaceMesh(mesh.vertices + normals * missing / _area(mesh), mesh.faces)
