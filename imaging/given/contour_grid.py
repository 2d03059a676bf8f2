"""A grid made for contours alone, so that they can be filled where the images they were drawn on are not open."""

from __future__ import annotations

import numpy as np

from core.contours import GivenContours
from core.errors import PlannerError
from core.volume import Volume

WHAT = "cannot fill the contours"
SAME_PLANE_MM = 0.05
FINEST_MM, MOST_PIXELS = 0.5, 512
MARGIN_PX = 2


def grid_of_contours(contours: GivenContours) -> Volume:
    """An empty volume around parallel contours: a slice in every plane, pixels of at least half a millimetre.

    Raises PlannerError when the contours lie in one plane only, in planes that are not parallel or not whole
    steps apart, or in several patient spaces.
    """
    polygons = [polygon for region in contours.regions for polygon in region.polygons]
    spaces = {region.frame_of_reference_uid for region in contours.regions}
    if not polygons or len(spaces) != 1:
        raise PlannerError(WHAT, "they bound nothing, or lie in several patient spaces", "draw them again")
    axes = _axes(polygons)
    along = np.array([polygon.mean(axis=0) @ axes[:, 0] for polygon in polygons])
    step = _step(along)
    points = np.concatenate(polygons) @ axes[:, 1:]
    low, high = points.min(axis=0), points.max(axis=0)
    pixel_mm = max(FINEST_MM, float((high - low).max()) / MOST_PIXELS)
    n_pixels = np.ceil((high - low) / pixel_mm).astype(int) + 2 * MARGIN_PX + 1
    n_slices = int(np.rint(np.ptp(along) / step)) + 1
    matrix = np.eye(4)
    matrix[:3, :3] = axes * (step, pixel_mm, pixel_mm)
    matrix[:3, 3] = axes @ (along.min(), *(low - MARGIN_PX * pixel_mm))
    empty = np.broadcast_to(np.uint8(0), (n_slices, int(n_pixels[0]), int(n_pixels[1])))
    return Volume(empty, matrix, spaces.pop())


def _axes(polygons: list[np.ndarray]) -> np.ndarray:
    """Directions (3, 3) along slice, row and column, as in any stack; every contour must share the first."""
    normals = [np.linalg.svd(polygon - polygon.mean(axis=0))[2][2] for polygon in polygons if len(polygon) > 2]
    largest = int(np.abs(normals[0]).argmax())
    normal = normals[0] * np.sign(normals[0][largest])
    for polygon in polygons:
        if np.ptp(polygon @ normal) > 2 * SAME_PLANE_MM:
            raise PlannerError(WHAT, "they do not lie in parallel planes", "open the images they were drawn on")
    across = np.eye(3)[0 if largest != 0 else 1]
    column = across - (across @ normal) * normal
    column /= np.linalg.norm(column)
    return np.stack([normal, np.cross(normal, column), column], axis=1)


def _step(along: np.ndarray) -> float:
    gaps = np.diff(np.sort(along))
    gaps = gaps[gaps > SAME_PLANE_MM]
    if not len(gaps):
        raise PlannerError(
            WHAT, "they lie in one plane and bound no volume", "open the images they were drawn on"
        )
    step = float(gaps.min())
    step = float(np.mean(gaps / np.rint(gaps / step)))
    if np.abs(gaps - np.rint(gaps / step) * step).max() > SAME_PLANE_MM:
        raise PlannerError(WHAT, "their planes are unevenly spaced", "open the images they were drawn on")
    return step
