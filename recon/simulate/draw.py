"""The one door of training to the simulator: painted tissues in, a network's two channels out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from recon.simulate.families import FAMILIES, random_contrast
from recon.simulate.kinds import echo, gated, short_axis, sparse, stack, thick, volume
from recon.simulate.latent import patient_brightness
from recon.simulate.planes import LvAxes, any_axes
from recon.simulate.scene import Scene

if TYPE_CHECKING:
    import torch

__all__ = ["KINDS", "LvAxes", "draw_image"]

_EVERY = {name: share for name, (share, _) in FAMILIES.items() if name != "echo"}
_CINE = {"mr_bssfp": 0.75, "any": 0.15, "lge": 0.04, "mr_t1": 0.03, "black_blood": 0.03}

KINDS: Mapping[str, tuple[float, Mapping[str, float], Callable[[Scene], tuple[torch.Tensor, torch.Tensor]]]] = {
    "volume": (0.30, _EVERY, volume),
    "gated": (0.04, _EVERY, gated),
    "thick": (0.13, _EVERY, thick),
    "stack": (0.17, _CINE, stack),
    "sparse": (0.25, _CINE, sparse),
    "short_axis": (0.07, _CINE, short_axis),
    "echo": (0.04, {"echo": 0.8, "any": 0.2}, echo),
}
"""Kind -> how often it is drawn, the contrast families it is drawn with, and what makes it."""


def draw_image(
    tissues: torch.Tensor,
    patient_from_index: np.ndarray,
    anatomy_axes: LvAxes | None,
    rng: np.random.Generator,
    kind: str | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Intensity and observed mask, float32 (n, n, n) each, of painted tissues uint8 (n, n, n).

    Args:
        patient_from_index: of the grid, see `recon.sampling.patient_grid`.
        anatomy_axes: None where there is no heart; planes then lie anywhere.
        kind: one of `KINDS`; drawn by its share when None.
    """
    import torch

    if kind is None:
        shares = np.array([share for share, _, _ in KINDS.values()])
        kind = str(rng.choice(list(KINDS), p=shares / shares.sum()))
    _, families, observe = KINDS[kind]
    family = str(rng.choice(list(families), p=np.array(list(families.values())) / sum(families.values())))
    generator = torch.Generator(tissues.device).manual_seed(int(rng.integers(2**31)))
    contrast = random_contrast(rng, family)
    grid_mm = float(np.linalg.norm(patient_from_index[:3, 0]))
    brightness = patient_brightness(tissues, contrast, grid_mm, rng, generator)
    middle = patient_from_index[:3, :3] @ np.full(3, (len(tissues) - 1) / 2.0) + patient_from_index[:3, 3]
    axes = anatomy_axes or any_axes(middle, rng)
    return observe(Scene(brightness, patient_from_index, axes, contrast, rng, generator))
