"""The way of the blood through a cavity past what stands in it: where to look across for what is left open."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.ndimage import distance_transform_edt, label

from core.errors import PlannerError
from core.mesh import SurfaceMesh
from plan.clinical.frustum import Frustum
from plan.clinical.virtual_valve import NeoTract, neo_tract
from recon.centreline import Centreline, cheapest_way, inner_voxels, line_through

Blocks = Callable[[np.ndarray], np.ndarray]
"""Places (n, 3) in LPS mm -> whether something stands there, bool (n,)."""

_REACH_MM = 15.0
"""The start is the apex or a place near it, on the wall: free blood begins at most so far from it."""


def outflow_beside(cavity: SurfaceMesh, start_mm: np.ndarray, end_mm: np.ndarray, valve: Frustum) -> NeoTract:
    """What a virtual valve leaves of a ventricle's cross-sections on the way from its apex to the aorta.

    Args:
        cavity: closed surface of the left ventricle's cavity, with or without the aorta.
        start_mm, end_mm: (3,) LPS, apex and middle of the aortic annulus.

    Raises:
        PlannerError: the cavity is open or empty, or the valve closes it, or does not reach into the way.
    """
    line = passage(cavity, start_mm, end_mm, valve.contains)
    return neo_tract(cavity, line.points_mm, line.directions, line.along_mm, valve)


def passage(cavity: SurfaceMesh, start_mm: np.ndarray, end_mm: np.ndarray, blocks: Blocks) -> Centreline:
    """The way between two places of a closed cavity that keeps as far as it can from its wall and from what blocks it.

    Args:
        start_mm, end_mm: (3,) LPS; the free places nearest to them are its ends.

    Raises:
        PlannerError: the cavity is open or empty, or what stands in it closes it.
    """
    if not cavity.is_closed:
        raise _refusal("the surface of the cavity is not closed")
    inside, origin_mm, spacing_mm = inner_voxels(cavity)
    free = inside.copy()
    free[inside] = ~blocks(np.argwhere(inside) * spacing_mm + origin_mm)
    groups, n_groups = label(free, np.ones((3, 3, 3)))
    if not n_groups:
        raise _refusal("nothing of the cavity is free")
    end = _nearest(free, origin_mm, spacing_mm, end_mm)
    free &= groups == groups[end]
    start = _nearest(free, origin_mm, spacing_mm, start_mm)
    at_mm = np.array(start) * spacing_mm + origin_mm
    if np.linalg.norm(at_mm - start_mm) > _REACH_MM + 2.0 * spacing_mm:
        raise _refusal("what stands in it closes the way")
    radii = distance_transform_edt(np.pad(free, 1))[1:-1, 1:-1, 1:-1][free] * spacing_mm
    ends = at_mm, np.array(end) * spacing_mm + origin_mm
    places, path = cheapest_way(free, radii, origin_mm, spacing_mm, ends)
    return line_through(places[path])


def _nearest(free: np.ndarray, origin_mm: np.ndarray, spacing_mm: float, at_mm: np.ndarray) -> tuple[int, ...]:
    ids = np.argwhere(free)
    return tuple(int(k) for k in ids[np.linalg.norm(ids * spacing_mm + origin_mm - at_mm, axis=1).argmin()])


def _refusal(why: str) -> PlannerError:
    return PlannerError("no way through the ventricle", why, "check the place and size of the valve")
