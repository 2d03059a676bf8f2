"""Grey values inside a ball or a flat contour: counted by voxel centres, in the unit that the images have."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from core.volume import Volume
from plan.contours import flattened, smooth_curve, vector_area_mm2, why_no_area
from plan.items import Ball, Contour, Item
from plan.label_shapes import is_inside


@dataclass(frozen=True)
class Density:
    """Statistics of voxels: mean, standard deviation (of a sample), least, most; their number and volume."""

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
    """Voxels whose centre lies within a radius of a point (3,), LPS mm."""
    index = _box(volume, np.array(list(product(*([-radius_mm, radius_mm],) * 3))) + centre_mm)
    places = volume.patient_from_indices(index)
    return _density(volume, index[np.linalg.norm(places - centre_mm, axis=1) <= radius_mm])


def density_in_contour(volume: Volume, points_mm: np.ndarray) -> Density | None:
    """Voxels of one layer whose centre lies inside a contour, seen along its normal; points (n, 3) LPS mm."""
    curve = smooth_curve(points_mm)
    area = vector_area_mm2(curve)
    normal, middle = area / np.linalg.norm(area), curve.mean(axis=0)
    # The layer is as thick as the voxels are along the normal.
    half_mm = float(np.abs(normal @ volume.patient_from_index[:3, :3]).max()) / 2.0
    ends = np.concatenate([curve + half_mm * normal, curve - half_mm * normal])
    index = _box(volume, ends)
    away = volume.patient_from_indices(index) - middle
    height = away @ normal
    index, away = (
        index[(height > -half_mm) & (height <= half_mm)],
        away[(height > -half_mm) & (height <= half_mm)],
    )
    flat = flattened(np.concatenate([away, curve - middle]), normal)
    return _density(volume, index[is_inside(flat[: len(away)], [flat[len(away) :]])])


def _box(volume: Volume, points_mm: np.ndarray) -> np.ndarray:
    """All voxels (n, 3) of the box around points."""
    index = volume.indices_from_patient(points_mm)
    low = np.maximum(np.floor(index.min(axis=0)), 0).astype(np.int64)
    high = np.minimum(np.ceil(index.max(axis=0)), np.array(volume.shape) - 1).astype(np.int64)
    ranges = [np.arange(a, b + 1) for a, b in zip(low, high, strict=True)]
    return np.stack([part.ravel() for part in np.meshgrid(*ranges, indexing="ij")], axis=1)


def _density(volume: Volume, index: np.ndarray) -> Density | None:
    if not len(index):
        return None
    values = volume.voxels[tuple(index.T)].astype(np.float64)
    voxel_ml = abs(float(np.linalg.det(volume.patient_from_index[:3, :3]))) / 1000.0
    sd = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    n, low, high = len(values), float(values.min()), float(values.max())
    return Density(float(values.mean()), sd, low, high, n, n * voxel_ml, volume.unit)
