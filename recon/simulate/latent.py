"""How bright a patient is under one contrast: tissues with texture, and all that happens within the body."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recon.anatomy.tissues import VALUE
from recon.simulate.contrast import Contrast
from recon.simulate.degrade import bend
from recon.simulate.image import textured
from recon.simulate.inside import (
    add_scars,
    band,
    cancel_fat_edges,
    mix_blood,
    stir_blood,
    streak,
    weigh_by_coil,
)
from recon.simulate.metal import add_metal

if TYPE_CHECKING:
    import torch

Generator = np.random.Generator
STEADY_STATE = ("mr_bssfp", "lge")


def patient_brightness(
    tissues: torch.Tensor, contrast: Contrast, grid_mm: float, rng: Generator, generator: torch.Generator
) -> torch.Tensor:
    """Brightness float32 (n, n, n) of painted tissues, with the artefacts of the contrast's family drawn at random."""
    image = textured(tissues, contrast, generator)
    if contrast.family.startswith("ct_"):
        return _in_ct(image, tissues, contrast.family, grid_mm, rng, generator)
    if contrast.family == "any":
        if rng.random() < 0.15:
            image = mix_blood(image, tissues, float(rng.uniform(0.2, 0.8)), generator)
        return bend(image, rng, generator)
    if contrast.family == "echo":
        return image
    return bend(_in_mr(image, tissues, contrast.family, grid_mm, rng, generator), rng, generator)


def _in_ct(
    image: torch.Tensor,
    tissues: torch.Tensor,
    family: str,
    grid_mm: float,
    rng: Generator,
    generator: torch.Generator,
) -> torch.Tensor:
    if family == "ct_arterial" and rng.random() < 0.5:
        image = mix_blood(image, tissues, float(rng.uniform(0.2, 0.9)), generator)
    if family == "ct_arterial" and rng.random() < 0.3:
        inflow = (tissues == VALUE["svc"]).nonzero()
        for _ in range(int(rng.integers(1, 3)) if len(inflow) else 0):
            centre = inflow[int(rng.integers(len(inflow)))].cpu().numpy()
            image = streak(image, centre, float(rng.uniform(10.0, 80.0)), rng, grid_mm)
    if rng.random() < 0.07:
        image = add_metal(image, tissues, True, rng, grid_mm)
    return image


def _in_mr(
    image: torch.Tensor,
    tissues: torch.Tensor,
    family: str,
    grid_mm: float,
    rng: Generator,
    generator: torch.Generator,
) -> torch.Tensor:
    if family == "lge" and rng.random() < 0.6:
        image = add_scars(image, tissues, rng, grid_mm)
    if rng.random() < 0.5:
        voids = float(rng.uniform(0.3, 1.0)) if rng.random() < 0.3 else 0.0
        image = stir_blood(image, tissues, float(rng.uniform(0.02, 0.15)), voids, generator)
    if family in STEADY_STATE and rng.random() < 0.35:
        image = band(image, rng, grid_mm, generator, float(rng.uniform(0.4, 1.0)))
    if family in STEADY_STATE and rng.random() < 0.5:
        image = cancel_fat_edges(image, tissues, float(rng.uniform(0.4, 0.7)))
    if rng.random() < 0.06:
        image = add_metal(image, tissues, False, rng, grid_mm)
    if rng.random() < 0.6:
        image = weigh_by_coil(image.clamp_min(0.0), rng, grid_mm)
    return image
