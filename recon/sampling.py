"""Volumes and single planes onto one grid: an intensity channel and an observed mask.

This is the one place where a CT of a thousand slices and a cine study of twelve planes become the same kind
of input. Grids here are aligned to the patient: index (slice, row, column) runs along (z, y, x) of LPS.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.volume import Volume

if TYPE_CHECKING:
    import torch

AIR_HU = -1024.0


def patient_grid(centre_mm: np.ndarray, n: int, spacing_mm: float) -> np.ndarray:
    """patient_from_index (4, 4) of an n^3 grid in patient axes (z, y, x) around a centre, LPS mm."""
    affine = np.eye(4)
    affine[:3, :3] = np.fliplr(np.eye(3)) * spacing_mm
    affine[:3, 3] = np.asarray(centre_mm) - 0.5 * (n - 1) * spacing_mm
    return affine


def normalise(values: torch.Tensor) -> torch.Tensor:
    """Scale so that the 1st and 99th percentiles become 0 and 1, clipped a little beyond."""
    import torch

    sample = values.flatten()
    sample = sample[:: max(1, sample.numel() // 100_000)].float()
    low, high = torch.quantile(sample, torch.tensor((0.01, 0.99), device=values.device))
    return ((values - low) / (high - low).clamp_min(1e-6)).clamp(-0.2, 1.2)


@dataclass(frozen=True, eq=False)
class Scaled:
    """One stack or plane with its brightness already brought to 0..1, on the device.

    Attributes:
        voxels: float32 tensor (slices, rows, columns).
        patient_from_index: (4, 4), LPS mm.
    """

    voxels: torch.Tensor
    patient_from_index: np.ndarray


def rasterise(
    volumes: Sequence[Volume], patient_from_index: np.ndarray, n: int, device: str = "cpu"
) -> tuple[torch.Tensor, torch.Tensor]:
    """Resample volumes of one frame of reference onto an n^3 patient grid.

    Where several volumes see one voxel their normalised intensities are averaged.

    Returns:
        intensity and observed mask, both float32 (n, n, n); intensity is 0 where nothing was observed.
    """
    return rasterise_scaled((_scaled(volume, device) for volume in volumes), patient_from_index, n, device)


def rasterise_scaled(
    images: Iterable[Scaled], patient_from_index: np.ndarray, n: int, device: str | torch.device = "cpu"
) -> tuple[torch.Tensor, torch.Tensor]:
    """As `rasterise`, of images already scaled; training puts its simulated images through here, too."""
    import torch

    total = torch.zeros(n, n, n, device=device)
    weight = torch.zeros(n, n, n, device=device)
    for image in images:
        values, seen = _resample(image, patient_from_index, n)
        total[seen] += values
        weight += seen
    observed = (weight > 0).float()
    return total / weight.clamp_min(1.0), observed


def _scaled(volume: Volume, device: str) -> Scaled:
    import torch

    voxels = torch.tensor(volume.voxels.astype(np.float32), device=device)
    if volume.unit == "HU":
        # Scanners pad what lies outside the scan circle with values far below air; nothing is darker than air.
        voxels = voxels.clamp_min(AIR_HU)
    return Scaled(normalise(voxels), volume.patient_from_index)


def _resample(image: Scaled, patient_from_index: np.ndarray, n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Values (m,) of the grid voxels that an image sees, and which those are: bool (n, n, n)."""
    import torch
    import torch.nn.functional as functional

    grid_spacing = float(np.linalg.norm(patient_from_index[:3, 0]))
    spacing_mm = np.linalg.norm(image.patient_from_index[:3, :3], axis=0)
    shape = (image.voxels.shape[0], image.voxels.shape[1], image.voxels.shape[2])
    voxels = _antialias(image.voxels, spacing_mm, grid_spacing)
    index_from_grid = np.linalg.inv(image.patient_from_index) @ patient_from_index
    theta, half = _sampling_theta(index_from_grid, shape, n)
    # A plane is seen where it passes within half a grid voxel; a stack is seen up to half a slice beyond it.
    reach = 1.0 + 0.5 / half
    if shape[0] == 1:
        reach[2] = 0.5 * max(grid_spacing, 1e-3) / float(spacing_mm[0]) / half[2]
    steps = torch.linspace(-1.0, 1.0, n, device=voxels.device)
    where = [
        float(x) * steps + (float(y) * steps)[:, None] + (float(z) * steps + float(offset))[:, None, None]
        for x, y, z, offset in theta
    ]
    seen = where[0].abs() <= float(reach[0])
    for axis in (1, 2):
        seen &= where[axis].abs() <= float(reach[axis])
    points = torch.stack([axis[seen] for axis in where], dim=-1)
    values = functional.grid_sample(
        voxels[None, None], points[None, None, None], padding_mode="border", align_corners=True
    )
    return values[0, 0, 0, 0], seen


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


def _antialias(voxels: torch.Tensor, spacing_mm: np.ndarray, grid_spacing_mm: float) -> torch.Tensor:
    """Blur what the coarser grid cannot carry; sigma after Cardoso et al., MICCAI 2015."""
    from recon.simulate.image import blur

    ratio = np.minimum(spacing_mm / grid_spacing_mm, 1.0)
    sigmas = 0.42 * np.sqrt(1.0 / ratio**2 - 1.0)
    sigmas[np.array(voxels.shape) == 1] = 0.0
    return blur(voxels, (float(sigmas[0]), float(sigmas[1]), float(sigmas[2])))
