"""What a scanner adds to an image: noise of several laws, bias, gamma, inversion, and scaling by a wider view."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recon.simulate.image import brightness_range, smooth_noise

if TYPE_CHECKING:
    import torch

Generator = np.random.Generator


def add_gaussian(image: torch.Tensor, sigma: float | torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """White noise of standard deviation `sigma`, in the image's own units (a number or one per voxel)."""
    import torch

    return image + sigma * torch.randn(image.shape, generator=generator, device=image.device)


def add_rician(image: torch.Tensor, sigma: float | torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """The magnitude of a complex signal with white noise in both parts (Gudbjartsson and Patz, MRM 34 (1995) 910)."""
    imaginary = add_gaussian(image.new_zeros(image.shape), sigma, generator)
    return add_gaussian(image, sigma, generator).hypot(imaginary)


def add_noise(image: torch.Tensor, is_ct: bool, rng: Generator, generator: torch.Generator) -> torch.Tensor:
    """Noise as drawn for training: Gaussian for CT, Rician for most MR, stronger in places where coils overlap."""
    sigma: float | torch.Tensor = min(float(rng.gamma(1.5, 0.018)), 0.1) * brightness_range(image)
    if rng.random() < 0.15:
        field = smooth_noise(image.shape, max(6, max(image.shape) // 3), generator)
        sigma = sigma * (1.0 + 0.5 * field).clamp(0.3, 3.0)
    if is_ct or rng.random() < 0.3:
        return add_gaussian(image, sigma, generator)
    return add_rician(image, sigma, generator)


def bend(image: torch.Tensor, rng: Generator, generator: torch.Generator) -> torch.Tensor:
    """Bias field, log-normal gamma and, seldom, inversion, as drawn for training."""
    low, high = image.amin(), image.amax()
    scaled = ((image - low) / (high - low).clamp_min(1e-6)).clamp(0.0, 1.0)
    if rng.random() < 0.5:
        field = smooth_noise(image.shape, max(4, image.shape[0] // int(rng.integers(2, 5))), generator)
        scaled = scaled * (float(rng.uniform(0.0, 0.35)) * field).exp()
    if rng.random() < 0.5:
        scaled = scaled ** float(np.exp(rng.normal(0.0, 0.4)))
    if rng.random() < 0.06:
        scaled = 1.0 - scaled
    return low + (high - low) * scaled


def scale_as_of_wider_view(
    voxels: torch.Tensor, shown: torch.Tensor, rng: Generator, brighter: float = 1.0, is_ct: bool = False
) -> torch.Tensor:
    """Brightness to about 0..1 as `recon.sampling.normalise` would, had it seen more than the painted grid.

    Args:
        shown: bool of the same shape, the voxels that lie within the painted grid.
        brighter: how much brighter than in here the brightest percentile is (fat close to a coil, say).
        is_ct: voxels are HU; a view of the whole chest has air at its dark end.
    """
    import torch

    inside = voxels[shown]
    inside = inside[:: max(1, inside.numel() // 30_000)] if inside.numel() else voxels.flatten()
    levels = torch.tensor((rng.uniform(0.0, 0.02), rng.uniform(0.965, 0.999)), device=voxels.device)
    low, high = torch.quantile(inside.float(), levels.float())
    if is_ct and rng.random() < 0.5:
        low = low.minimum(low.new_tensor(-1000.0))
    high = low + brighter * (high - low)
    return ((voxels - low) / (high - low).clamp_min(1e-6)).clamp(-0.2, 1.2)
