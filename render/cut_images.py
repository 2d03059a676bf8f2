"""The image on a cut plane in space: which part of the plane shows it, and its grey values as a picture."""

from __future__ import annotations

import numpy as np

from core.volume import Volume
from plan.items import Cut, CutCurve, CutPlane, as_point
from render.cut_store import is_in_prism
from render.cuts import planes_of
from render.plane_frame import in_plane_axes
from render.scene import CutImage
from render.slice_plane import SlicePlane, patient_from_pixels, pixels_from_patient
from render.slicing import extract
from render.window import window

MOST_PX = 640


def cut_image(
    volume: Volume,
    plane: CutPlane,
    others: tuple[Cut, ...],
    size_mm: float,
    level_and_width: tuple[float, float],
) -> CutImage | None:
    """The image of `volume` on a cut plane, within a square of `size_mm` around the plane's origin.

    It ends where the volume ends and where one of the `others` has cut it away; None where nothing is left. Air of a
    CT that the window shows black is left out: a lung would hide all that lies behind it.

    Args:
        level_and_width: of the grey window, in the volume's unit.
    """
    right, down = in_plane_axes(np.array(plane.normal))
    corners = _square(np.array(plane.origin_mm), right, down, size_mm)
    away = [part for other in others for part in planes_of(other)]
    for origin_mm, outward in (*_sides(volume), *((np.array(p.origin_mm), np.array(p.normal)) for p in away)):
        corners = _kept(corners, origin_mm, outward)
    if len(corners) < 3:
        return None
    slice_plane, size_px, spacing_mm = _covering(corners, right, down, float(volume.spacing_mm.min()))
    values = extract(volume, slice_plane, size_px, spacing_mm)
    # Pixel centres lie at integers; a texture's places run from the first pixel's edge to the last one's.
    places = (pixels_from_patient(slice_plane, size_px, spacing_mm, corners) + 0.5) / np.array(size_px)
    is_shown = _is_tissue(volume, values, *level_and_width)
    for curve in (other for other in others if isinstance(other, CutCurve)):
        is_shown &= _is_left_by(curve, slice_plane, size_px, spacing_mm)
    return CutImage(plane.item_id, corners, places, window(values, *level_and_width), is_shown)


def _is_tissue(volume: Volume, values: np.ndarray, level: float, width: float) -> np.ndarray:
    """Which pixels (rows, columns) are no air; only CT numbers tell, and only below what the window shows."""
    if volume.unit != "HU":
        return np.ones(values.shape, dtype=bool)
    return np.asarray(values >= level - width / 2.0)


def _is_left_by(curve: CutCurve, plane: SlicePlane, size_px: tuple[int, int], spacing_mm: float) -> np.ndarray:
    """Which pixels (rows, columns) of a picture a cut curve does not take away."""
    columns, rows = np.meshgrid(np.arange(size_px[0]), np.arange(size_px[1]))
    pixels = np.stack([columns.ravel(), rows.ravel()], axis=1)
    inside = is_in_prism(patient_from_pixels(plane, size_px, spacing_mm, pixels), curve)
    return np.asarray(inside == curve.keeps_inside).reshape(columns.shape)


def _covering(
    corners: np.ndarray, right: np.ndarray, down: np.ndarray, finest_mm: float
) -> tuple[SlicePlane, tuple[int, int], float]:
    """The picture (plane, size, side of a pixel) that just holds a flat polygon (n, 3)."""
    flat = corners @ np.stack([right, down]).T
    low, high = flat.min(axis=0), flat.max(axis=0)
    spacing_mm = max(finest_mm, float((high - low).max()) / MOST_PX)
    width, height = (int(np.ceil(extent / spacing_mm)) + 1 for extent in high - low)
    across, along = (low + high) / 2.0 - flat[0]
    middle = corners[0] + across * right + along * down
    return SlicePlane(as_point(middle), as_point(right), as_point(down)), (width, height), spacing_mm


def _square(origin_mm: np.ndarray, right: np.ndarray, down: np.ndarray, size_mm: float) -> np.ndarray:
    signs = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], dtype=np.float64) * size_mm / 2.0
    return origin_mm + signs @ np.stack([right, down])


def _sides(volume: Volume) -> list[tuple[np.ndarray, np.ndarray]]:
    """A point and the outward normal of each of the six sides that the outermost voxel centres span."""
    shape = np.array(volume.shape, dtype=np.float64) - 1.0
    # A normal turns with the inverse transpose: a sheared grid has sides that are not at right angles.
    gradients = volume.index_from_patient[:3, :3]
    found = []
    for axis in range(3):
        for end, sign in ((0.0, -1.0), (1.0, 1.0)):
            index = np.zeros(3)
            index[axis] = end * shape[axis]
            found.append((volume.patient_from_indices(index[None])[0], sign * gradients[axis]))
    return found


def _kept(corners: np.ndarray, origin_mm: np.ndarray, outward: np.ndarray) -> np.ndarray:
    """The part (k, 3) of a convex polygon (n, 3) that does not lie outward of a plane."""
    if not len(corners):
        return corners
    heights = (corners - origin_mm) @ outward
    kept: list[np.ndarray] = []
    for here, there, h, t in zip(
        corners, np.roll(corners, -1, axis=0), heights, np.roll(heights, -1), strict=True
    ):
        if h <= 0:
            kept.append(here)
        if (h < 0 < t) or (t < 0 < h):
            kept.append(here + h / (h - t) * (there - here))
    return np.array(kept).reshape(-1, 3)
