"""From score fields to signed distances near each structure's border, finer than the voxels that they lie on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

REACH_MM = 12.0


@dataclass(frozen=True, eq=False)
class BoxedDistances:
    """Signed distances to one structure at every phase, in a box of the grid that holds it all through the cycle.

    Attributes:
        distances_mm: (phases, a, b, c) float32, negative inside, cut off at REACH_MM.
        patient_from_index: (4, 4), of the box.
    """

    distances_mm: np.ndarray
    patient_from_index: np.ndarray

    def volumes_ml(self) -> np.ndarray:
        """Volume (phases,) in ml: every voxel counts by the share of it that a flat border at its distance leaves."""
        spacing = float(np.linalg.norm(self.patient_from_index[:3, 0]))
        share = np.clip(0.5 - self.distances_mm / spacing, 0.0, 1.0)
        return np.asarray(share.sum(axis=(1, 2, 3)) * spacing**3 / 1000.0)


def boxed_distances(scores: list[np.ndarray], patient_from_index: np.ndarray) -> BoxedDistances | None:
    """Distances to one structure from its scores (n, n, n) at every phase, positive inside; None where it is absent.

    The grid has equal steps. Beyond the grid nothing is known: a structure that leaves it has no border there.
    """
    spacing = float(np.linalg.norm(patient_from_index[:3, 0]))
    inside = np.any([score > 0 for score in scores], axis=0)
    if not all((score > 0).any() for score in scores):
        return None
    margin = int(np.ceil(REACH_MM / spacing))
    box = tuple(_span(inside.any(axis=tuple(a for a in range(3) if a != axis)), margin) for axis in range(3))
    affine = np.array(patient_from_index)
    affine[:3, 3] += affine[:3, :3] @ np.array([part.start for part in box], dtype=np.float64)
    distances = np.stack([_distance(score[box], spacing) for score in scores])
    return BoxedDistances(distances, affine)


def _span(present: np.ndarray, margin: int) -> slice:
    found = np.flatnonzero(present)
    return slice(max(int(found[0]) - margin, 0), min(int(found[-1]) + margin + 1, len(present)))


def _distance(score: np.ndarray, spacing_mm: float) -> np.ndarray:
    """Signed distance in mm to the zero level of a score, negative inside.

    The level is sampled where it crosses the grid's edges; near it the distance is that to the tangent plane.
    """
    from scipy.spatial import cKDTree

    points, normals = _level(score)
    if not len(points):
        return np.full(score.shape, -REACH_MM if score.flat[0] > 0 else REACH_MM, dtype=np.float32)
    places = np.indices(score.shape).reshape(3, -1).T.astype(np.float64)
    reach = REACH_MM / spacing_mm
    apart, nearest = cKDTree(points).query(places, distance_upper_bound=reach)
    found = nearest < len(points)
    distance = np.where(found, apart, reach)
    close = np.flatnonzero(apart < 1.5)
    arm = places[close] - points[nearest[close]]
    distance[close] = np.abs(np.einsum("ij,ij->i", arm, normals[nearest[close]]))
    sign = np.where(score.ravel() > 0, -1.0, 1.0)
    return (sign * distance * spacing_mm).reshape(score.shape).astype(np.float32)


def _level(score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points (k, 3) in grid indices where the zero level crosses grid edges, and its unit normals there."""
    slope = np.stack(np.gradient(score), axis=-1)
    points, normals = [], []
    for axis in range(3):
        low = np.moveaxis(score, axis, 0)[:-1]
        high = np.moveaxis(score, axis, 0)[1:]
        crossed = np.moveaxis((low > 0) != (high > 0), 0, axis)
        first = np.argwhere(crossed)
        second = first.copy()
        second[:, axis] += 1
        a, b = score[tuple(first.T)], score[tuple(second.T)]
        share = (a / (a - b))[:, None].astype(np.float64)
        points.append(first + share * (second - first))
        normals.append((1.0 - share) * slope[tuple(first.T)] + share * slope[tuple(second.T)])
    normal = np.concatenate(normals)
    return np.concatenate(points), normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
