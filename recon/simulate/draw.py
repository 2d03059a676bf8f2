"""The one door of training to the simulator: painted tissues in, what a scanner and the resampling make of them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recon.simulate.contrast import random_contrast
from recon.simulate.image import random_artefacts, simulate
from recon.simulate.observe import cine_planes, observe_fully, observe_planes

if TYPE_CHECKING:
    import torch

KINDS: Mapping[str, float] = {"volume": 0.6, "sparse": 0.4}
"""How often each kind of acquisition is drawn."""


@dataclass(frozen=True, eq=False)
class LvAxes:
    """Where the left ventricle lies, to put cine planes on: LPS mm (3,), `across` towards the right ventricle."""

    base_mm: np.ndarray
    apex_mm: np.ndarray
    across: np.ndarray


def draw_image(
    tissues: torch.Tensor,
    patient_from_index: np.ndarray,
    anatomy_axes: LvAxes | None,
    rng: np.random.Generator,
    kind: str | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Intensity and observed mask, float32 (n, n, n) each, of painted tissues uint8 (n, n, n).

    Args:
        anatomy_axes: None where there is no heart; planes then lie anywhere.
        kind: one of `KINDS`; drawn when None.
    """
    import torch

    kind = kind or str(rng.choice(list(KINDS), p=list(KINDS.values())))
    generator = torch.Generator(tissues.device).manual_seed(int(rng.integers(2**31)))
    image = simulate(tissues, random_contrast(rng), random_artefacts(rng), generator)
    if kind != "sparse" or anatomy_axes is None:
        return observe_fully(image, rng)
    along = anatomy_axes.apex_mm - anatomy_axes.base_mm
    length = float(np.linalg.norm(along))
    planes = cine_planes(anatomy_axes.base_mm, along / length, length, anatomy_axes.across, rng)
    return observe_planes(image, patient_from_index, planes, rng)
