"""Volumes and single planes onto one grid: an intensity channel and an observed mask.

This is the one place where a CT of a thousand slices and a cine study of twelve planes become the same kind
of input. Grids here are aligned to the patient: index (slice, row, column) runs along (z, y, x) of LPS.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.frames import apply_affine
from core.volume import Volume
from recon.near import NearImage, Scaled, near, near_scaled

if TYPE_CHECKING:
    import torch


def patient_grid(centre_mm: np.ndarray, n: int, spacing_mm: float) -> np.ndarray:
    """patient_from_index (4, 4) of an n^3 grid in patient axes (z, y, x) around a centre, LPS mm."""
    affine = np.eye(4)
    affine[:3, :3] = np.fliplr(np.eye(3)) * spacing_mm
    affine[:3, 3] = np.asarray(centre_mm) - 0.5 * (n - 1) * spacing_mm
    return affine


def grid_box(patient_from_index: np.ndarray, n: int, margin_mm: float = 0.0) -> np.ndarray:
    """Lowest and highest corner (2, 3), LPS mm, of an n^3 grid, wider by a margin on every side."""
    corners = apply_affine(patient_from_index, index_corners((n, n, n)))
    return np.stack([corners.min(axis=0) - margin_mm, corners.max(axis=0) + margin_mm])


def index_corners(shape: tuple[int, int, int]) -> np.ndarray:
    """Indices (8, 3) of the corner voxels of a grid."""
    ends = np.array(shape, dtype=np.float64) - 1.0
    return np.stack(np.meshgrid(*[(0.0, end) for end in ends], indexing="ij"), axis=-1).reshape(-1, 3)


def rasterise(
    volumes: Sequence[Volume], patient_from_index: np.ndarray, n: int, device: str = "cpu"
) -> tuple[torch.Tensor, torch.Tensor]:
    """Resample volumes of one frame of reference onto an n^3 patient grid.

    Where several volumes see one voxel their normalised intensities are averaged.

    Returns:
        intensity and observed mask, both float32 (n, n, n); intensity is 0 where nothing was observed.
    """
    images = near(volumes, _spacing(patient_from_index), device, grid_box(patient_from_index, n))
    return place(images, patient_from_index, n, device)


def rasterise_scaled(
    images: Iterable[Scaled], patient_from_index: np.ndarray, n: int, device: str | torch.device = "cpu"
) -> tuple[torch.Tensor, torch.Tensor]:
    """As `rasterise`, of images already scaled; training puts its simulated images through here, too."""
    box_mm, spacing_mm = grid_box(patient_from_index, n), _spacing(patient_from_index)
    found = [near_scaled(image, spacing_mm, box_mm) for image in images]
    return place([image for image in found if image is not None], patient_from_index, n, device)


def place(
    images: Sequence[NearImage], patient_from_index: np.ndarray, n: int, device: str | torch.device = "cpu"
) -> tuple[torch.Tensor, torch.Tensor]:
    """As `rasterise`, of images that were brought near the grid's spacing before."""
    import torch

    total = torch.zeros(n, n, n, device=device)
    weight = torch.zeros(n, n, n, device=device)
    for image in images:
        seen = _seen(image, patient_from_index, n)
        total.view(-1)[seen] += _values(image, patient_from_index, n, seen)
        weight.view(-1)[seen] += 1.0
    observed = (weight > 0).float()
    return total / weight.clamp_min(1.0), observed


def _spacing(patient_from_index: np.ndarray) -> float:
    return float(np.linalg.norm(patient_from_index[:3, 0]))


def _values(image: NearImage, patient_from_index: np.ndarray, n: int, voxels: torch.Tensor) -> torch.Tensor:
    """Brightness (m,) of an image at grid voxels given by their flat indices."""
    import torch
    import torch.nn.functional as functional

    part = image.part.voxels
    slices, rows, columns = part.shape
    index_from_grid = np.linalg.inv(image.part.patient_from_index) @ patient_from_index
    theta, _ = _sampling_theta(index_from_grid, (slices, rows, columns), n)
    points = torch.stack([_coordinate(row, n, voxels) for row in theta], dim=-1)
    values = functional.grid_sample(
        part[None, None], points[None, None, None], padding_mode="border", align_corners=True
    )
    return values[0, 0, 0, 0]


def _seen(image: NearImage, patient_from_index: np.ndarray, n: int) -> torch.Tensor:
    """Flat indices (m,) of the grid voxels that an image shows.

    A plane is seen as thick as it was taken, and where it passes within half a grid voxel: a thin one, oblique to the
    grid, would reach the network as broken lines. A stack is seen up to half a slice beyond it.
    """
    import torch

    index_from_grid = np.linalg.inv(image.patient_from_index) @ patient_from_index
    theta, half = _sampling_theta(index_from_grid, image.shape, n)
    reach = 1.0 + 0.5 / half
    if image.shape[0] == 1:
        reach[2] = 0.5 * max(1.0, _spacing(patient_from_index) / _spacing(image.patient_from_index)) / half[2]
    steps = torch.linspace(-1.0, 1.0, n, device=image.part.voxels.device)
    x, y, z, offset = (float(value) for value in theta[2])
    depth = x * steps + (y * steps)[:, None] + (z * steps + offset)[:, None, None]
    # Across its slices an image ends soonest, so little is left to be asked about its rows and columns.
    voxels = (depth.abs() <= float(reach[2])).flatten().nonzero()[:, 0]
    for axis in (0, 1):
        voxels = voxels[_coordinate(theta[axis], n, voxels).abs() <= float(reach[axis])]
    return voxels


def _coordinate(row: np.ndarray, n: int, voxels: torch.Tensor) -> torch.Tensor:
    """One normalised coordinate (m,), a row (x, y, z, offset) of theta, of grid voxels given by flat indices."""
    import torch

    steps = torch.linspace(-1.0, 1.0, n, device=voxels.device)
    x, y, z, offset = (float(value) for value in row)
    plane = voxels // n
    return (x * steps)[voxels - plane * n] + (y * steps)[plane % n] + (z * steps + offset)[plane // n]


def _sampling_theta(
    index_from_grid: np.ndarray, shape: tuple[int, int, int], n: int
) -> tuple[np.ndarray, np.ndarray]:
    """Torch's normalised coordinates (x, y, z = column, row, slice) of a grid, (3, 4); half sizes (3,) in voxels.

    A stack of one slice has no extent, so its normalised coordinate counts whole slices instead.
    """
    half = np.maximum((np.array(shape[::-1], dtype=np.float64) - 1.0) / 2.0, 0.0)
    middle = half.copy()
    half[half == 0] = 1.0
    grid_half = (n - 1) / 2.0
    swap = np.fliplr(np.eye(3))
    linear = swap @ index_from_grid[:3, :3] @ swap * grid_half
    offset = swap @ (index_from_grid[:3, :3] @ np.full(3, grid_half) + index_from_grid[:3, 3])
    theta = np.concatenate([linear / half[:, None], ((offset - middle) / half)[:, None]], axis=1)
    return theta, half
