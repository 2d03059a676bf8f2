"""Fields of view that end early: boxes, slanted edges, the scan circle of a CT, the round crop of a cine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recon.simulate.inside import ramp

if TYPE_CHECKING:
    import torch


def truncate(
    intensity: torch.Tensor,
    observed: torch.Tensor,
    grid_mm: float,
    rng: np.random.Generator,
    probability: float = 0.35,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Intensity and mask (n, n, n) of a view that, with this probability, ends before the grid does."""
    if rng.random() < probability:
        cut = _cut_circle if rng.random() < 0.3 else _cut_flat
        observed = observed * cut(observed, grid_mm, rng)
    return intensity * observed, observed


def _cut_flat(observed: torch.Tensor, grid_mm: float, rng: np.random.Generator) -> torch.Tensor:
    """One to three flat ends, up to a quarter of the grid in; a third of the views are slanted by up to 30 degrees."""
    keep = observed
    middle = (np.array(observed.shape) - 1.0) / 2.0
    is_slanted = rng.random() < 0.33
    for _ in range(int(rng.integers(1, 4))):
        normal = np.zeros(3)
        normal[int(rng.choice(3, p=(0.6, 0.2, 0.2)))] = rng.choice((-1.0, 1.0))
        if is_slanted:
            normal = normal + rng.normal(0.0, 0.25, 3)
            normal = normal / np.linalg.norm(normal)
        end = rng.uniform(0.25, 0.5) * observed.shape[0]
        keep = keep * (ramp(observed, normal) <= float(normal @ middle + end)).float()
    return keep


def _cut_circle(observed: torch.Tensor, grid_mm: float, rng: np.random.Generator) -> torch.Tensor:
    """The scan circle of a small axial field of view, 75 to 125 mm in radius."""
    n = observed.shape[0]
    middle = (n - 1) / 2.0 + rng.normal(0.0, 12.0, 2) / grid_mm
    y = ramp(observed[0:1], np.array((0.0, 1.0, 0.0))) - float(middle[0])
    x = ramp(observed[0:1], np.array((0.0, 0.0, 1.0))) - float(middle[1])
    radius = float(rng.uniform(75.0, 125.0)) / grid_mm
    return ((x * x + y * y) <= radius * radius).float().expand(observed.shape)


def crop_to_circle(slices: torch.Tensor) -> torch.Tensor:
    """Slices (slices, rows, columns) that are 0 outside the largest circle they hold, as some scanners send them."""
    rows, columns = slices.shape[1:]
    y = ramp(slices[0:1], np.array((0.0, 1.0, 0.0))) - (rows - 1) / 2.0
    x = ramp(slices[0:1], np.array((0.0, 0.0, 1.0))) - (columns - 1) / 2.0
    radius = min(rows, columns) / 2.0
    return slices * ((x * x + y * y) <= radius * radius)
