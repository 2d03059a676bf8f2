"""The area that a plane cuts out of a structure, piece by piece."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import PlannerError
from core.mesh import SurfaceMesh
from plan.contours import flattened, shape_values, vector_area_mm2
from plan.section import link, section


@dataclass(frozen=True, eq=False)
class CrossSection:
    """What a plane cuts out of a closed surface.

    Attributes:
        loops_mm: closed lines, each (k, 3) LPS mm, the last point joining the first.
        areas_mm2: what each encloses; negative for a hole, so that a wall has the area of its ring.
        normal: unit normal (3,) of the plane.
    """

    loops_mm: tuple[np.ndarray, ...]
    areas_mm2: tuple[float, ...]
    normal: np.ndarray

    @property
    def area_mm2(self) -> float:
        """The area of all pieces, without their holes; 0 where the plane misses the surface."""
        return float(sum(self.areas_mm2))

    @property
    def n_pieces(self) -> int:
        """How many pieces there are, holes not counted."""
        return sum(area > 0.0 for area in self.areas_mm2)

    def loop_around(self, point_mm: np.ndarray) -> np.ndarray | None:
        """The smallest outer loop (k, 3) around a point (3,) of the plane; None where none is."""
        around = [
            (area, loop)
            for area, loop in zip(self.areas_mm2, self.loops_mm, strict=True)
            if area > 0.0 and _is_inside(loop, point_mm, self.normal)
        ]
        return min(around, key=lambda found: found[0])[1] if around else None


def cross_section(mesh: SurfaceMesh, origin_mm: np.ndarray, normal: np.ndarray) -> CrossSection:
    """What the plane through `origin_mm` (3,) with unit `normal` (3,) cuts out of a surface.

    Raises:
        PlannerError: the surface is open where it is cut, so that it encloses nothing.
    """
    met = section(mesh.vertices, mesh.faces, np.asarray(origin_mm, dtype=np.float64), normal)
    loops, chains = link(met.segments)
    if chains:
        raise PlannerError(
            "the cut has no area",
            "the surface has a hole where it is cut",
            "move the plane, or close the surface",
        )
    places = met.interpolate(mesh.vertices)
    # The lines turn with the faces of what is below the plane: about the plane's normal they turn backwards.
    lines = tuple(places[ids[::-1]] for ids in loops if len(ids) > 2)
    areas = tuple(float(vector_area_mm2(line) @ normal) for line in lines)
    return CrossSection(lines, areas, np.asarray(normal, dtype=np.float64))


def loop_shape(loop_mm: np.ndarray, normal: np.ndarray) -> dict[str, float]:
    """Area, perimeter and diameters of a flat loop (k, 3); keys as `plan.contours.shape_values`."""
    return {key: float(value) for key, value in shape_values(flattened(loop_mm, normal)).items()}


def loop_middle_mm(loop_mm: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """The middle (3,) of the area that a flat loop (k, 3) encloses."""
    base = loop_mm.mean(axis=0)
    start, end = loop_mm - base, np.roll(loop_mm, -1, axis=0) - base
    twice = np.cross(start, end) @ normal
    return base + ((start + end) * twice[:, None]).sum(axis=0) / (3.0 * twice.sum())


def _is_inside(loop_mm: np.ndarray, point_mm: np.ndarray, normal: np.ndarray) -> bool:
    """Whether the loop winds around the point. Source: the winding number."""
    towards = loop_mm - point_mm
    following = np.roll(towards, -1, axis=0)
    turned = np.arctan2(np.cross(towards, following) @ normal, (towards * following).sum(axis=1))
    return bool(abs(turned.sum()) > np.pi)
