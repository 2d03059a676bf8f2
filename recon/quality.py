"""How good a reconstruction is: overlap, distances between surfaces in mm, volumes, and the health of a mesh.

Institutions' own codes for these figures differ by up to half (PMC9679364): every definition is written at its
function and tested on spheres, ellipsoids and slabs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from core.mesh import SurfaceMesh


@dataclass(frozen=True)
class SurfaceDistances:
    """Unsigned distances between two surfaces A and B, in mm.

    Attributes:
        mean_a_to_b_mm, mean_b_to_a_mm: mean over one surface's area of the distance to the other surface.
        assd_mm: average symmetric surface distance: the mean over both areas together.
        hd95_mm: the larger of the two 95th percentiles over area.
        max_mm: the larger of the two greatest distances (Hausdorff), over all samples and vertices.
    """

    mean_a_to_b_mm: float
    mean_b_to_a_mm: float
    assd_mm: float
    hd95_mm: float
    max_mm: float


def dice(a: np.ndarray, b: np.ndarray) -> float:
    """Overlap of two masks of one shape, 2 |A and B| / (|A| + |B|); 1 when both are empty.

    Raises ValueError when the shapes differ.
    """
    a, b = np.asarray(a, dtype=bool), np.asarray(b, dtype=bool)
    if a.shape != b.shape:
        raise ValueError(f"masks of different shapes, {a.shape} and {b.shape}, cannot be compared")
    total = int(a.sum()) + int(b.sum())
    return 2.0 * int((a & b).sum()) / total if total else 1.0


def volume_error_percent(volume_ml: float, true_ml: float) -> float:
    """Signed error in percent of the truth. Raises ValueError when the truth is not positive."""
    if true_ml <= 0:
        raise ValueError("the true volume must be positive")
    return 100.0 * (volume_ml - true_ml) / true_ml


def surface_distances_mm(mesh_a: SurfaceMesh, mesh_b: SurfaceMesh, n_samples: int = 30_000) -> SurfaceDistances:
    """Distances between two surfaces, each sampled evenly over its area, exact from point to triangle.

    Args:
        mesh_a, mesh_b: surfaces in one frame, mm; they need not be closed.
        n_samples: points on each surface; the same points at every call.

    Raises:
        ValueError: a surface without triangles.
    """
    a_to_b = _distances_from(mesh_a, mesh_b, n_samples)
    b_to_a = _distances_from(mesh_b, mesh_a, n_samples)
    area_a, area_b = area_mm2(mesh_a), area_mm2(mesh_b)
    mean_a, mean_b = float(a_to_b.on_area.mean()), float(b_to_a.on_area.mean())
    return SurfaceDistances(
        mean_a_to_b_mm=mean_a,
        mean_b_to_a_mm=mean_b,
        assd_mm=(mean_a * area_a + mean_b * area_b) / (area_a + area_b),
        hd95_mm=float(max(np.percentile(a_to_b.on_area, 95), np.percentile(b_to_a.on_area, 95))),
        max_mm=max(a_to_b.greatest, b_to_a.greatest),
    )


def mask_distances_mm(a: np.ndarray, b: np.ndarray, spacing_mm: np.ndarray) -> SurfaceDistances:
    """Distances between the border voxels of two masks: quick, and blind below a voxel.

    A border voxel belongs to the mask and has a face neighbour outside it (beyond the array is outside).
    Every border voxel counts alike, so `assd_mm` is the mean over both borders' voxels together.

    Args:
        a, b: boolean masks of one shape (slices, rows, columns).
        spacing_mm: (3,) voxel spacing.

    Raises:
        ValueError: an empty mask, or different shapes.
    """
    a, b = np.asarray(a, dtype=bool), np.asarray(b, dtype=bool)
    if a.shape != b.shape or not a.any() or not b.any():
        raise ValueError("two masks of one shape with at least one voxel each are needed")
    border_a, border_b = a & ~ndimage.binary_erosion(a), b & ~ndimage.binary_erosion(b)
    a_to_b = ndimage.distance_transform_edt(~border_b, spacing_mm)[border_a]
    b_to_a = ndimage.distance_transform_edt(~border_a, spacing_mm)[border_b]
    return SurfaceDistances(
        mean_a_to_b_mm=float(a_to_b.mean()),
        mean_b_to_a_mm=float(b_to_a.mean()),
        assd_mm=float(np.concatenate([a_to_b, b_to_a]).mean()),
        hd95_mm=float(max(np.percentile(a_to_b, 95), np.percentile(b_to_a, 95))),
        max_mm=float(max(a_to_b.max(), b_to_a.max())),
    )


def area_mm2(mesh: SurfaceMesh) -> float:
    """Area of a surface in square millimetres."""
    return float(_face_areas(mesh).sum())


def points_on(mesh: SurfaceMesh, n_samples: int) -> np.ndarray:
    """Points (n_samples, 3) spread evenly over the area of a surface, the same at every call.

    Source: one point per equal share of the area; within a triangle Roberts' R2 sequence, folded.

    Raises:
        ValueError: a surface without area.
    """
    reached = np.cumsum(_face_areas(mesh))
    if not len(reached) or reached[-1] <= 0:
        raise ValueError("a surface without area cannot be measured")
    number = np.arange(n_samples)
    face = np.searchsorted(reached, (number + 0.5) / n_samples * reached[-1])
    plastic = 1.32471795724474602596
    u, v = (0.5 + number / plastic) % 1.0, (0.5 + number / plastic**2) % 1.0
    folded = u + v > 1.0
    u, v = np.where(folded, 1.0 - u, u), np.where(folded, 1.0 - v, v)
    a, b, c = np.moveaxis(mesh.vertices[mesh.faces[face]], 1, 0)
    return a + u[:, None] * (b - a) + v[:, None] * (c - a)


@dataclass(frozen=True, eq=False)
class _OneWay:
    on_area: np.ndarray
    greatest: float


def _distances_from(mesh: SurfaceMesh, other: SurfaceMesh, n_samples: int) -> _OneWay:
    on_area = distances_to(other, points_on(mesh, n_samples))
    at_vertices = distances_to(other, mesh.vertices[np.unique(mesh.faces)])
    return _OneWay(on_area, float(max(on_area.max(), at_vertices.max())))


def distances_to(mesh: SurfaceMesh, points: np.ndarray) -> np.ndarray:
    """Unsigned distance (n,) in mm of points (n, 3) to the nearest point of any triangle.

    Raises:
        ValueError: a surface without triangles.
    """
    from open3d.core import Tensor
    from open3d.t.geometry import RaycastingScene

    if not len(mesh.faces):
        raise ValueError("a surface without triangles has no distance")
    centre = mesh.bounds_mm.mean(axis=0)
    scene = RaycastingScene()
    corners = (mesh.vertices - centre).astype(np.float32)
    scene.add_triangles(Tensor.from_numpy(corners), Tensor.from_numpy(mesh.faces.astype(np.uint32)))
    local = np.ascontiguousarray(np.asarray(points) - centre, dtype=np.float32)
    return scene.compute_distance(Tensor.from_numpy(local)).numpy().astype(np.float64)


def _face_areas(mesh: SurfaceMesh) -> np.ndarray:
    a, b, c = np.moveaxis(mesh.vertices[mesh.faces], 1, 0)
    areas: np.ndarray = 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)
    return areas
