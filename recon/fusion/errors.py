"""How well two hearts lie on each other: what remains at their surfaces, and how structures left out were foretold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.progress import Progress
from recon.fusion.distances import DistanceStack
from recon.fusion.points import points_on
from recon.fusion.rigid import FINE_SCALES_MM, WEAKEST, bands_of, refined
from recon.fusion.smooth import QUICK_LEVELS, Flow, smooth_flow

if TYPE_CHECKING:
    import torch

SURFACE_POINTS = 2000
QUICK_POINTS = 1000
LEAST_POINTS = 50
N_REFITS = 6
INSEPARABLE = (("lv", "lv_myocardium"),)
"""They share a surface: who keeps one of them has not left out the other."""


@dataclass(frozen=True)
class LeftOut:
    """Structure -> mean distance in mm between its surfaces when it had no part, by the rigid and the smooth way."""

    rigid_mm: dict[str, float]
    smooth_mm: dict[str, float]


def surface_residuals_mm(
    fixed: DistanceStack,
    moving: DistanceStack,
    keys: Sequence[str],
    fixed_from_moving: np.ndarray,
    flow: Flow | None = None,
) -> dict[str, float]:
    """Structure -> mean distance from each image's surface to the other's, where both show it.

    Distances count up to `recon.fusion.distances.TRUNCATED_MM`; a structure that only one image shows is left out.
    """
    import torch

    of_fixed, of_moving = (points_on(stack, keys, SURFACE_POINTS) for stack in (fixed, moving))
    forth = of_fixed.points if flow is None else flow.forth(of_fixed.points)
    there, _, seen = of_fixed.read(moving, _moved(forth, np.linalg.inv(fixed_from_moving)))
    back = _moved(of_moving.points, fixed_from_moving)
    here, _, is_seen = of_moving.read(fixed, back if flow is None else flow.back(back))
    found = {}
    for key in keys:
        away = [
            points.by_structure(distance)[key].abs()[points.by_structure(visible)[key]]
            for points, distance, visible in ((of_fixed, there, seen), (of_moving, here, is_seen))
        ]
        if min(len(part) for part in away) >= LEAST_POINTS:
            found[key] = float(torch.cat(away).mean())
    return found


def leave_each_out(
    fixed: DistanceStack,
    moving: DistanceStack,
    keys: Sequence[str],
    fixed_from_moving: np.ndarray,
    progress: Progress,
    is_smooth: bool = True,
) -> LeftOut:
    """Register again without each structure in turn, and measure how far off it comes to lie.

    Structures that share a wall are left out together. Nothing is told of one without which the others do not fix
    the turn any more. Raises Cancelled.
    """
    groups: list[tuple[str, ...]] = [group for group in INSEPARABLE if set(group) <= set(keys)]
    joined = {key for group in groups for key in group}
    groups += [(key,) for key in keys if key not in joined]
    rigid_mm: dict[str, float] = {}
    smooth_mm: dict[str, float] = {}
    for number, group in enumerate(groups):
        progress.report("estimating the error", number / len(groups))
        rest = [key for key in keys if key not in group]
        if not rest:
            continue
        bands = bands_of(fixed, moving, rest, QUICK_POINTS)
        fit = refined(bands, fixed_from_moving, FINE_SCALES_MM[-N_REFITS:])
        if fit.weakest < WEAKEST:
            continue
        rigid_mm |= surface_residuals_mm(fixed, moving, group, fit.fixed_from_moving)
        if is_smooth:
            flow = smooth_flow(bands, fit.fixed_from_moving, QUICK_LEVELS)
            smooth_mm |= surface_residuals_mm(fixed, moving, group, fit.fixed_from_moving, flow)
    return LeftOut(rigid_mm, smooth_mm)


def expected_mm(left_out_mm: dict[str, float]) -> float:
    """The error to expect (see `core.fusion.RegistrationError`); NaN when nothing was left out."""
    if not left_out_mm:
        return float("nan")
    return float(np.sqrt(3.0 * np.mean(np.square(list(left_out_mm.values())))))


def inverse_error_mm(fixed: DistanceStack, keys: Sequence[str], flow: Flow) -> float:
    """Largest distance by which forth and back misses a place of the fixed surfaces."""
    import torch

    places = points_on(fixed, keys, SURFACE_POINTS).points
    return float(torch.linalg.vector_norm(flow.back(flow.forth(places)) - places, dim=1).max())


def _moved(points: torch.Tensor, matrix: np.ndarray) -> torch.Tensor:
    there = points.new_tensor(matrix)
    return points @ there[:3, :3].T + there[:3, 3]
