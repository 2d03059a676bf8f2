"""Named defects of a simulated image, each alone and of a strength that a reader would complain of, for scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from recon.simulate.acquire import acquire, stack_around
from recon.simulate.degrade import add_gaussian, add_rician
from recon.simulate.image import blur, brightness_range, smooth_noise
from recon.simulate.inside import band, mix_blood
from recon.simulate.metal import add_metal
from recon.simulate.planes import draw_steps

if TYPE_CHECKING:
    import torch

NOISE_HU, NOISE_OF_RANGE, SHADE_HU = 60.0, 0.10, 40.0
BLUR_MM, THICK_MM, STEP_MM = 2.5, 8.0, 5.0


@dataclass(frozen=True, eq=False)
class Exposure:
    """An image in the making: brightness and tissues (slices, rows, columns) on one grid, and the state of chance."""

    image: torch.Tensor
    tissues: torch.Tensor
    patient_from_index: np.ndarray
    is_ct: bool
    rng: np.random.Generator
    generator: torch.Generator

    @property
    def spacing_mm(self) -> np.ndarray:
        """Distance (3,) between slices, rows and columns."""
        return np.asarray(np.linalg.norm(self.patient_from_index[:3, :3], axis=0))


def add_noise(exposure: Exposure) -> Exposure:
    """Gaussian noise of 60 HU in CT; Rician noise of a tenth of the brightness range elsewhere."""
    if exposure.is_ct:
        return replace(exposure, image=add_gaussian(exposure.image, NOISE_HU, exposure.generator))
    sigma = NOISE_OF_RANGE * brightness_range(exposure.image)
    return replace(exposure, image=add_rician(exposure.image, sigma, exposure.generator))


def soften(exposure: Exposure) -> Exposure:
    """Gaussian blur of 2.5 mm standard deviation along every axis."""
    z, y, x = (BLUR_MM / exposure.spacing_mm).tolist()
    return replace(exposure, image=blur(exposure.image, (z, y, x)))


def thicken(exposure: Exposure) -> Exposure:
    """Axial slices of about 8 mm, each the mean of an odd number of thin ones, so that its middle is one of them."""
    n = 2 * max(1, round(0.5 * (THICK_MM / float(exposure.spacing_mm[0]) - 1.0))) + 1
    slices = exposure.image.shape[0] // n
    image = exposure.image[: slices * n].reshape(slices, n, *exposure.image.shape[1:]).mean(dim=1)
    affine = exposure.patient_from_index.copy()
    affine[:3, 3] += 0.5 * (n - 1) * affine[:3, 0]
    affine[:3, 0] *= n
    return replace(
        exposure, image=image, tissues=exposure.tissues[n // 2 : slices * n : n], patient_from_index=affine
    )


def step(exposure: Exposure) -> Exposure:
    """Slabs of axial slices that stand up to 5 mm off against each other; the truth does not move."""
    n, rows, columns = exposure.image.shape
    middle = (np.array((n, rows, columns)) - 1.0) / 2.0
    affine, spacing = exposure.patient_from_index, exposure.spacing_mm
    axes = (affine[:3, :3] / spacing).T
    where = stack_around(affine[:3, :3] @ middle + affine[:3, 3], axes, spacing, (n, rows, columns), spacing[0])
    moves = draw_steps(exposure.rng, n, axes[0], STEP_MM)
    return replace(exposure, image=acquire(exposure.image, affine, where, moves, 1)[0])


def implant(exposure: Exposure) -> Exposure:
    """A lead, a valve or a stent, with what it does to the image around it."""
    grid_mm = float(exposure.spacing_mm[1])
    image = add_metal(exposure.image, exposure.tissues, exposure.is_ct, exposure.rng, grid_mm)
    return replace(exposure, image=image)


def truncate(exposure: Exposure) -> Exposure:
    """A view that lacks the upper 20 % of its slices and 15 % of its columns at the patient's right."""
    n, _, columns = exposure.image.shape
    keep = (slice(0, round(0.8 * n)), slice(None), slice(round(0.15 * columns), None))
    affine = exposure.patient_from_index.copy()
    affine[:3, 3] += round(0.15 * columns) * affine[:3, 2]
    return replace(
        exposure,
        image=exposure.image[keep],
        tissues=exposure.tissues[keep],
        patient_from_index=affine,
    )


def shade(exposure: Exposure) -> Exposure:
    """A smooth error of brightness: 40 HU in CT, as scatter leaves; elsewhere a factor, 0.4 in its logarithm."""
    field = smooth_noise(exposure.image.shape, max(4, exposure.image.shape[1] // 3), exposure.generator)
    if exposure.is_ct:
        return replace(exposure, image=exposure.image + SHADE_HU * field)
    low = exposure.image.amin()
    return replace(exposure, image=low + (exposure.image - low) * (0.4 * field).exp())


def stream(exposure: Exposure) -> Exposure:
    """Contrast agent that has not mixed in the right heart."""
    return replace(exposure, image=mix_blood(exposure.image, exposure.tissues, 0.7, exposure.generator))


def off_resonance(exposure: Exposure) -> Exposure:
    """Dark bands of a balanced steady state."""
    grid_mm = float(exposure.spacing_mm[1])
    return replace(exposure, image=band(exposure.image, exposure.rng, grid_mm, exposure.generator))


DEFECTS: Mapping[str, Callable[[Exposure], Exposure]] = {
    "noise": add_noise,
    "blur": soften,
    "thick": thicken,
    "motion": step,
    "metal": implant,
    "truncated": truncate,
    "bias": shade,
    "streaming": stream,
    "banding": off_resonance,
}
