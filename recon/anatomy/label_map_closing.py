"""Closes and fills a heart that is given as labelled walls only, so that every cavity has a border all around.

Values of the walls as in the published virtual cohort of four-chamber hearts (Rodero et al., PLOS Comput Biol 2021).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.errors import PlannerError

LV_WALL, RV_WALL, LA_WALL, RA_WALL, AORTA_WALL, PULMONARY_WALL = 1, 2, 3, 4, 5, 6
MITRAL, TRICUSPID, AORTIC, PULMONARY = 7, 8, 9, 10
# Openings: the plane's value and its ring's.
OPENINGS: Mapping[str, tuple[int, int]] = {
    "appendage": (12, 11),
    "left_lower_vein": (13, 19),
    "left_upper_vein": (14, 20),
    "right_lower_vein": (15, 21),
    "right_upper_vein": (16, 22),
    "svc": (17, 23),
    "ivc": (18, 24),
}
_MOST_DILATION = 4
_COARSE = 3
_BRIDGE = 3


def close_cavities(labels: np.ndarray) -> dict[str, np.ndarray]:
    """Masks of the filled cavities `lv`, `rv`, `la`, `ra`, `aorta` and `pulmonary_artery`, disjoint.

    Valve sheets count with the cavity that they hang in: mitral with `lv`, tricuspid with `rv`, the two others with
    their vessel.

    Args:
        labels: walls (x, y, z), equal steps along the axes.

    Raises:
        PlannerError: when a cavity stays open however the gaps are bridged.
    """
    from scipy import ndimage

    labels = np.pad(labels, _MOST_DILATION + 2)
    vessels = {
        "aorta": _tube_lumen(labels, AORTA_WALL, AORTIC),
        "pulmonary_artery": _tube_lumen(labels, PULMONARY_WALL, PULMONARY),
    }
    barrier = labels > 0
    for lumen in vessels.values():
        barrier |= lumen
    for values in OPENINGS.values():
        barrier |= hull(np.isin(labels, values))
    for valve in (TRICUSPID, PULMONARY):
        barrier |= ndimage.binary_closing(hull(labels == valve) & _near(labels == valve, 2), iterations=1)
    found = {
        "lv": _filled(barrier, _inner_point(labels == LV_WALL, barrier), "lv"),
        "rv": _filled(barrier, _inner_point(labels == RV_WALL, barrier), "rv"),
        "la": _filled(barrier, _inner_point(labels == LA_WALL, barrier), "la"),
        "ra": _filled(barrier, _inner_point(labels == RA_WALL, barrier), "ra"),
    }
    whole = found | vessels
    for key, valve in (("lv", MITRAL), ("rv", TRICUSPID), ("aorta", AORTIC), ("pulmonary_artery", PULMONARY)):
        whole[key] = whole[key] | (labels == valve)
    _share_gaps(labels, whole)
    inner = (slice(_MOST_DILATION + 2, -_MOST_DILATION - 2),) * 3
    return {key: mask[inner] for key, mask in whole.items()}


def hull(mask: np.ndarray) -> np.ndarray:
    """The convex hull of a mask's voxels, as a mask; the mask itself where it is too flat or too small for one."""
    from scipy.spatial import ConvexHull, QhullError

    where = np.argwhere(mask)
    result = mask.copy()
    if len(where) < 5:
        return result
    try:
        planes = ConvexHull(where).equations
    except QhullError:
        return result
    low, high = where.min(axis=0), where.max(axis=0) + 1
    box = np.stack(np.meshgrid(*(np.arange(a, b) for a, b in zip(low, high, strict=True)), indexing="ij"), -1)
    points = box.reshape(-1, 3).astype(np.float32)
    inside = np.ones(len(points), dtype=bool)
    for block in np.array_split(planes.astype(np.float32), max(1, len(planes) // 16)):
        still = np.flatnonzero(inside)
        inside[still] = (points[still] @ block[:, :3].T + block[:, 3]).max(axis=1) <= 0.5
    result[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] |= inside.reshape(box.shape[:3])
    return result


def _near(mask: np.ndarray, steps: int) -> np.ndarray:
    from scipy import ndimage

    return ndimage.binary_dilation(mask, iterations=steps)


def _tube_lumen(labels: np.ndarray, wall: int, valve: int) -> np.ndarray:
    """What a nearly straight tube of wall, closed by its valve below, holds up to its open end."""
    from scipy import ndimage

    free = hull(np.isin(labels, (wall, valve))) & (labels == 0)
    parts, n = ndimage.label(free)
    if not n:
        raise PlannerError(
            "A vessel of a label map holds nothing.",
            f"Walls of value {wall} enclose no space.",
            "Check the map.",
        )
    return parts == 1 + int(np.argmax(ndimage.sum_labels(free, parts, range(1, n + 1))))


def _inner_point(wall: np.ndarray, barrier: np.ndarray) -> tuple[int, int, int]:
    """The deepest free voxel within the middle of a wall's hull."""
    from scipy import ndimage

    depth = ndimage.distance_transform_edt(hull(wall[::_COARSE, ::_COARSE, ::_COARSE]) & ~_coarse(barrier))
    x, y, z = (_COARSE * int(i) for i in np.unravel_index(int(np.argmax(depth)), depth.shape))
    return x, y, z


def _coarse(mask: np.ndarray) -> np.ndarray:
    """A mask in coarse steps, true where any of a step's voxels is."""
    from scipy import ndimage

    return ndimage.maximum_filter(mask, size=_COARSE)[::_COARSE, ::_COARSE, ::_COARSE]


def _filled(barrier: np.ndarray, start: tuple[int, int, int], key: str) -> np.ndarray:
    """The space around `start` within the barrier; gaps are bridged by as little as closes it."""
    from scipy import ndimage

    for steps in range(_MOST_DILATION + 1):
        thick = _near(barrier, steps) if steps else barrier
        parts, _ = ndimage.label(~thick)
        here = parts == parts[start]
        if not thick[start] and not here[0, 0, 0]:
            return ndimage.binary_dilation(here, iterations=steps, mask=~barrier) if steps else here
    raise PlannerError(
        f"The cavity {key} of a label map stays open.",
        f"Bridging gaps of {2 * _MOST_DILATION} voxels does not close it.",
        "Check the map.",
    )


def _share_gaps(labels: np.ndarray, cavities: dict[str, np.ndarray]) -> None:
    """Close what caps and bridges left open: slivers within a cavity, and gaps between a cavity and its walls."""
    from scipy import ndimage

    taken = labels > 0
    for mask in cavities.values():
        taken |= mask
    for key, mask in cavities.items():
        gained = ndimage.binary_closing(mask, iterations=_BRIDGE) & ~taken
        taken |= gained
        cavities[key] = mask | gained
