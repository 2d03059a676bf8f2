"""The ring of a valve: the closed curve that bounds the wall which two structures share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from plan.cross_section import loop_shape
from plan.section import link
from recon.surfaces.multi import MultiSurface
from recon.surfaces.shared_wall import SharedWall, shared_wall

VALVES: Mapping[str, tuple[str, str]] = {
    "mitral_valve": ("la", "lv"),
    "aortic_valve": ("lv", "aorta"),
    "tricuspid_valve": ("ra", "rv"),
    "pulmonary_valve": ("rv", "pulmonary_artery"),
}
"""Landmark key -> the structures that the blood passes from and to."""


@dataclass(frozen=True, eq=False)
class ValveRing:
    """A closed curve in space and its size as seen along its normal.

    Attributes:
        points_mm: (k, 3) LPS mm, the last joining the first; counter-clockwise about the normal.
        centre_mm: (3,) mean of the curve by length.
        normal: (3,) unit normal of the plane nearest to the curve, from the first structure to the second.
        off_plane_mm: root mean square distance of the curve from that plane.
        area_mm2: what the curve encloses, seen along the normal.
        perimeter_mm: length of the curve, seen along the normal.
        min_diameter_mm, max_diameter_mm: as `plan.contours.shape_values` defines them.
    """

    points_mm: np.ndarray
    centre_mm: np.ndarray
    normal: np.ndarray
    off_plane_mm: float
    area_mm2: float
    perimeter_mm: float
    min_diameter_mm: float
    max_diameter_mm: float


def valve_rings(surface: MultiSurface) -> dict[str, ValveRing]:
    """The rings of the heart's valves by the key of their landmark; structures that do not touch have none."""
    found = {key: ring_between(surface, *pair) for key, pair in VALVES.items() if _has(surface, *pair)}
    return {key: ring for key, ring in found.items() if ring is not None}


def valve_walls(surface: MultiSurface) -> dict[str, SharedWall]:
    """What the rings of `valve_rings` go around, by the key of their landmark."""
    found = {key: shared_wall(surface, *pair) for key, pair in VALVES.items() if _has(surface, *pair)}
    return {key: wall for key, wall in found.items() if wall is not None}


def ring_between(surface: MultiSurface, key: str, other: str) -> ValveRing | None:
    """The rim of the largest wall that two structures share; None where they share none that has a rim.

    Of labels smoothed by a voxel, where three structures meet decides on which side of the truth the rim comes to
    lie; no one correction suits all. Diameters of exact shapes, 8 and 13 mm in radius, on grids of 1 to 2 mm, upright
    and turned, read 0.7 to 0.9 of a voxel too small on a straight tube parted by a plane, 0.1 to 0.2 too small where a
    tube meets a wide chamber, and 0.2 to 0.5 too large in the waist of two balls.

    Raises:
        KeyError: no such structure.
    """
    wall = shared_wall(surface, key, other)
    if wall is None:
        return None
    loops, _ = link(_rim(wall.faces))
    if not loops:
        return None
    lines = [surface.vertices[loop] for loop in loops if len(loop) > 2]
    return _measured(max(lines, key=_length_mm), wall.normal)


def _has(surface: MultiSurface, *keys: str) -> bool:
    return set(keys) <= set(surface.names.values())


def _rim(faces: np.ndarray) -> np.ndarray:
    """Directed edges (k, 2) that only one face has, turning as the faces do."""
    sides = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    n = int(faces.max()) + 1
    forward, backward = sides[:, 0] * n + sides[:, 1], sides[:, 1] * n + sides[:, 0]
    return sides[~np.isin(forward, backward)]


def _length_mm(line: np.ndarray) -> float:
    return float(np.linalg.norm(np.roll(line, -1, axis=0) - line, axis=1).sum())


def _measured(line: np.ndarray, toward: np.ndarray) -> ValveRing:
    following = np.roll(line, -1, axis=0)
    length = np.linalg.norm(following - line, axis=1)
    centre = ((line + following) / 2.0 * length[:, None]).sum(axis=0) / length.sum()
    normal = np.linalg.svd(line - centre)[2][2]
    normal = normal if normal @ toward > 0 else -normal
    flat = line - ((line - centre) @ normal)[:, None] * normal
    shape = loop_shape(flat, normal)
    return ValveRing(
        line,
        centre,
        normal,
        float(np.sqrt(np.mean(((line - centre) @ normal) ** 2))),
        shape["area_mm2"],
        shape["perimeter_mm"],
        shape["min_diameter_mm"],
        shape["max_diameter_mm"],
    )
