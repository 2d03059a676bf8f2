"""Does the answer stay when the network looks from aside? Tells hearts from hallucinations, and states a spread.

A network that has only ever seen hearts paints one into anything. What it makes up follows its own grid, what it
sees stays in the patient: so the same image is looked at from grids moved by a few voxels. The same versions say how
far each surface moves. That is the network's steadiness, not its distance from the truth, which can be larger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.anatomy import HEART_BY_KEY
from core.errors import PlannerError
from core.mesh import SurfaceMesh
from core.volume import Volume
from recon.inference import CHAMBERS, RegionLogits, class_logits
from recon.quality import area_mm2, dice
from recon.sampling import rasterise
from recon.weights import LoadedNetwork

if TYPE_CHECKING:
    import torch

# Steps of the grid, in voxels along (slice, row, column); opposite, so that no side is favoured.
MOVES = ((4, -4, 4), (-4, 4, -4))
LEAST_AGREEMENT = 0.75


@dataclass(frozen=True, eq=False)
class Version:
    """Labels seen from a moved grid, and the first look's labels at the same places, both of one shape."""

    seen: torch.Tensor
    reference: torch.Tensor


def look_from_aside(
    volumes: Sequence[Volume], region: RegionLogits, network: LoadedNetwork, device: str
) -> tuple[Version, ...]:
    """The same volumes from each moved grid, compared where both grids reach."""
    reference = region.logits.argmax(dim=0)
    n = network.spec.n
    versions = []
    for move in MOVES:
        affine = np.array(region.patient_from_index)
        affine[:3, 3] += affine[:3, :3] @ np.array(move, dtype=np.float64)
        seen = class_logits(network, *rasterise(volumes, affine, n, device)).argmax(dim=0)
        in_reference = tuple(slice(max(0, step), n + min(0, step)) for step in move)
        in_seen = tuple(slice(max(0, -step), n - max(0, step)) for step in move)
        versions.append(Version(seen[in_seen], reference[in_reference]))
    return tuple(versions)


def agreement(versions: Sequence[Version]) -> float:
    """Mean Dice of chambers and myocardium between the looks, the worse of the moves; 1 is perfectly steady."""
    scores = []
    for version in versions:
        seen, reference = version.seen.cpu().numpy(), version.reference.cpu().numpy()
        scores.append(np.mean([dice(seen == value, reference == value) for value in range(1, CHAMBERS + 1)]))
    return float(min(scores))


def check_is_heart(agreed: float) -> None:
    """Raise PlannerError when the answer follows the grid instead of the image."""
    if agreed < LEAST_AGREEMENT:
        raise PlannerError(
            "no heart found",
            f"seen from aside the answer changes (agreement {agreed:.2f} of {LEAST_AGREEMENT:.2f})",
            "choose a series that shows the whole heart",
        )


def spread_mm(
    region: RegionLogits, versions: Sequence[Version], surfaces: Mapping[str, SurfaceMesh]
) -> dict[str, float]:
    """Mean shift of each surface in mm between the looks: the volume they do not share over the surface's area."""
    voxel_mm3 = float(abs(np.linalg.det(region.patient_from_index[:3, :3])))
    result = {}
    for key, mesh in surfaces.items():
        value = HEART_BY_KEY[key].value
        changed = [float(((v.seen == value) != (v.reference == value)).sum()) * voxel_mm3 for v in versions]
        result[key] = round(float(np.mean(changed)) / area_mm2(mesh), 2)
    return result
