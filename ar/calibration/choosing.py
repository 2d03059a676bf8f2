"""Which lens model the pictures ask for: the one that explains views it was not fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ar.calibration.bundle import Bundle, EdgeLines, adjust, settle_pose
from ar.calibration.shapes import Shape, converted
from core.projection import CameraModel

FOLDS = 4
LINES_FOR_CHOICE = 150
MIN_VIEWS_FOR_CHOICE = 8
# A richer model must explain the held-out views better by this many standard errors, and by this share.
CLEAR = 2.0
WORTH = 0.01
CLIP = 3.0


@dataclass(frozen=True, eq=False)
class Choice:
    """The model chosen, and what each one left over in views it had not seen.

    Attributes:
        shape: the chosen one.
        held_out_px: root mean square distance of the edges by model, in views held out of its fit.
    """

    shape: Shape
    held_out_px: dict[Shape, float]


def choose_shape(lines: Sequence[EdgeLines], camera: CameraModel, matrices: Sequence[np.ndarray]) -> Choice:
    """The simplest model that no other beats clearly on held-out views."""
    if len(lines) < MIN_VIEWS_FOR_CHOICE:
        return Choice(Shape.FOUR, {})
    quick = [own.every(max(len(own.at_px) // LINES_FOR_CHOICE, 1)) for own in lines]
    errors = {}
    for shape in Shape:
        try:
            errors[shape] = _held_out(quick, converted(camera, shape), matrices)
        except (ValueError, np.linalg.LinAlgError):
            # A model that bends over on these pictures is not one of them.
            continue
    limit2 = CLIP**2 * min(float(np.median(np.concatenate(own) ** 2)) for own in errors.values()) / 0.455
    costs = {
        shape: np.array([np.minimum(view**2, limit2).mean() for view in own]) for shape, own in errors.items()
    }
    best = next(iter(costs))
    for shape, cost in costs.items():
        gain = costs[best] - cost
        is_clear = gain.mean() > CLEAR * gain.std(ddof=1) / np.sqrt(len(gain))
        if is_clear and gain.mean() > WORTH * costs[best].mean():
            best = shape
    return Choice(best, {shape: float(np.sqrt(cost.mean())) for shape, cost in costs.items()})


def _held_out(
    lines: Sequence[EdgeLines], camera: CameraModel, matrices: Sequence[np.ndarray]
) -> list[np.ndarray]:
    """What remains in each view when its lens is fitted to views of the other folds."""
    start = adjust(lines, camera, matrices)
    n = len(lines)
    found: list[np.ndarray] = [np.zeros(0)] * n
    for fold in range(FOLDS):
        fitted = [i for i in range(n) if i % FOLDS != fold]
        lens = _fit(lines, fitted, start)
        for i in range(fold, n, FOLDS):
            found[i] = settle_pose(lines[i], lens, start.matrices[i])[1]
            if not np.isfinite(found[i]).all():
                raise ValueError("the lens does not reach this view")
    return found


def _fit(lines: Sequence[EdgeLines], index: Sequence[int], start: Bundle) -> CameraModel:
    return adjust([lines[i] for i in index], start.camera, [start.matrices[i] for i in index]).camera
