"""A vessel laid straight: its middle line with a direction across it that does not twist, and what lies beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from app.state import State
from app.viewing.axes import SliceAxes, axes_facing
from core.anatomy import Anatomy
from core.mesh import SurfaceMesh
from plan.items import Point

if TYPE_CHECKING:
    from recon.centreline import Centreline

MOST_BESIDE_MM = 40.0
BACK, MOST_ALONG = np.array([0.0, 1.0, 0.0]), 0.9
VESSELS = ("aorta", "pulmonary_artery")


@dataclass(frozen=True, eq=False)
class CurvedView:
    """The middle line of a vessel and the direction in which it is cut open along it.

    Attributes:
        key, mesh: the structure, and the very surface that the line was made from.
        points_mm: (n, 3) LPS, evenly spaced. directions: (n, 3) unit, along the line. along_mm: (n,) length up to each.
        across: (n, 3) unit directions at right angles to the line that follow it without twisting.
        roll_deg: by how much the cut is turned about the line from `across`.
    """

    key: str
    mesh: SurfaceMesh
    points_mm: np.ndarray
    directions: np.ndarray
    along_mm: np.ndarray
    across: np.ndarray
    roll_deg: float = 0.0

    @property
    def length_mm(self) -> float:
        """Length of the line."""
        return float(self.along_mm[-1])

    def rolled(self, angle_deg: float) -> CurvedView:
        """The same line cut open in another direction."""
        return replace(self, roll_deg=(self.roll_deg + angle_deg) % 360.0)

    def sampled(self, along_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Places, directions and cut directions, each (k, 3), at lengths (k,) along the line."""
        at = np.asarray(along_mm, dtype=np.float64)
        places, ways, across = (
            np.stack([np.interp(at, self.along_mm, part) for part in values.T], axis=1)
            for values in (self.points_mm, self.directions, self.across)
        )
        ways /= np.linalg.norm(ways, axis=1, keepdims=True)
        across -= (across * ways).sum(axis=1, keepdims=True) * ways
        across /= np.linalg.norm(across, axis=1, keepdims=True)
        roll = np.radians(self.roll_deg)
        return places, ways, np.cos(roll) * across + np.sin(roll) * np.cross(ways, across)

    def position_mm(self, along_mm: float, beside_mm: float) -> np.ndarray:
        """The LPS position (3,) of a place of the picture."""
        places, _, across = self.sampled(np.array([along_mm]))
        return np.asarray(places[0] + beside_mm * across[0])

    def nearest(self, at_mm: np.ndarray | Point) -> tuple[float, float]:
        """Length along the line to the place nearest to a position (3,), and how far beside it along the cut."""
        away = np.asarray(at_mm) - self.points_mm
        first = int((away * away).sum(axis=1).argmin())
        # Between two points of the line, along the line's own direction there.
        along = float(self.along_mm[first] + away[first] @ self.directions[first])
        along = min(max(along, 0.0), self.length_mm)
        places, _, across = self.sampled(np.array([along]))
        return along, float((np.asarray(at_mm) - places[0]) @ across[0])

    def axes(self, along_mm: float) -> SliceAxes:
        """Slices across the vessel: the first one looks along it, from its beginning, its downwards the picture's."""
        _, ways, across = self.sampled(np.array([along_mm]))
        return axes_facing(-ways[0], -across[0], "Across the vessel")


def curved_view(anatomy: Anatomy, key: str, line: Centreline) -> CurvedView:
    """A vessel's middle line ready to be looked along; it begins at the end nearer to the heart's chambers."""
    points, ways = line.points_mm, line.directions
    chambers = [mesh.vertices.mean(axis=0) for name, mesh in anatomy.surfaces.items() if name in ("lv", "rv")]
    if chambers:
        first, last = (min(np.linalg.norm(end - middle) for middle in chambers) for end in points[[0, -1]])
        if last < first:
            points, ways = points[::-1], -ways[::-1]
    return CurvedView(
        key, anatomy.surfaces[key], points, ways, np.asarray(line.along_mm), untwisted(points, ways)
    )


def shown_curve(state: State) -> CurvedView | None:
    """The vessel that is shown straight; None where its surface is not the one that is shown now."""
    curve = state.arrangement.curved
    surfaces = state.anatomy.surfaces if state.anatomy is not None else {}
    is_there = curve is not None and surfaces.get(curve.key) is curve.mesh and state.volume is not None
    return curve if is_there and state.clip is None else None


def untwisted(points_mm: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Unit directions (n, 3) at right angles to a line (n, 3) that turn about it as little as can be.

    The first one points to the patient's back as far as it can: a vessel that begins upwards, such as the aorta, has
    its first sections as axial slices are read.

    Source: W. Wang et al., Computation of rotation minimizing frames, ACM Trans Graph 27 (2008) 2: double reflection.
    """
    helper = BACK if abs(directions[0] @ BACK) < MOST_ALONG else np.array([0.0, 0.0, -1.0])
    side = helper - (helper @ directions[0]) * directions[0]
    found = [side / np.linalg.norm(side)]
    for n in range(len(points_mm) - 1):
        step = points_mm[n + 1] - points_mm[n]
        mirrored, way = _reflected(found[-1], step), _reflected(directions[n], step)
        turn = directions[n + 1] - way
        side = _reflected(mirrored, turn) if turn @ turn > 0.0 else mirrored
        side = side - (side @ directions[n + 1]) * directions[n + 1]
        found.append(side / np.linalg.norm(side))
    return np.array(found)


def _reflected(vector: np.ndarray, across: np.ndarray) -> np.ndarray:
    return np.asarray(vector - 2.0 * (vector @ across) / (across @ across) * across)
