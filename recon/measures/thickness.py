"""How thick the wall of the left ventricle is at every point of its surface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import KDTree

from core.errors import PlannerError
from core.mesh import SurfaceMesh
from recon.measures.nearest import is_on_rim, nearest_on, rim_of

FIELD = "thickness_mm"
# The wall's inner side and the cavity's surface are one sheet, or, made apart of the same labels, this near.
SAME_SHEET_MM = 1.5
# The shortest way across leaves a wall about at a right angle; where it is more slanted, the wall ends.
_LEAST_COSINE = 0.5
_FACING = -0.3
# So near to the rim a wall tapers to its edge at a valve: the shortest way across tells how sharp the edge is.
NEAR_RIM_MM = 4.0


@dataclass(frozen=True, eq=False)
class Wall:
    """A wall between an inner and an outer side.

    Attributes:
        mesh: the wall's surface with the field `thickness_mm`: NaN where there is no other side, as at the rim.
        is_inner, is_outer: (n,) vertices of the two sides; those of the rim are neither.
        across_mm: (n, 3) the place of the other side that is nearest to each vertex, LPS mm; NaN where unknown.
    """

    mesh: SurfaceMesh
    is_inner: np.ndarray
    is_outer: np.ndarray
    across_mm: np.ndarray

    @property
    def thickness_mm(self) -> np.ndarray:
        """(n,) NaN where it is unknown."""
        return self.mesh.fields[FIELD]

    def thinnest(self) -> tuple[float, np.ndarray, np.ndarray]:
        """The thinnest place: mm, its point (3,) on the outer side, and the one across."""
        values = np.where(self.is_outer, self.thickness_mm, np.inf)
        n = int(np.nanargmin(values))
        return float(values[n]), self.mesh.vertices[n], self.across_mm[n]

    def nearest(self, point_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        """The vertex of known thickness nearest to a point (3,), and the place across; None where none is known."""
        known = np.flatnonzero(np.isfinite(self.thickness_mm))
        if not len(known):
            return None
        n = known[np.linalg.norm(self.mesh.vertices[known] - point_mm, axis=1).argmin()]
        return self.mesh.vertices[n], self.across_mm[n]


def wall_of(wall: SurfaceMesh, cavities: Sequence[SurfaceMesh]) -> Wall:
    """Thickness at every vertex of a wall around one or more cavities: the length of the shortest way across.

    It never exceeds a thickness measured another way (along a ray, or along the streamlines of Laplace's
    equation), and equals them where both sides run parallel. At the rim, where the way would end on the
    edge of the other side or nearer to it than `NEAR_RIM_MM`, nothing is told.

    Source: D. MacDonald et al., Automated 3-D extraction of inner and outer surfaces of cerebral cortex from
    MRI, NeuroImage 12 (2000) 340: "t-near"; beside A. Yezzi, J. Prince, IEEE TMI 22 (2003) 1332.

    Raises:
        PlannerError: the wall touches no cavity.
    """
    is_inner_face = _inner_faces(wall, cavities)
    if not is_inner_face.any() or is_inner_face.all():
        raise PlannerError(
            "the wall has no thickness",
            "its surface does not run along the cavity on one side and outside on the other",
            "reconstruct the cavity and its muscle together",
        )
    n = len(wall.vertices)
    inner_faces, others = wall.faces[is_inner_face], wall.faces[~is_inner_face]
    thickness, across = np.full(n, np.nan), np.full((n, 3), np.nan)
    normals = vertex_normals(wall)
    on_inner = _vertices_of(n, inner_faces)
    is_outer = _measure(wall, normals, _vertices_of(n, others) & ~on_inner, inner_faces, thickness, across)
    outer_faces = others[is_outer[others].all(axis=1)]
    is_inner = np.zeros(n, dtype=bool)
    if len(outer_faces):
        is_inner = _measure(wall, normals, on_inner, outer_faces, thickness, across)
    fields = {**wall.fields, FIELD: thickness}
    return Wall(replace(wall, fields=fields), is_inner, is_outer, across)


def vertex_normals(mesh: SurfaceMesh) -> np.ndarray:
    """Unit normals (n, 3) at the vertices, outward, each the mean of its faces' by their areas."""
    corners = mesh.vertices[mesh.faces]
    double_area = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(mesh.vertices)
    for corner in range(3):
        for axis in range(3):
            normals[:, axis] += np.bincount(mesh.faces[:, corner], double_area[:, axis], len(normals))
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)


def _inner_faces(wall: SurfaceMesh, cavities: Sequence[SurfaceMesh]) -> np.ndarray:
    """(m,) faces of the wall that lie on a cavity's surface and face into it."""
    middles, normals = wall.vertices[wall.faces].mean(axis=1), _face_normals(wall)
    is_inner = np.zeros(len(wall.faces), dtype=bool)
    for cavity in cavities:
        if len(cavity.faces):
            found = nearest_on(cavity.vertices, cavity.faces, middles)
            facing = np.einsum("ij,ij->i", normals, _face_normals(cavity)[found.faces])
            is_inner |= (found.distances_mm < SAME_SHEET_MM) & (facing < _FACING)
    return is_inner


def _measure(
    wall: SurfaceMesh,
    normals: np.ndarray,
    wanted: np.ndarray,
    other_side: np.ndarray,
    thickness: np.ndarray,
    across: np.ndarray,
) -> np.ndarray:
    """Fill in the shortest ways from the wanted vertices to another side's faces; which (n,) have one."""
    ids = np.flatnonzero(wanted)
    found = nearest_on(wall.vertices, other_side, wall.vertices[ids])
    way = wall.vertices[ids] - found.places_mm
    cosine = np.einsum("ij,ij->i", way, normals[ids]) / np.maximum(found.distances_mm, 1e-9)
    rim = rim_of(len(wall.vertices), other_side)
    is_known = ~is_on_rim(found, other_side, rim) & (cosine > _LEAST_COSINE)
    if rim.any():
        is_known &= KDTree(wall.vertices[rim]).query(found.places_mm)[0] > NEAR_RIM_MM
    ids = ids[is_known]
    thickness[ids], across[ids] = found.distances_mm[is_known], found.places_mm[is_known]
    known = np.zeros(len(wall.vertices), dtype=bool)
    known[ids] = True
    return known


def _face_normals(mesh: SurfaceMesh) -> np.ndarray:
    corners = mesh.vertices[mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)


def _vertices_of(n: int, faces: np.ndarray) -> np.ndarray:
    is_of = np.zeros(n, dtype=bool)
    is_of[faces] = True
    return is_of
