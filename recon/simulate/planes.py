"""Where cine planes lie in a heart, and how breathing and the technician's hand move each of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.frames import rigid, rotation_from_vector
from recon.anatomy.shapes import frame_along


@dataclass(frozen=True, eq=False)
class LvAxes:
    """Where the left ventricle lies: LPS mm (3,); `across` points towards the right ventricle."""

    base_mm: np.ndarray
    apex_mm: np.ndarray
    across: np.ndarray

    @property
    def length_mm(self) -> float:
        """From the base to the apex."""
        return float(np.linalg.norm(self.apex_mm - self.base_mm))

    def frame(self) -> np.ndarray:
        """Right-handed unit axes (3, 3) as rows: towards the apex, across, and their cross."""
        return frame_along(self.apex_mm - self.base_mm, self.across)


def any_axes(centre_mm: np.ndarray, rng: np.random.Generator) -> LvAxes:
    """Axes where there is no heart: of a usual length, anywhere near a point."""
    axis, across = rng.normal(size=(2, 3))
    half = axis / np.linalg.norm(axis) * rng.uniform(35.0, 55.0)
    middle = centre_mm + rng.normal(0.0, 15.0, 3)
    return LvAxes(middle - half, middle + half, across)


def short_axis_frame(axes: LvAxes, rng: np.random.Generator, tilt_deg: float = 4.0) -> np.ndarray:
    """Unit axes (3, 3) as rows (slice, row, column) of a short-axis stack, tilted as planning by eye does."""
    tilt = rotation_from_vector(np.radians(rng.normal(0.0, tilt_deg, 3)))
    tilted = axes.frame() @ tilt.T
    return tilted if rng.random() < 0.5 else tilted * np.array((-1.0, 1.0, -1.0))[:, None]


def short_axis_steps(axes: LvAxes, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Middle (3,) in mm of a short-axis stack and its step in mm, for 5 to 14 slices from base to apex."""
    first, last = rng.uniform(-0.25, 0.15), rng.uniform(0.78, 1.08)
    along = axes.apex_mm - axes.base_mm
    return axes.base_mm + 0.5 * (first + last) * along, (last - first) * axes.length_mm


def long_axis_planes(
    axes: LvAxes, n_planes: int, rng: np.random.Generator
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Point (3,) and frame (3, 3) (slice, row, column as rows) of planes that hold the long axis, or nearly.

    One in five lies beside the ventricle, as views of the right ventricle and its outflow do.
    """
    frame = axes.frame()
    start = rng.uniform(0.0, np.pi)
    planes = []
    for k in range(n_planes):
        angle = start + np.pi * k / n_planes + rng.normal(0.0, 0.15)
        normal = np.cos(angle) * frame[1] + np.sin(angle) * frame[2]
        point = axes.base_mm + rng.uniform(0.2, 0.6) * (axes.apex_mm - axes.base_mm) + rng.normal(0.0, 2.5, 3)
        tilt_deg = 4.0
        if rng.random() < 0.2:
            point = point + frame[1] * rng.uniform(10.0, 45.0)
            tilt_deg = 15.0
        turn = rotation_from_vector(np.radians(rng.normal(0.0, tilt_deg, 3)))
        planes.append((point, frame_along(turn @ normal, frame[0])))
    return planes


def draw_breathing(rng: np.random.Generator, centre_mm: np.ndarray, n: int) -> np.ndarray:
    """Moves (n, 4, 4) in mm: where breathing had carried the heart for each of n slices.

    Over all studies the mean shift is 3.5 mm and the mean turn 2.5 degrees, about `centre_mm`; some studies are
    taken in one breath and hardly move.
    """
    # The mean length of a normal vector in space is 1.596 of its deviation along one axis.
    shift_mm = 3.5 / 1.596 * rng.gamma(2.0, 0.5)
    turn_deg = 2.5 / 1.596 * rng.gamma(2.0, 0.5)
    return np.stack([_move(rng, centre_mm, shift_mm, turn_deg) for _ in range(n)])


def draw_steps(rng: np.random.Generator, n: int, direction: np.ndarray, largest_mm: float = 5.0) -> np.ndarray:
    """Moves (n, 4, 4): slabs of slices stand off against each other, as gating steps of a CT do.

    Slabs move across `direction`, the stack's slice direction, by up to `largest_mm`.
    """
    n_slabs = int(rng.integers(2, 6))
    cuts = np.sort(rng.integers(0, n, n_slabs - 1))
    slab = np.searchsorted(cuts, np.arange(n), side="right")
    shifts = rng.normal(size=(n_slabs, 3))
    shifts -= (shifts @ direction)[:, None] * direction
    shifts *= (rng.uniform(0.0, largest_mm, n_slabs) / np.linalg.norm(shifts, axis=1))[:, None]
    moves = np.tile(np.eye(4), (n, 1, 1))
    moves[:, :3, 3] = shifts[slab]
    return moves


def _move(rng: np.random.Generator, centre_mm: np.ndarray, shift_mm: float, turn_deg: float) -> np.ndarray:
    turn = rigid(np.radians(rng.normal(0.0, turn_deg, 3)), np.zeros(3))
    turn[:3, 3] = centre_mm - turn[:3, :3] @ centre_mm + rng.normal(0.0, shift_mm, 3)
    return turn
