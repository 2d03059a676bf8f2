"""Places positions on a heart's surface: in the groove between two of its parts, or merely outside of all of them.

Coronary vessels run there, and a groove is where two signed distances are small at once, whatever made them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from recon.anatomy.ventricles import Distances

Solids = Callable[..., Distances]
_STEP_MM = 0.5
_LONGEST_MOVE_MM = 6.0
_FELT_MM = 10.0  # a part farther away than this does not pull
_HOLD = 0.12  # how strongly a position is held where it began, relative to the pull of a surface
_CLEARANCE_MM = 0.3
SURFACES = ("lv", "rv", "la", "ra", "vessels")


@dataclass(frozen=True, eq=False)
class Place:
    """A position to be found in a plane, at given gaps (mm) from two of `SURFACES`.

    Attributes:
        start: where to begin (3,), mm.
        normal: of the plane through `start` (3,), unit length.
        surfaces, gaps_mm: one surface twice holds it to that one alone.
    """

    start: np.ndarray
    normal: np.ndarray
    surfaces: tuple[str, str]
    gaps_mm: tuple[float, float]


def outer_surfaces(parts: Distances, sizes: Mapping[str, float]) -> Distances:
    """Distances (n,) to the outer borders of muscle and walls, by the names of `SURFACES`."""
    wall, atrial = sizes["vessel_wall"], sizes["atrial_wall"]
    return {
        "lv": parts["lv_epicardium"],
        "rv": parts["rv_outer"],
        "la": parts["la"].minimum(parts["appendage"]) - atrial,
        "ra": parts["ra"] - atrial,
        "vessels": parts["aorta"].minimum(parts["pulmonary_artery"]) - wall,
    }


def settled(solids: Solids, sizes: Mapping[str, float], places: list[Place]) -> np.ndarray:
    """Positions (k, 3) that meet the gaps of the places as well as they can be met, by damped Gauss-Newton steps."""
    start = np.stack([place.start for place in places])
    normal = np.stack([place.normal for place in places])
    gaps = np.array([place.gaps_mm for place in places])
    which = np.array([[SURFACES.index(name) for name in place.surfaces] for place in places])
    at = start.copy()
    for _ in range(4):
        value, slope = _values_and_slopes(solids, sizes, at)
        miss = np.take_along_axis(value, which, axis=1) - gaps
        pull = np.take_along_axis(slope, which[:, :, None], axis=1) * (miss < _FELT_MM)[:, :, None]
        held = np.broadcast_to(_HOLD * np.eye(3), (len(at), 3, 3))
        rows = np.concatenate([pull, normal[:, None], held], axis=1)
        off_plane = np.einsum("ki,ki->k", normal, at - start)[:, None]
        right = np.concatenate([np.minimum(miss, _FELT_MM), off_plane, _HOLD * (at - start)], axis=1)
        squared = np.einsum("kri,krj->kij", rows, rows)
        move = -np.linalg.solve(squared, np.einsum("kri,kr->ki", rows, right)[..., None])[..., 0]
        length = np.linalg.norm(move, axis=1, keepdims=True)
        at = at + move * np.minimum(1.0, _LONGEST_MOVE_MM / np.maximum(length, 1e-6))
    return at


def pushed_out(
    solids: Solids, sizes: Mapping[str, float], at: np.ndarray, radii_mm: np.ndarray, movable: np.ndarray
) -> np.ndarray:
    """Positions (k, 3) moved until a ball of its radius (k,) around each lies outside of every surface."""
    for _ in range(3):
        value, slope = _values_and_slopes(solids, sizes, at)
        nearest = value.argmin(axis=1)
        row = np.arange(len(at))
        short = np.clip(radii_mm + _CLEARANCE_MM - value[row, nearest], 0.0, _LONGEST_MOVE_MM) * movable
        out = slope[row, nearest]
        at = at + short[:, None] * out / np.maximum((out * out).sum(axis=1, keepdims=True), 0.25)
    return at


def _values_and_slopes(
    solids: Solids, sizes: Mapping[str, float], at: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Distances (k, 5) to the surfaces and their gradients (k, 5, 3) at positions (k, 3)."""
    import torch

    offsets = np.concatenate([np.zeros((1, 3)), _STEP_MM * np.eye(3)])
    points = (at[None] + offsets[:, None]).reshape(-1, 3).astype(np.float32)
    found = outer_surfaces(solids(torch.from_numpy(points)), sizes)
    table = np.stack([found[name].double().numpy() for name in SURFACES], axis=1)
    table = table.reshape(4, len(at), len(SURFACES))
    return table[0], np.moveaxis((table[1:] - table[0]) / _STEP_MM, 0, 2)
