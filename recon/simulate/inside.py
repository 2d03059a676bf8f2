"""What happens to brightness inside the patient: mixing blood, scars, banding, flow voids, streaks, coils.

All functions take an image float32 (slices, rows, columns) on a patient grid, whose axes run along (z, y, x) of
LPS, and return a new one. Lengths are in millimetres; `grid_mm` is the distance between grid points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recon.anatomy.tissues import VALUE
from recon.simulate.groups import BLOOD, FATS, RIGHT_BLOOD, is_one_of
from recon.simulate.image import smooth_noise

if TYPE_CHECKING:
    import torch

Generator = np.random.Generator


def mask_of(tissues: torch.Tensor, names: tuple[str, ...]) -> torch.Tensor:
    """Where a painted map shows one of these tissues, bool of the same shape."""
    import torch

    return torch.as_tensor(is_one_of(names), device=tissues.device)[tissues.int()]


def mix_blood(
    image: torch.Tensor, tissues: torch.Tensor, strength: float, generator: torch.Generator
) -> torch.Tensor:
    """Contrast agent that streams through the right heart before it has mixed: smooth steps within the blood.

    `strength` is the largest change, as a share of the blood's own brightness above the image's muscle.
    """
    import torch

    blood = mask_of(tissues, RIGHT_BLOOD)
    if not blood.any():
        return image
    swirl = (2.0 * smooth_noise(image.shape, max(5, image.shape[0] // 5), generator)).tanh()
    depth = strength * (image[blood].mean() - image.median()).abs()
    return torch.where(blood, image - 0.5 * depth * (1.0 + swirl), image)


def add_scars(image: torch.Tensor, tissues: torch.Tensor, rng: Generator, grid_mm: float) -> torch.Tensor:
    """Late enhancement: one to three patches of the LV myocardium nearly as bright as blood."""
    import torch

    muscle = (tissues == VALUE["lv_myocardium"]).nonzero()
    blood = mask_of(tissues, ("lv",))
    if not len(muscle) or not blood.any():
        return image
    bright = float(image[blood].mean()) * rng.uniform(0.8, 1.5)
    share = torch.zeros(len(muscle), device=image.device)
    for _ in range(int(rng.integers(1, 4))):
        away = (muscle - muscle[int(rng.integers(len(muscle)))]).float() * grid_mm
        reach = away.new_tensor(rng.uniform(4.0, 18.0, 3))
        share = share.maximum(((1.4 - (away / reach).norm(dim=1)) / 0.4).clamp(0.0, 1.0))
    out = image.clone()
    z, y, x = muscle.unbind(1)
    out[z, y, x] += share * (bright - out[z, y, x])
    return out


def stir_blood(
    image: torch.Tensor, tissues: torch.Tensor, mottle: float, voids: float, generator: torch.Generator
) -> torch.Tensor:
    """Moving blood in MR: mottled by `mottle` (relative), with jets that lose up to `voids` of their signal."""
    import torch

    eddies = smooth_noise(image.shape, max(4, image.shape[0] // 12), generator)
    kept = (1.0 + mottle * eddies) * (1.0 - voids * ((eddies.abs() - 1.8) / 1.2).clamp(0.0, 1.0))
    return torch.where(mask_of(tissues, BLOOD), image * kept.clamp_min(0.0), image)


def band(
    image: torch.Tensor, rng: Generator, grid_mm: float, generator: torch.Generator, depth: float = 0.9
) -> torch.Tensor:
    """Balanced steady state off resonance: dark bands wherever the phase per repetition reaches half a turn.

    Source of the profile: Freeman and Hill, J Magn Reson 4 (1971) 366; for T1 = T2, both long beside the
    repetition time, it is |cos(phase / 2)| / (1 - cos^2(flip / 2) sin^2(phase / 2)); the flip angle is 50 degrees.
    """
    n = image.shape[0]
    direction = rng.normal(size=3)
    direction *= 2.0 * np.pi * grid_mm / rng.uniform(120.0, 350.0) / np.linalg.norm(direction)
    phase = rng.uniform(0.3, 1.2) * smooth_noise(image.shape, max(8, n // 2), generator)
    phase = phase + ramp(image, direction) + rng.uniform(0.0, 2.0 * np.pi)
    off = (0.5 * phase).sin() ** 2
    profile = (1.0 - off).clamp_min(0.0).sqrt() / (1.0 - np.cos(np.radians(25.0)) ** 2 * off)
    return image * (1.0 - depth * (1.0 - profile))


def cancel_fat_edges(image: torch.Tensor, tissues: torch.Tensor, blurred_by: float) -> torch.Tensor:
    """Fat out of phase with water: voxels that hold both go dark, which draws a black line between them."""
    import torch

    from recon.simulate.image import blur

    signed = torch.where(mask_of(tissues, FATS), -image, image)
    return blur(signed, (blurred_by,) * 3).abs()


def weigh_by_coil(image: torch.Tensor, rng: Generator, grid_mm: float) -> torch.Tensor:
    """Surface coils in front and behind: brightness falls off with depth (image must be 0 where no signal is)."""
    reach = rng.uniform(50.0, 250.0)
    depth = ramp(image, np.array((rng.normal(0, 0.15), 1.0, rng.normal(0, 0.3))) * grid_mm)
    depth = depth - depth.amin()
    back = rng.uniform(0.0, 0.6) * ((depth - depth.amax()) / reach).exp()
    weight = (-depth / reach).exp() + back
    return image * (weight / weight.mean())


def streak(
    image: torch.Tensor, centre: np.ndarray, strength: float, rng: Generator, grid_mm: float
) -> torch.Tensor:
    """Streaks of something dense at `centre` (3,) (index): rays within the axial slices, fading with distance.

    `strength` is in the image's own brightness, at 10 mm from the centre.
    """
    import torch

    z, y, x = (torch.arange(n, dtype=torch.float32, device=image.device) for n in image.shape)
    dy, dx = (y - float(centre[1]))[:, None] * grid_mm, (x - float(centre[2]))[None, :] * grid_mm
    angle, radius = torch.atan2(dy, dx), (dy * dy + dx * dx).sqrt()
    rays = torch.zeros_like(angle)
    for order in rng.integers(2, 14, 4):
        rays = rays + (float(order) * angle + float(rng.uniform(0.0, 2.0 * np.pi))).cos()
    fade = (10.0 / radius.clamp_min(4.0)) * (-radius / rng.uniform(30.0, 90.0)).exp()
    along = (-0.5 * ((z - float(centre[0])) * grid_mm / rng.uniform(3.0, 15.0)) ** 2).exp()
    return image + along[:, None, None] * (strength * rays * fade)


def ramp(image: torch.Tensor, per_voxel: np.ndarray) -> torch.Tensor:
    """A field of the image's shape that grows linearly by `per_voxel` (3,) along (slice, row, column)."""
    import torch

    steps = [
        torch.arange(n, dtype=torch.float32, device=image.device) * float(p)
        for n, p in zip(image.shape, per_voxel, strict=True)
    ]
    return steps[0][:, None, None] + steps[1][:, None] + steps[2]
