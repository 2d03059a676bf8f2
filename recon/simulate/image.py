"""Tissues to a full image: texture, blur, slice thickness, bias, noise, gamma. Plain torch, on any device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recon.simulate.contrast import Contrast

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Artefacts:
    """How an image is degraded. Lengths in voxels of the grid that the tissues are painted on.

    Attributes:
        blur: Gaussian sigma per (slice, row, column) axis.
        bias: strength of the smooth multiplicative field (standard deviation of its logarithm).
        noise: standard deviation of white noise, relative to the image's brightness range.
        gamma: exponent applied to the scaled image; 1 leaves it alone.
        is_inverted: whether bright and dark change places.
    """

    blur: tuple[float, float, float] = (0.5, 0.5, 0.5)
    bias: float = 0.0
    noise: float = 0.0
    gamma: float = 1.0
    is_inverted: bool = False


def simulate(
    tissues: torch.Tensor, contrast: Contrast, artefacts: Artefacts, generator: torch.Generator
) -> torch.Tensor:
    """Image float32 (slices, rows, columns) of painted tissues uint8 of the same shape.

    The generator lives on the tissues' device; the same state gives the same image.
    """

    image = blur(textured(tissues, contrast, generator), artefacts.blur)
    if artefacts.bias > 0:
        low = image.amin()
        image = low + (image - low) * (artefacts.bias * smooth_noise(tissues.shape, 30, generator)).exp()
    if artefacts.gamma != 1.0 or artefacts.is_inverted:
        low, high = image.amin(), image.amax()
        scaled = ((image - low) / (high - low).clamp_min(1e-6)) ** artefacts.gamma
        image = low + (high - low) * (1.0 - scaled if artefacts.is_inverted else scaled)
    if artefacts.noise > 0:
        image = image + artefacts.noise * brightness_range(image) * _white(image, generator)
    return image


def textured(tissues: torch.Tensor, contrast: Contrast, generator: torch.Generator) -> torch.Tensor:
    """Brightness float32 of painted tissues, every one a Gaussian of its own with fine and coarse texture."""
    import torch

    means = torch.as_tensor(contrast.means, dtype=torch.float32, device=tissues.device)
    deviations = torch.as_tensor(contrast.deviations, dtype=torch.float32, device=tissues.device)
    kinds = tissues.int()
    texture = 0.6 * _white(kinds, generator) + 0.8 * smooth_noise(tissues.shape, 6, generator)
    return means[kinds].addcmul_(deviations[kinds], texture)


def brightness_range(image: torch.Tensor) -> float:
    """From the darkest to the 98th percentile; what noise is relative to."""
    import torch

    return float(torch.quantile(image.flatten()[::37], 0.98) - image.amin())


def _white(like: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    import torch

    return torch.randn(like.shape, generator=generator, device=like.device)


def smooth_noise(shape: torch.Size | tuple[int, ...], scale: int, generator: torch.Generator) -> torch.Tensor:
    """Noise of zero mean and unit variance whose features are about `scale` voxels wide."""
    import torch
    import torch.nn.functional as functional

    coarse = [max(2, -(-n // scale) + 1) for n in shape]
    noise = torch.randn([1, 1, *coarse], generator=generator, device=generator.device)
    fine = functional.interpolate(noise, size=tuple(shape), mode="trilinear", align_corners=True)[0, 0]
    return (fine - fine.mean()) / fine.std().clamp_min(1e-6)


def blur(image: torch.Tensor, sigmas: tuple[float, float, float]) -> torch.Tensor:
    """Gaussian blur of (slices, rows, columns), sigma per axis in voxels, edges repeated."""
    import torch

    for axis, sigma in enumerate(sigmas):
        if sigma > 0.05:
            weights = torch.as_tensor(_blur_weights(image.shape[axis], sigma), device=image.device)
            image = torch.tensordot(image, weights, dims=([axis], [1])).movedim(-1, axis)
    return image.contiguous()


def _blur_weights(n: int, sigma: float) -> np.ndarray:
    """Matrix (n, n) float32 that blurs a line of n voxels; kernels end at 2.5 sigma."""
    reach = max(1, int(np.ceil(2.5 * sigma)))
    offsets = np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * (offsets / sigma) ** 2)
    weights = np.zeros((n, n), dtype=np.float32)
    places = np.clip(np.arange(n)[:, None] + offsets, 0, n - 1)
    np.add.at(weights, (np.arange(n)[:, None], places), (kernel / kernel.sum()).astype(np.float32))
    return weights
