"""Signed distances of a heart's structures, ready to be read at any place: what two modalities have in common.

Every modality yields the same structures, whatever its grey values look like; so two images are registered through the
distances to their structures and never through their intensities. Negative inside, truncated, in millimetres.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from core.volume import LabelMap

if TYPE_CHECKING:
    import torch

TRUNCATED_MM = 12.0
BAND_MM = 4.0
COARSEST_MM = 2.0
"""Finer label maps are thinned to no more than this: registration averages over many thousand surface points."""
SMOOTHING_VOXELS = 0.7
LEAST_ML = 3.0
BORDER_VOXELS = 2.0


@dataclass(frozen=True, eq=False)
class StructureField:
    """The signed distance of one structure around it.

    Attributes:
        key: the structure.
        values: float32 (4, slices, rows, columns): distance in mm, negative inside, truncated at +-`TRUNCATED_MM`;
            and its gradient along LPS x, y, z.
        patient_from_index: (4, 4) of its grid; it may lie in any direction.
        is_seen_from_index: (2, 3): lowest and highest index between which the image shows what is there.
    """

    key: str
    values: torch.Tensor
    patient_from_index: np.ndarray
    is_seen_from_index: np.ndarray

    def at(self, points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Distance (n,), gradient (n, 3) and whether the image shows the place (n,), at LPS points (n, 3)."""
        import torch
        import torch.nn.functional as functional

        index_from_patient = points.new_tensor(np.linalg.inv(self.patient_from_index))
        index = points @ index_from_patient[:3, :3].T + index_from_patient[:3, 3]
        size = index.new_tensor(self.values.shape[1:])
        where = (2.0 * index / (size - 1.0) - 1.0).flip(1)
        found = functional.grid_sample(
            self.values[None], where[None, None, None], padding_mode="border", align_corners=True
        )[0, :, 0, 0]
        low, high = index.new_tensor(self.is_seen_from_index)
        beyond = ((where.abs() > 1.0).any(dim=1))[None]
        gradient = torch.where(beyond, 0.0, found[1:])
        return found[0], gradient.T, ((index >= low) & (index <= high)).all(dim=1)

    def grid_points(self, nearer_mm: float) -> torch.Tensor:
        """LPS places (n, 3) of its grid nearer to the surface than `nearer_mm`, where the image shows something."""
        import torch

        index = torch.nonzero(self.values[0].abs() < nearer_mm).to(self.values.dtype)
        low, high = index.new_tensor(self.is_seen_from_index)
        index = index[((index >= low) & (index <= high)).all(dim=1)]
        matrix = index.new_tensor(self.patient_from_index)
        return index @ matrix[:3, :3].T + matrix[:3, 3]


@dataclass(frozen=True, eq=False)
class DistanceStack:
    """The structures of one image as signed distances, in its own patient space."""

    fields: Mapping[str, StructureField]

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)

    def __getitem__(self, key: str) -> StructureField:
        return self.fields[key]


def stack_of_labels(labels: LabelMap, device: str = "cpu") -> DistanceStack:
    """The signed distances of every structure of a label map that has a volume worth registering."""
    volumes_ml = labels.volumes_ml()
    keys = [key for key in labels.names.values() if volumes_ml[key] >= LEAST_ML]
    return DistanceStack({key: _field_of_mask(labels, key, device) for key in keys})


def field_of_distances(
    key: str, distances_mm: np.ndarray, patient_from_index: np.ndarray, device: str = "cpu"
) -> StructureField:
    """A structure from distances that are known already, as a network gives them.

    Args:
        distances_mm: (slices, rows, columns), negative inside.
        patient_from_index: (4, 4) of their grid.
    """
    highest = np.array(distances_mm.shape, dtype=np.float64) - 1.0
    return _field(key, distances_mm, patient_from_index, np.stack([np.zeros(3), highest]), device)


def _field_of_mask(labels: LabelMap, key: str, device: str) -> StructureField:
    mask = labels.mask(key)
    step = np.maximum(1, np.floor(COARSEST_MM / labels.spacing_mm + 1e-6)).astype(int)
    spacing_mm = labels.spacing_mm * step
    thinned = mask[:: step[0], :: step[1], :: step[2]]
    margin = np.ceil((TRUNCATED_MM + 2.0 * spacing_mm) / spacing_mm).astype(int)
    low, high = _box_of(thinned)
    low, high = np.maximum(low - margin, 0), np.minimum(high + margin, thinned.shape)
    crop = thinned[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
    grid = np.array(labels.patient_from_index)
    grid[:3, 3] += grid[:3, :3] @ (low * step)
    grid[:3, :3] *= step
    # What lies beyond the image is not known to be background: a vessel cut off there has no surface.
    last = np.array(thinned.shape) - 1.0
    border = np.where(last > 4.0 * BORDER_VOXELS, BORDER_VOXELS, 0.0)
    seen = np.stack([border - low, last - border - low])
    return _field(key, signed_distances_mm(crop, spacing_mm), grid, seen, device)


def signed_distances_mm(mask: np.ndarray, spacing_mm: np.ndarray) -> np.ndarray:
    """Distance of every voxel's centre from the border of a mask, negative inside, float32.

    The border lies half way between the centres on its two sides. A little smoothing takes the voxels' steps away.
    """
    half = 0.5 * float(np.mean(spacing_mm))
    outside = ndimage.distance_transform_edt(~mask, spacing_mm) if not mask.all() else np.zeros(mask.shape)
    inside = ndimage.distance_transform_edt(mask, spacing_mm) if not mask.all() else np.full(mask.shape, np.inf)
    signed = np.where(mask, half - inside, outside - half)
    clipped = np.clip(signed, -TRUNCATED_MM, TRUNCATED_MM).astype(np.float32)
    smooth: np.ndarray = ndimage.gaussian_filter(clipped, SMOOTHING_VOXELS, mode="nearest")
    return smooth


def _field(
    key: str, distances_mm: np.ndarray, patient_from_index: np.ndarray, seen: np.ndarray, device: str
) -> StructureField:
    import torch

    clipped = np.clip(distances_mm, -TRUNCATED_MM, TRUNCATED_MM)
    distances = torch.as_tensor(clipped, dtype=torch.float32, device=device)
    by_index = torch.stack(torch.gradient(distances))
    index_from_patient = np.linalg.inv(patient_from_index)[:3, :3]
    gradient = torch.einsum("ip,izyx->pzyx", distances.new_tensor(index_from_patient), by_index)
    return StructureField(key, torch.cat([distances[None], gradient]), np.array(patient_from_index), seen)


def _box_of(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest index and one past the highest, (3,) each, of the voxels of a mask that has some."""
    spans = [np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis))) for axis in range(3)]
    return np.array([span[0] for span in spans]), np.array([span[-1] + 1 for span in spans])
