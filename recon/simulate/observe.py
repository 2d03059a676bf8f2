"""Which part of the patient an image shows: everything, a truncated view, or a few cine planes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.frames import rotation_from_vector
from recon.anatomy.shapes import frame_along
from recon.near import normalise

if TYPE_CHECKING:
    import torch


def observe_fully(
    image: torch.Tensor, rng: np.random.Generator, truncation: float = 0.3
) -> tuple[torch.Tensor, torch.Tensor]:
    """Normalised intensity and mask, (n, n, n) each; with probability `truncation` the view ends early."""
    import torch

    observed = torch.ones_like(image)
    if rng.random() < truncation:
        for axis in range(3):
            n = image.shape[axis]
            low, high = rng.integers(0, n // 6 + 1), n - rng.integers(0, n // 6 + 1)
            keep = torch.zeros(n, device=image.device)
            keep[low:high] = 1.0
            observed = observed * keep.reshape([-1 if a == axis else 1 for a in range(3)])
    return normalise(image) * observed, observed


def cine_planes(
    base_mm: np.ndarray, axis: np.ndarray, length_mm: float, hint: np.ndarray, rng: np.random.Generator
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Draw (point, normal) of 3-14 short-axis and 0-6 long-axis planes for a ventricle, in mm.

    `axis` is the unit long axis from `base_mm` to the apex, `hint` a direction across it.
    """
    frame = frame_along(axis, hint)
    tilt = rotation_from_vector(np.radians(rng.normal(0.0, 4.0, 3)))
    normal = tilt @ frame[0]
    n_short = int(rng.integers(3, 15))
    first, last = rng.uniform(-0.25, 0.12), rng.uniform(0.8, 1.05)
    planes = [(base_mm + t * length_mm * axis, normal) for t in np.linspace(first, last, n_short)]
    start = rng.uniform(0.0, np.pi)
    n_long = int(rng.integers(0, 7))
    for k in range(n_long):
        angle = start + np.pi * k / max(n_long, 1) + rng.normal(0.0, 0.1)
        across = np.cos(angle) * frame[1] + np.sin(angle) * frame[2]
        turn = rotation_from_vector(np.radians(rng.normal(0.0, 3.0, 3)))
        planes.append((base_mm + 0.5 * length_mm * axis + rng.normal(0.0, 2.0, 3), turn @ across))
    return planes


def observe_planes(
    image: torch.Tensor,
    patient_from_index: np.ndarray,
    planes: list[tuple[np.ndarray, np.ndarray]],
    rng: np.random.Generator,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Normalised intensity and mask (n, n, n) of thick planes, each shifted by breathing and with its own gain.

    The image lies on a patient grid (see `recon.sampling.patient_grid`); the mask marks the voxels within half
    a voxel of a plane's true place, the intensity there comes from where breathing had moved the heart.
    """
    import torch

    n = image.shape[0]
    spacing = float(np.linalg.norm(patient_from_index[:3, 0]))
    total, weight = torch.zeros_like(image), torch.zeros_like(image)
    axis_mm = torch.arange(n, dtype=torch.float32, device=image.device) * spacing
    z, y, x = torch.meshgrid(axis_mm, axis_mm, axis_mm, indexing="ij")
    scaled = normalise(image)
    thickness = rng.uniform(4.0, 9.0)
    breathing = abs(rng.normal(0.0, 2.5))
    for point, normal in planes:
        p, q = np.asarray(point) - patient_from_index[:3, 3], np.asarray(normal)
        distance = (x - p[0]) * q[0] + (y - p[1]) * q[1] + (z - p[2]) * q[2]
        seen = distance.abs() <= 0.5 * spacing
        if not seen.any():
            continue
        feet = torch.stack([x[seen], y[seen], z[seen]], dim=1)
        direction = torch.as_tensor(q, dtype=torch.float32, device=image.device)
        feet = feet - distance[seen][:, None] * direction
        feet = feet + feet.new_tensor(rng.normal(0.0, breathing, 3))
        values = torch.stack(
            [_trilinear(scaled, (feet + t * thickness * direction) / spacing) for t in (-0.35, 0.0, 0.35)]
        ).mean(dim=0)
        total[seen] += values * float(np.exp(rng.normal(0.0, 0.12))) + float(rng.normal(0.0, 0.03))
        weight[seen] += 1.0
    observed = (weight > 0).float()
    return (total / weight.clamp_min(1.0)).clamp(-0.2, 1.2), observed


def _trilinear(image: torch.Tensor, xyz_index: torch.Tensor) -> torch.Tensor:
    import torch.nn.functional as functional

    n = image.shape[0]
    where = xyz_index / (n - 1) * 2.0 - 1.0
    return functional.grid_sample(
        image[None, None], where[None, None, None], padding_mode="border", align_corners=True
    )[0, 0, 0, 0]
