"""A slice of one image out of another that was registered to it, made for the shown slice only, and both blended."""

from __future__ import annotations

import numpy as np

from core.frames import apply_affine
from core.fusion import ImageRegistration
from core.volume import Volume
from render.slice_plane import SlicePlane, patient_from_pixel
from render.slicing import extract
from render.window import window

COARSE_PX = 8
"""The deformation is read at every eighth pixel and interpolated between: it bends over centimetres."""
ROWS_AT_ONCE = 16
"""So many rows of positions and voxels stay in the processor's cache."""
TINT = np.array((1.0, 0.80, 0.45), dtype=np.float32)
"""The moving image is shown in this hue, so that nobody takes one image's edge for the other's."""


def extract_moved(
    volume: Volume,
    registration: ImageRegistration,
    plane: SlicePlane,
    size_px: tuple[int, int],
    spacing_mm: float,
) -> np.ndarray:
    """The picture of a plane of the fixed image, filled from the moving volume: float32 (height, width).

    Trilinear; NaN where the moving volume shows nothing. Arguments as `render.slicing.extract`.
    """
    if registration.warp is None:
        return _rigid(volume, registration, plane, size_px, spacing_mm)
    index_from_pixel = _index_positions(volume, registration, plane, size_px, spacing_mm)
    width, height = size_px
    picture = np.empty((height, width), dtype=np.float32)
    for first in range(0, height, ROWS_AT_ONCE):
        rows = slice(first, min(first + ROWS_AT_ONCE, height))
        picture[rows] = trilinear(volume.voxels, index_from_pixel[:, rows])
    return picture


def veil(moved: np.ndarray, level: float, width: float, share: float) -> np.ndarray:
    """The moving slice to lay over the fixed one: uint8 RGBA (height, width, 4), tinted.

    Args:
        moved: as `extract_moved` gives it; where it is NaN the veil is clear and the fixed image shows alone.
        level, width: grey window of the moving image.
        share: of the moving image, 0 to 1.
    """
    picture = np.empty((*moved.shape, 4), dtype=np.uint8)
    grey = window(moved, level, width)
    for channel, part in enumerate(TINT):
        picture[..., channel] = np.rint(np.arange(256) * part).astype(np.uint8)[grey]
    picture[..., 3] = np.where(np.isfinite(moved), np.uint8(round(255 * share)), np.uint8(0))
    return picture


def blended(grey: np.ndarray, over: np.ndarray) -> np.ndarray:
    """A fixed slice, uint8 (height, width), under a `veil`: uint8 RGB (height, width, 3)."""
    part = over[..., 3:].astype(np.float32) / 255.0
    mixed: np.ndarray = np.rint(grey[..., None] + part * (over[..., :3] - grey[..., None].astype(np.float32)))
    return mixed.astype(np.uint8)


def _rigid(
    volume: Volume,
    registration: ImageRegistration,
    plane: SlicePlane,
    size_px: tuple[int, int],
    spacing_mm: float,
) -> np.ndarray:
    """Without a deformation the plane lies flat in the moving volume too."""
    moving_from_fixed = registration.fixed_from_moving.inverse().matrix
    turn = moving_from_fixed[:3, :3]
    there = apply_affine(moving_from_fixed, np.array([plane.origin_mm]))[0]
    right, down = turn @ plane.right, turn @ plane.down
    return extract(volume, SlicePlane(tuple(there), tuple(right), tuple(down)), size_px, spacing_mm)


def _index_positions(
    volume: Volume,
    registration: ImageRegistration,
    plane: SlicePlane,
    size_px: tuple[int, int],
    spacing_mm: float,
) -> np.ndarray:
    """Fractional (slice, row, column) in the moving volume of every pixel: float32 (3, height, width)."""
    width, height = size_px
    columns, rows = _coarse(width), _coarse(height)
    pixels = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    flat = np.column_stack([pixels, np.zeros(len(pixels))])
    places = apply_affine(patient_from_pixel(plane, size_px, spacing_mm), flat)
    index = volume.indices_from_patient(registration.moving_from_fixed(places))
    coarse = index.T.reshape(3, len(rows), len(columns)).astype(np.float32)
    return _finer(_finer(coarse, rows, height, axis=1), columns, width, axis=2)


def _coarse(n_pixels: int) -> np.ndarray:
    """Pixel positions at which the map is worked out: every few, from the first to the last or beyond."""
    return np.arange(max(2, -(-(n_pixels - 1) // COARSE_PX) + 1)) * float(COARSE_PX)


def _finer(values: np.ndarray, at: np.ndarray, n_pixels: int, axis: int) -> np.ndarray:
    """Linear interpolation along an axis from positions `at` to every pixel."""
    pixel = np.arange(n_pixels, dtype=np.float32)
    low = np.minimum((pixel // COARSE_PX).astype(np.intp), len(at) - 2)
    shape = [-1 if a == axis else 1 for a in range(values.ndim)]
    part = (pixel / COARSE_PX - low).astype(np.float32).reshape(shape)
    first = np.take(values, low, axis=axis)
    result: np.ndarray = first + part * (np.take(values, low + 1, axis=axis) - first)
    return result


def trilinear(voxels: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Values (rows, columns) at fractional indices (3, rows, columns); NaN beyond half a voxel outside."""
    shape = np.array(voxels.shape, dtype=np.float32).reshape(3, 1, 1)
    is_inside = ((index >= -0.5) & (index <= shape - 0.5)).all(axis=0)
    index = np.clip(index, 0.0, shape - 1.0)
    low = np.minimum(index.astype(np.int64), np.maximum(np.array(voxels.shape).reshape(3, 1, 1) - 2, 0))
    z, y, x = index - low.astype(np.float32)
    strides = np.array([voxels.shape[1] * voxels.shape[2], voxels.shape[2], 1], dtype=np.int64)
    up, down, right = np.where(np.array(voxels.shape) > 1, strides, 0)
    base = (low * strides.reshape(3, 1, 1)).sum(axis=0)
    flat = voxels.reshape(-1)

    def along(offset: int) -> np.ndarray:
        here = flat.take(base + offset, mode="clip").astype(np.float32)
        line: np.ndarray = here + x * (flat.take(base + (offset + right), mode="clip") - here)
        return line

    def across(offset: int) -> np.ndarray:
        here = along(offset)
        face: np.ndarray = here + y * (along(offset + down) - here)
        return face

    here = across(0)
    return np.where(is_inside, here + z * (across(up) - here), np.float32(np.nan)).astype(np.float32)
