"""Volumes and single planes onto one grid: an intensity channel and an observed mask.

This is the one place where a CT of a thousand slices and a cine study of twelve planes become the same kind
of input. Grids here are aligned to the patient: index (slice, row, column) runs along (z, y, x) of LPS.
"""

from __future__ import annotations

from collections.abc import Sequence
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


def rasterise(
    volumes: Sequence[Volume], patient_from_index: np.ndarray, n: int, device: str = "cpu"
) -> tuple[torch.Tensor, torch.Tensor]:
    """Resample volumes of one frame of reference onto an n^3 patient grid.

    Where several volumes see one voxel their normalised intensities are averaged.

    Returns:
        intensity and observed mask, both float32 (n, n, n); intensity is 0 where nothing was observed.
    """
    import torch

    total = torch.zeros(n, n, n, device=device)
    weight = torch.zeros(n, n, n, device=device)
    for volume in volumes:
        values, seen = _resample(volume, patient_from_index, n, device)
        if seen.any():
            total += torch.where(seen, values, 0.0)
            weight += seen
    observed = (weight > 0).float()
    return total / weight.clamp_min(1.0), observed


def _resample(
    volume: Volume, patient_from_index: np.ndarray, n: int, device: str
) -> tuple[torch.Tensor, torch.Tensor]:
    import torch
    import torch.nn.functional as functional

    grid_spacing = float(np.linalg.norm(patient_from_index[:3, 0]))
    voxels = torch.tensor(volume.voxels.astype(np.float32), device=device)
    if volume.unit == "HU":
        # Scanners pad what lies outside the scan circle with values far below air; nothing is darker than air.
        voxels = voxels.clamp_min(AIR_HU)
    voxels = _antialias(normalise(voxels), volume.spacing_mm, grid_spacing)
    index_from_grid = volume.index_from_patient @ patient_from_index
    theta, half = _sampling_theta(index_from_grid, volume.shape, n, device)
    where = functional.affine_grid(theta, [1, 1, n, n, n], align_corners=True)[0]
    values = functional.grid_sample(
        voxels[None, None], where[None], mode="bilinear", padding_mode="border", align_corners=True
    )[0, 0]
    # A plane is seen where it passes within half a grid voxel; a stack is seen up to half a slice beyond it.
    reach = torch.ones(3, device=device) + 0.5 / half
    if volume.shape[0] == 1:
        thickness = 0.5 * max(grid_spacing, 1e-3) / float(volume.spacing_mm[0])
        reach[2] = thickness / half[2]
    return values, (where.abs() <= reach).all(dim=-1)


def _sampling_theta(
    index_from_grid: np.ndarray, shape: tuple[int, int, int], n: int, device: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Torch's normalised coordinates (x, y, z = column, row, slice) of a grid; half sizes (3,) in voxels.

    A stack of one slice has no extent, so its normalised coordinate counts whole slices instead.
    """
    import torch

    half = np.maximum((np.array(shape[::-1], dtype=np.float64) - 1.0) / 2.0, 0.0)
    middle = half.copy()
    half[half == 0] = 1.0
    grid_half = (n - 1) / 2.0
    swap = np.fliplr(np.eye(3))
    linear = swap @ index_from_grid[:3, :3] @ swap * grid_half
    offset = swap @ (index_from_grid[:3, :3] @ np.full(3, grid_half) + index_from_grid[:3, 3])
    theta = np.concatenate([linear / half[:, None], ((offset - middle) / half)[:, None]], axis=1)
    return (
        torch.as_tensor(theta[None], dtype=torch.float32, device=device),
        torch.as_tensor(half, dtype=torch.float32, device=device),
    )


def _antialias(voxels: torch.Tensor, spacing_mm: np.ndarray, grid_spacing_mm: float) -> torch.Tensor:
    """Blur what the coarser grid cannot carry; sigma after Cardoso et al., MICCAI 2015."""
    from recon.simulate.image import blur

    ratio = np.minimum(spacing_mm / grid_spacing_mm, 1.0)
    sigmas = 0.42 * np.sqrt(1.0 / ratio**2 - 1.0)
    sigmas[np.array(voxels.shape) == 1] = 0.0
    return blur(voxels, (float(sigmas[0]), float(sigmas[1]), float(sigmas[2])))
