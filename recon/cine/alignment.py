"""How far each slice lies from where the others say the heart is: one shift within its plane, estimated and bounded.

Two witnesses are heard for every candidate shift. The labels that were reconstructed from all slices, cut where the
slice would lie, should part its picture into evenly bright regions (the correlation ratio: Roche et al., MICCAI 1998);
and where slices cross their pictures should agree (Lotjonen et al., Medical Image Analysis 2004).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from recon.cine.crossings import agreement, crossing, sampled
from recon.cine.label_agreement import (
    LARGEST_MM,
    STEP_MM,
    WINDOW_MM,
    Field,
    candidate_shifts,
    directions,
    heart_points,
    label_scores,
    lattice_reach,
)
from recon.cine.planes import CinePlane

if TYPE_CHECKING:
    import torch

SWEEPS = 3
CROSSING_WEIGHT = 1.0
# Costs a shift of 10 mm a hundredth of full agreement: where nothing tells, a slice stays where it is.
PENALTY_PER_MM2 = 1e-4
LEAST_PEAK = 0.01
MOST_APART_MM = 3.0
SETTLED_MM = 0.3


@dataclass(frozen=True, eq=False)
class Estimate:
    """Shifts (planes, 3) in LPS mm, zero where a slice is not `is_reliable` (planes,)."""

    shifts_mm: np.ndarray
    is_reliable: np.ndarray


def estimate_shifts(
    planes: Sequence[CinePlane], phases: Sequence[int], field: Field, before_mm: np.ndarray | None = None
) -> Estimate:
    """The shifts that make slices agree with a reconstruction and with each other.

    Args:
        planes: where their headers have them.
        phases: of the cycle, those that the field holds, in its order.
        field: what was reconstructed at these phases.
        before_mm: shifts (planes, 3) to start from; None: none.
    """
    import torch

    candidates = candidate_shifts()
    shifts = np.zeros((len(planes), 2))
    if before_mm is not None:
        shifts = np.array([s @ directions(p) for p, s in zip(planes, before_mm, strict=True)])
    device = field.probabilities.device
    frames = [torch.as_tensor(_scaled(plane.frames[list(phases)]), device=device) for plane in planes]
    by_labels = [label_scores(f, plane, field) for f, plane in zip(frames, planes, strict=True)]
    lines = _crossings(planes, field)
    is_reliable = np.ones(len(planes), dtype=bool)
    for _ in range(SWEEPS):
        largest = 0.0
        for i, plane in enumerate(planes):
            others = _values_of_others(i, planes, frames, shifts, lines)
            halves = [
                _scores(frames[i][half], by_labels[i][half], plane, candidates, _part(others, half))
                for half in (slice(None), slice(0, None, 2), slice(1, None, 2))
            ]
            found, is_reliable[i] = _judged(halves, candidates)
            found = found if is_reliable[i] else np.zeros(2)
            largest = max(largest, float(np.abs(found - shifts[i]).max()))
            shifts[i] = found
        if largest < SETTLED_MM:
            break
    in_patient = np.array([directions(p) @ s for p, s in zip(planes, shifts, strict=True)])
    return Estimate(without_common_move(planes, in_patient, is_reliable), is_reliable)


def without_common_move(planes: Sequence[CinePlane], shifts_mm: np.ndarray, is_moved: np.ndarray) -> np.ndarray:
    """Shifts (planes, 3) less what one translation of the whole heart would explain, within each slice's plane.

    Slices can only tell of each other: where all of them lie together is what their headers say on average.
    """
    if not is_moved.any():
        return shifts_mm
    projections = np.array([np.eye(3) - np.outer(plane.normal, plane.normal) for plane in planes])
    total = projections[is_moved].sum(axis=0)
    common = np.linalg.lstsq(total, shifts_mm[is_moved].sum(axis=0), rcond=1e-6)[0]
    return np.where(is_moved[:, None], shifts_mm - projections @ common, shifts_mm)


def _scaled(frames: np.ndarray) -> np.ndarray:
    low, high = np.percentile(frames, (1, 99))
    return np.clip((frames - low) / max(high - low, 1e-6), -0.2, 1.2).astype(np.float32)


def _crossings(planes: Sequence[CinePlane], field: Field) -> dict[tuple[int, int], np.ndarray]:
    """Points of the line in which every pair of slices crosses near the heart."""
    heart = heart_points(field)
    if not len(heart):
        return {}
    middle = heart.mean(axis=0)
    reach = float(np.percentile(np.linalg.norm(heart - middle, axis=1), 90)) + WINDOW_MM
    found = {}
    for i, a in enumerate(planes):
        for j in range(i + 1, len(planes)):
            points = crossing(a, planes[j], middle, reach)
            if len(points) >= 12:
                found[i, j] = found[j, i] = points
    return found


def _values_of_others(
    i: int,
    planes: Sequence[CinePlane],
    frames: Sequence[torch.Tensor],
    shifts: np.ndarray,
    lines: dict[tuple[int, int], np.ndarray],
) -> list[tuple[np.ndarray, torch.Tensor]]:
    """For every slice that crosses slice `i`: the points of the line and its values there as it lies now."""
    found = []
    for j, plane in enumerate(planes):
        points = lines.get((i, j))
        if points is not None:
            found.append((points, sampled(frames[j], plane, points - directions(plane) @ shifts[j])))
    return found


def _part(
    others: Sequence[tuple[np.ndarray, torch.Tensor]], phases: slice
) -> list[tuple[np.ndarray, torch.Tensor]]:
    return [(points, values[phases]) for points, values in others]


def _scores(
    frames: torch.Tensor,
    by_labels: torch.Tensor,
    plane: CinePlane,
    candidates: np.ndarray,
    others: Sequence[tuple[np.ndarray, torch.Tensor]],
) -> np.ndarray:
    """How well each candidate agrees, (s, s)."""
    within, total = by_labels.sum(dim=0)
    n = 2 * lattice_reach() + 1
    scores = (1.0 - within / total).reshape(n, n)
    if others:
        agreed = agreement(frames, plane, candidates @ directions(plane).T, others)
        scores = scores + CROSSING_WEIGHT * agreed.reshape(n, n)
    penalty = PENALTY_PER_MM2 * np.square(candidates).sum(axis=1).reshape(n, n)
    return np.asarray(scores.cpu().numpy() - penalty)


def _judged(halves: Sequence[np.ndarray], candidates: np.ndarray) -> tuple[np.ndarray, bool]:
    """The best shift (2,) of all phases together, and whether it is a clear one that both halves of them tell."""
    found = [_peak(scores, candidates) for scores in halves]
    best, height = found[0]
    is_clear = height >= LEAST_PEAK and np.linalg.norm(best) < LARGEST_MM - STEP_MM
    apart = np.linalg.norm(found[1][0] - found[2][0])
    return best, bool(is_clear and apart <= MOST_APART_MM)


def _peak(scores: np.ndarray, candidates: np.ndarray) -> tuple[np.ndarray, float]:
    """The highest point (2,) in mm, by a parabola through its neighbours, and how far it stands above 5 mm around."""
    n = len(scores)
    distance = np.linalg.norm(candidates, axis=1).reshape(n, n)
    allowed = np.where(distance <= LARGEST_MM, scores, -np.inf)
    row, column = np.unravel_index(int(np.argmax(allowed)), scores.shape)
    centre = candidates.reshape(n, n, 2)[row, column]
    offset = np.zeros(2)
    if 0 < row < n - 1 and 0 < column < n - 1:
        here = scores[row, column]
        for axis, (low, high) in enumerate(
            (
                (scores[row - 1, column], scores[row + 1, column]),
                (scores[row, column - 1], scores[row, column + 1]),
            )
        ):
            bend = low - 2.0 * here + high
            offset[axis] = np.clip(0.5 * (low - high) / bend, -0.5, 0.5) if bend < 0.0 else 0.0
    around = np.abs(np.linalg.norm(candidates.reshape(n, n, 2) - centre, axis=2) - 5.0) < STEP_MM
    return centre + offset * STEP_MM, float(scores[row, column] - np.median(scores[around]))
