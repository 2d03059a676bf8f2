"""Surfaces carried through a cycle of exact distances: what moves is followed, what leaps about tears nothing."""

from __future__ import annotations

import numpy as np
import trimesh

from core.mesh import SurfaceMesh
from core.progress import Silent
from recon.cine.carry import carry
from recon.cine.distances import BoxedDistances
from recon.sampling import patient_grid

N_PHASES, N, SPACING_MM = 7, 30, 4.0
GRID = patient_grid(np.zeros(3), N, SPACING_MM)
PLACES = np.indices((N, N, N)).reshape(3, -1).T @ GRID[:3, :3].T + GRID[:3, 3]
BEAT = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(N_PHASES) / N_PHASES)
LEFT, RIGHT = np.array((-24.0, 0.0, 0.0)), np.array((22.0, 0.0, 0.0))


def ball(middle: np.ndarray, radius_mm: float) -> SurfaceMesh:
    sphere = trimesh.creation.icosphere(subdivisions=3, radius=radius_mm)
    return SurfaceMesh(np.asarray(sphere.vertices) + middle, np.asarray(sphere.faces))


def distances(middles: np.ndarray, radii_mm: np.ndarray) -> BoxedDistances:
    """Exact distances to a ball that has a middle and a radius at each phase."""
    found = [
        np.clip(np.linalg.norm(PLACES - middle, axis=1) - radius, -12.0, 12.0).reshape(N, N, N)
        for middle, radius in zip(middles, radii_mm, strict=True)
    ]
    return BoxedDistances(np.stack(found).astype(np.float32), GRID)


def still(middle: np.ndarray) -> np.ndarray:
    return np.tile(middle, (N_PHASES, 1))


def test_a_ball_that_ejects_two_thirds_is_followed_and_nothing_folds() -> None:
    radii = 22.0 - 7.0 * BEAT
    carried = carry(
        {"lv": ball(LEFT, 22.0), "rv": ball(RIGHT, 18.0)},
        {"lv": distances(still(LEFT), radii), "rv": distances(still(RIGHT), np.full(N_PHASES, 18.0))},
        0,
        np.arange(N_PHASES) / N_PHASES,
        "cpu",
        Silent(),
    )
    left, right = (carried.surfaces[key].volumes_ml for key in ("lv", "rv"))
    assert np.abs(left / left[0] - (radii / 22.0) ** 3).max() < 0.02
    assert np.abs(right / right[0] - 1.0).max() < 0.02
    assert carried.least_jacobian > 0.1


def test_a_border_that_leaps_away_leaves_its_neighbour_whole() -> None:
    """As the end of a vessel does that is named at some phases only: half of it is gone there."""
    leaping = np.where((np.arange(N_PHASES) >= 3)[:, None], RIGHT + [0.0, 0.0, 22.0], RIGHT)
    radii = np.where(np.arange(N_PHASES) >= 3, 9.0, 20.0)
    carried = carry(
        {"lv": ball(LEFT, 22.0), "aorta": ball(RIGHT, 20.0)},
        {"lv": distances(still(LEFT), np.full(N_PHASES, 22.0)), "aorta": distances(leaping, radii)},
        0,
        np.arange(N_PHASES) / N_PHASES,
        "cpu",
        Silent(),
    )
    left = carried.surfaces["lv"].volumes_ml
    assert np.abs(left / left[0] - 1.0).max() < 0.03
    assert carried.least_jacobian > 0.0
