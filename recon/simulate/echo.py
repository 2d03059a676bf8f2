"""A three-dimensional echo: speckle, shadows and dropouts within a fan that starts at the chest wall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recon.simulate.image import smooth_noise

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Fan:
    """A pyramid-like sector.

    Attributes:
        tip_mm: where the probe is, LPS (3,).
        direction: unit vector (3,) along the middle beam.
        half_angle_deg: from the middle beam to the edge.
        depth_mm: how far it sees; near_mm: where it begins to.
    """

    tip_mm: np.ndarray
    direction: np.ndarray
    half_angle_deg: float
    depth_mm: float
    near_mm: float = 8.0


def random_fan(base_mm: np.ndarray, apex_mm: np.ndarray, rng: np.random.Generator) -> Fan:
    """A view from near the apex, or (as through the oesophagus) from behind the base."""
    along = apex_mm - base_mm
    length = float(np.linalg.norm(along))
    along = along / length
    is_from_apex = rng.random() < 0.7
    tip = (
        apex_mm + along * rng.uniform(10.0, 35.0) if is_from_apex else base_mm - along * rng.uniform(50.0, 80.0)
    )
    tip = tip + rng.normal(0.0, 6.0, 3)
    aim = base_mm + along * length * rng.uniform(0.1, 0.5) + rng.normal(0.0, 10.0, 3) - tip
    depth = length + rng.uniform(40.0, 110.0)
    return Fan(tip, aim / np.linalg.norm(aim), float(rng.uniform(28.0, 50.0)), float(depth))


def scan(
    image: torch.Tensor,
    patient_from_index: np.ndarray,
    fan: Fan,
    rng: np.random.Generator,
    generator: torch.Generator,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Echo intensity float32 (n, n, n), 0 outside the fan, and where the fan reaches (bool).

    The image holds the mean echo of every place. Speckle multiplies it by a Rayleigh variable (Burckhardt, IEEE
    Trans Sonics Ultrason 25 (1978) 1), here of unit mean and correlated along the beam's width.
    """
    import torch

    from recon.simulate.image import blur

    x, y, z = _from(image, patient_from_index, fan.tip_mm)
    radius = (x * x + y * y + z * z).sqrt().clamp_min(1e-3)
    d = [float(v) for v in fan.direction]
    cosine = (x * d[0] + y * d[1] + z * d[2]) / radius
    inside = (cosine >= float(np.cos(np.radians(fan.half_angle_deg)))) & (radius <= fan.depth_mm)
    inside &= radius >= fan.near_mm
    parts = torch.randn((2, *image.shape), generator=generator, device=image.device)
    width = float(rng.uniform(0.5, 0.9))
    real, imaginary = (blur(part, (width,) * 3) for part in parts)
    speckle = (real * real + imaginary * imaginary).sqrt()
    speckle = speckle / speckle.mean()
    strength = float(rng.uniform(0.4, 1.0))
    echo = image * (1.0 + strength * (speckle - 1.0))
    echo = echo * (-(radius - fan.near_mm) / float(rng.uniform(100.0, 400.0))).exp()
    echo = echo * _shadows((x / radius, y / radius, z / radius), rng, generator)
    dropouts = smooth_noise(image.shape, max(5, image.shape[0] // 6), generator)
    echo = echo * (1.0 - ((dropouts - 1.2) / 0.6).clamp(0.0, 0.9))
    return torch.where(inside, echo.clamp_min(0.0) ** float(rng.uniform(0.4, 0.8)), 0.0), inside


def _shadows(
    direction: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
    rng: np.random.Generator,
    generator: torch.Generator,
) -> torch.Tensor:
    """Brightness 0..1 that depends on the beam's direction only: ribs and lung lie in the way."""
    import torch
    import torch.nn.functional as functional

    across = torch.randn(1, 1, 9, 9, 9, generator=generator, device=generator.device)
    where = torch.stack(direction, dim=-1)
    depth = functional.grid_sample(across, where[None], padding_mode="border", align_corners=True)[0, 0]
    return 1.0 - ((depth - float(rng.uniform(0.4, 1.5))) / 0.4).clamp(0.0, float(rng.uniform(0.5, 1.0)))


def _from(
    image: torch.Tensor, patient_from_index: np.ndarray, origin_mm: np.ndarray
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """LPS offsets in mm (x, y, z), each (n, n, n), of every voxel of a grid from a point."""
    from recon.simulate.inside import ramp

    offset = patient_from_index[:3, 3] - origin_mm
    x, y, z = (ramp(image, patient_from_index[axis, :3]) + float(offset[axis]) for axis in range(3))
    return x, y, z
