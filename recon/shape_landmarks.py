"""Landmarks read from the walls between structures, where labels know more of a place than a heat map does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from plan.section import outline
from recon.surfaces.multi import MultiSurface
from recon.surfaces.rings import SharedWall, valve_walls

LEVEL = 0.5
"""Where along the long axis, from the mitral valve to the apex, insertions are read: the mid-ventricular slice."""

NARROWEST_MM, WIDEST_MM = 8.0, 70.0
"""Walls with a mean diameter beyond these are torn or flooded, and no valve."""

_CAP_MM = 2.0
"""The cavity's end: one vertex of it alone would follow the staircase."""

_LEAST_HEIGHT_MM = 8.0
"""Ends of the septum that lie as high as each other do not say which is the anterior one."""


@dataclass(frozen=True, eq=False)
class ShapeLandmark:
    """A place on the surfaces, LPS mm (3,), and for valves the unit normal (3,) with the blood."""

    position_mm: np.ndarray
    direction: np.ndarray | None = None


def shape_landmarks(surface: MultiSurface) -> dict[str, ShapeLandmark]:
    """The landmarks that the walls of a heart tell; those whose structures are missing are left out.

    A valve is the wall that its two structures share: its middle by area, its mean normal. The LV apex is the end of
    the cavity farthest from the mitral valve. RV insertions are the ends of the wall between the right ventricle and
    the LV muscle in the short-axis slice half way down; the anterior one lies nearer to the head.
    Source: Lang et al., Recommendations for cardiac chamber quantification, J Am Soc Echocardiogr 28 (2015) 1 (long
    axis: from the middle of the mitral annulus to the apex); Cerqueira et al., Circulation 105 (2002) 539 (insertions).

    Args:
        surface: walls in LPS mm of a patient whose third axis runs to the head.
    """
    walls = {key: wall for key, wall in valve_walls(surface).items() if _is_credible(wall)}
    found = {key: ShapeLandmark(wall.centre_mm, wall.normal) for key, wall in walls.items()}
    if "mitral_valve" in found:
        base_mm = found["mitral_valve"].position_mm
        apex_mm = farthest_end(surface.structure("lv").vertices, base_mm)
        found["lv_apex"] = ShapeLandmark(apex_mm)
        found |= {key: ShapeLandmark(place) for key, place in rv_insertions(surface, base_mm, apex_mm).items()}
    return found


def farthest_end(points_mm: np.ndarray, base_mm: np.ndarray) -> np.ndarray:
    """Where (3,) a body of points (n, 3) ends, seen from `base_mm`: amid its last two millimetres, on its outside."""
    way = points_mm - base_mm
    end = way[np.linalg.norm(way, axis=1).argmax()]
    for _ in range(5):
        along = way @ (end / np.linalg.norm(end))
        end = way[along > along.max() - _CAP_MM].mean(axis=0)
    axis = end / np.linalg.norm(end)
    return base_mm + axis * float((way @ axis).max())


def rv_insertions(surface: MultiSurface, base_mm: np.ndarray, apex_mm: np.ndarray) -> Mapping[str, np.ndarray]:
    """Both RV insertion points (3,) by their landmark keys; empty where the septum does not tell them apart."""
    if not {"lv_myocardium", "rv"} <= set(surface.names.values()):
        return {}
    axis = (apex_mm - base_mm) / np.linalg.norm(apex_mm - base_mm)
    middle_mm = base_mm + LEVEL * (apex_mm - base_mm)
    lines = outline(surface.vertices, surface.shared("lv_myocardium", "rv"), middle_mm, axis)
    if not lines:
        return {}
    septum = max(lines, key=lambda line: float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum()))
    low, high = sorted((septum[0], septum[-1]), key=lambda end: float(end[2]))
    if high[2] - low[2] < _LEAST_HEIGHT_MM:
        return {}
    return {"anterior_rv_insertion": high, "inferior_rv_insertion": low}


def _is_credible(wall: SharedWall) -> bool:
    return NARROWEST_MM < 2.0 * float(np.sqrt(wall.area_mm2 / np.pi)) < WIDEST_MM
