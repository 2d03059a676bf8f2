"""Hearts of balls for registration: their signed distances are exact, in any position and after any known motion."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from core.frames import apply_affine, rigid
from core.fusion import ImageKey
from core.volume import LabelMap
from recon.fusion.distances import DistanceStack, field_of_distances
from recon.fusion.register import Pair

BALLS = {
    "lv": ((0.0, 0.0, 0.0), 26.0),
    "rv": ((-38.0, -14.0, -6.0), 22.0),
    "la": ((14.0, 34.0, 30.0), 20.0),
    "ra": ((-44.0, 18.0, 24.0), 18.0),
    "aorta": ((-10.0, -12.0, 52.0), 14.0),
}
VALUES = {1: "lv", 3: "rv", 4: "la", 5: "ra", 6: "aorta"}
CENTRE_MM = np.array((12.0, -150.0, 300.0))
MOTION = rigid(np.radians((6.0, -9.0, 5.0)), np.array((7.0, 4.0, -9.0)))
"""moving_from_fixed."""
Motion = Callable[[np.ndarray], np.ndarray]


def still(points: np.ndarray) -> np.ndarray:
    """No motion."""
    return points


def moved(points: np.ndarray) -> np.ndarray:
    """Where fixed points lie in the moving image."""
    return apply_affine(MOTION, points)


def unmoved(points: np.ndarray) -> np.ndarray:
    """Where moving points lie in the fixed image."""
    return apply_affine(np.linalg.inv(MOTION), points)


def distances(fixed_from_here: Motion, grid: np.ndarray, shape: tuple[int, int, int]) -> dict[str, np.ndarray]:
    """Signed distance of every ball on a grid (4, 4), seen through a map into the fixed space."""
    index = np.indices(shape).reshape(3, -1).T
    places = fixed_from_here(apply_affine(grid, index)) - CENTRE_MM
    return {
        key: (np.linalg.norm(places - middle, axis=1) - radius).reshape(shape)
        for key, (middle, radius) in BALLS.items()
    }


def grid_around(
    centre_mm: np.ndarray, spacing_mm: float = 3.0, reach_mm: float = 96.0
) -> tuple[np.ndarray, tuple[int, int, int]]:
    """A grid in patient axes (z, y, x) around a place, and its shape."""
    n = round(2 * reach_mm / spacing_mm) + 1
    matrix = np.eye(4)
    matrix[:3, :3] = np.fliplr(np.eye(3)) * spacing_mm
    matrix[:3, 3] = centre_mm - reach_mm
    return matrix, (n, n, n)


def stack(fixed_from_here: Motion, centre_mm: np.ndarray, keys: Sequence[str] = tuple(BALLS)) -> DistanceStack:
    """The balls as exact distances around a place of the moving space."""
    grid, shape = grid_around(centre_mm)
    found = distances(fixed_from_here, grid, shape)
    return DistanceStack({key: field_of_distances(key, found[key], grid) for key in keys})


def labels(fixed_from_here: Motion, centre_mm: np.ndarray, uid: str, spacing_mm: float = 3.0) -> LabelMap:
    """The balls as a label map."""
    grid, shape = grid_around(centre_mm, spacing_mm)
    found = distances(fixed_from_here, grid, shape)
    values = np.zeros(shape, dtype=np.uint8)
    for value, key in VALUES.items():
        values[found[key] < 0] = value
    return LabelMap(values, grid, dict(VALUES), uid)


def pair(fixed: DistanceStack, moving: DistanceStack) -> Pair:
    """Two images in spaces of their own."""
    return Pair(fixed, moving, ImageKey("9.1", 0, "1.1", "CT"), ImageKey("9.2", 0, "1.2", "MR"))


def moving_centre() -> np.ndarray:
    """Where the middle of the balls lies in the moving image."""
    return moved(CENTRE_MM[None])[0]


def surface_points(n: int = 200) -> np.ndarray:
    """Places (5 n, 3) on the balls, LPS mm of the fixed image."""
    directions = np.random.default_rng(3).normal(size=(n, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return np.concatenate([CENTRE_MM + middle + radius * directions for middle, radius in BALLS.values()])
