"""A ball that beats, as a moving heart: both ventricles are it, and their volumes have a formula."""

from __future__ import annotations

import numpy as np
import trimesh

from core.anatomy import HEART_NAMES
from core.errors import Finding
from core.motion import MovingAnatomy, MovingSurface, SliceShift
from core.volume import LabelMap

LARGE_MM, SMALL_MM = 20.0, 15.0


def radii_mm(n_phases: int) -> np.ndarray:
    """Radius at each phase: largest at 0, smallest halfway."""
    beat = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(n_phases) / n_phases)
    return LARGE_MM + (SMALL_MM - LARGE_MM) * beat


def moving_ball(
    uid: str, n_phases: int, centre_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
) -> MovingAnatomy:
    """The left ventricle as the ball and the right one as its neighbour of the same size."""
    sphere = trimesh.creation.icosphere(subdivisions=2)
    shape, faces = np.asarray(sphere.vertices), np.asarray(sphere.faces)
    middle = np.array(centre_mm)
    left = np.array([radius * shape + middle for radius in radii_mm(n_phases)])
    affine = np.diag((4.0, 4.0, 4.0, 1.0))
    affine[:3, 3] = middle - 4.0 * 5.5
    grid = np.indices((12, 12, 12)).reshape(3, -1).T * 4.0 + affine[:3, 3]
    apart = np.linalg.norm(grid - middle, axis=1).reshape(12, 12, 12)
    labels = tuple(
        LabelMap((apart < radius).astype(np.uint8), affine, dict(HEART_NAMES), uid)
        for radius in radii_mm(n_phases)
    )
    return MovingAnatomy(
        {"lv": MovingSurface(left, faces), "rv": MovingSurface(left + [45.0, 0.0, 0.0], faces)},
        uid,
        0,
        n_phases // 2,
        tuple(float(80 * phase) for phase in range(n_phases)),
        labels,
        (SliceShift("SAX, slice 1", (1.0, -2.0, 2.0)), SliceShift("SAX, slice 2", (0.0, 0.0, 0.0), False)),
        (Finding("slices-not-realigned", "one slice was left", "nothing told", "check it"),),
        {"function": {"end_diastole": 0}},
    )
