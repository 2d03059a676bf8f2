"""Grey values inside a ball or a flat contour, in the unit that the images have.

A voxel at the rim counts by the part of it that lies inside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np

from core.volume import Volume
from plan.contours import flattened, smooth_curve, vector_area_mm2, why_no_area
from plan.items import Ball, Contour, Item
from plan.label_shapes import is_inside

MOST_OF_IT = 0.5
# A voxel at the rim is looked at in so many places along each axis, fewer where there are many voxels.
MOST_ALONG, MOST_PLACES = 5, 300_000


@dataclass(frozen=True)
class Density:
    """Statistics of voxels: mean, standard deviation (of a sample), least, most; their number and volume.

    Attributes:
        n: how many whole voxels they make up; least and most are of those that lie inside for the greater part.
    """

    mean: float
    sd: float
    least: float
    most: float
    n: int
    volume_ml: float
    unit: str

    @property
    def text(self) -> str:
        """In one line, with the unit, which of MR and other pictures is none that compares."""
        unit = self.unit if self.unit == "HU" else "arbitrary units"
        spread = f" ± {self.sd:.0f} SD" if self.n > 1 else ""
        return (
            f"Density {self.mean:.0f}{spread} {unit}, {self.least:.0f} to {self.most:.0f}, "
            f"{self.n} voxels, {self.volume_ml:.2f} ml"
        )


def density_of(item: Item, volume: Volume) -> Density | None:
    """What a ball or a flat contour holds; None for other items and where there is no voxel in it."""
    if isinstance(item, Ball):
        return density_in_ball(volume, np.array(item.centre_mm), item.radius_mm)
    if isinstance(item, Contour) and not why_no_area(np.array(item.points_mm)):
        return density_in_contour(volume, np.array(item.points_mm))
    return None


def density_in_ball(volume: Volume, centre_mm: np.ndarray, radius_mm: float) -> Density | None:
    """Voxels within a radius of a point (3,), LPS mm, each by its part inside."""
    index = _box(volume, np.array(list(product(*([-radius_mm, radius_mm],) * 3))) + centre_mm)
    away = np.linalg.norm(volume.patient_from_indices(index) - centre_mm, axis=1)
    half_mm = _half_diagonal_mm(volume)
    is_rim = np.abs(away - radius_mm) < half_mm
    shares = (away <= radius_mm).astype(np.float64)
    shares[is_rim] = _shares(
        volume, index[is_rim], lambda places: np.linalg.norm(places - centre_mm, axis=1) <= radius_mm
    )
    return _density(volume, index, shares)


def density_in_contour(volume: Volume, points_mm: np.ndarray) -> Density | None:
    """A layer as thick as a voxel inside a contour, seen along its normal; points (n, 3) LPS mm."""
    curve = smooth_curve(points_mm)
    area = vector_area_mm2(curve)
    normal, middle = area / np.linalg.norm(area), curve.mean(axis=0)
    # The layer is as thick as the voxels are along the normal.
    half_mm = float(np.abs(normal @ volume.patient_from_index[:3, :3]).max()) / 2.0
    ends = np.concatenate([curve + half_mm * normal, curve - half_mm * normal])
    index = _box(volume, ends)
    height = np.abs((volume.patient_from_indices(index) - middle) @ normal)
    index = index[height <= half_mm + _half_diagonal_mm(volume)]

    def holds(places: np.ndarray) -> np.ndarray:
        away = places - middle
        flat = flattened(np.concatenate([away, curve - middle]), normal)
        return (np.abs(away @ normal) <= half_mm) & is_inside(flat[: len(away)], [flat[len(away) :]])

    return _density(volume, index, _shares(volume, index, holds))


def _box(volume: Volume, points_mm: np.ndarray) -> np.ndarray:
    """All voxels (n, 3) of the box around points."""
    index = volume.indices_from_patient(points_mm)
    low = np.maximum(np.floor(index.min(axis=0)), 0).astype(np.int64)
    high = np.minimum(np.ceil(index.max(axis=0)), np.array(volume.shape) - 1).astype(np.int64)
    ranges = [np.arange(a, b + 1) for a, b in zip(low, high, strict=True)]
    return np.stack([part.ravel() for part in np.meshgrid(*ranges, indexing="ij")], axis=1)


def _shares(volume: Volume, index: np.ndarray, holds: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """How much (n,) of each voxel (n, 3) lies inside, 0 to 1, by places evenly within it."""
    n_along = int(np.clip(np.cbrt(MOST_PLACES / max(len(index), 1)), 2, MOST_ALONG))
    steps = (np.arange(n_along) + 0.5) / n_along - 0.5
    shares = np.zeros(len(index))
    for step in product(steps, repeat=3):
        shares += holds(volume.patient_from_indices(index + np.array(step)))
    return shares / n_along**3


def _half_diagonal_mm(volume: Volume) -> float:
    """From a voxel's middle to its farthest corner, at the most."""
    return float(np.linalg.norm(volume.patient_from_index[:3, :3], axis=0).sum()) / 2.0


def _density(volume: Volume, index: np.ndarray, shares: np.ndarray) -> Density | None:
    total = float(shares.sum())
    n = round(total)
    if not n:
        return None
    is_in = shares >= MOST_OF_IT * shares.max()
    values = volume.voxels[tuple(index.T)].astype(np.float64)
    mean = float(values @ shares) / total
    spread = float((values - mean) ** 2 @ shares) / max(total - 1.0, 1.0)
    voxel_ml = abs(float(np.linalg.det(volume.patient_from_index[:3, :3]))) / 1000.0
    low, high = float(values[is_in].min()), float(values[is_in].max())
    return Density(mean, float(np.sqrt(spread)), low, high, n, total * voxel_ml, volume.unit)
