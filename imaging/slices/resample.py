"""Slices put on their even grid one after the other: shifted within their planes, interpolated between them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from core.errors import PlannerError
from imaging.slices.even_grid import EvenGrid

AIR_HU = -1024
MOST_BYTES = 1_700_000_000
WHOLE_PX = 0.02
"""A shift this near to whole pixels moves pixels unblurred."""
WHOLE_PLANE = 1e-6

Bounds = tuple[slice, slice]


class VoxelStore:
    """An array that grows from int16 to float32 when a slice needs it, never beyond the memory allowed."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.shape = shape
        self.voxels = np.empty((0, 0, 0), dtype=np.int16)

    def put(self, index: int, bounds: Bounds, values: np.ndarray) -> None:
        """Write values (rows, columns) to a part of slice `index`. Raises PlannerError when it is too large."""
        dtype = np.result_type(self.voxels.dtype, values.dtype) if self.voxels.size else values.dtype
        if not self.voxels.size:
            self.voxels = np.zeros(self.shape, _affordable(self.shape, dtype))
        elif dtype != self.voxels.dtype:
            self.voxels = self.voxels.astype(_affordable(self.shape, dtype))
        self.voxels[index][bounds] = values


def stack_slices(slices: Iterable[np.ndarray], grid: EvenGrid) -> np.ndarray:
    """Slices that lie evenly and upright as one array (slices, rows, columns), each copied once.

    Args:
        slices: pixels (rows, columns) in the order of `grid.order`.
    """
    store = VoxelStore(grid.shape)
    for index, values in enumerate(slices):
        store.put(index, (slice(None), slice(None)), values)
    return store.voxels


def resample_slices(slices: Iterable[np.ndarray], grid: EvenGrid, is_hu: bool) -> np.ndarray:
    """Slices put where the grid has them; linear between pixels and between slices.

    What no slice shows is air for a CT, else the lowest value of the images. Whole numbers stay whole.

    Args:
        slices: pixels (rows, columns) in the order of `grid.order`.
        is_hu: whether the values are Hounsfield units.
    """
    store = VoxelStore(grid.shape)
    shown: list[Bounds] = [(slice(0, 0), slice(0, 0))] * grid.shape[0]
    before: tuple[float, np.ndarray, Bounds] | None = None
    lowest = np.inf
    for at, shift, values in zip(grid.along, grid.shift_px, slices, strict=True):
        lowest = min(lowest, float(values.min()))
        placed, bounds = shifted(values, shift)
        now = (float(at), placed, bounds)
        for index, between, where in _planes_from(before, now):
            store.put(index, where, between)
            shown[index] = where
        before = now
    _fill_around(store.voxels, shown, AIR_HU if is_hu else lowest)
    return store.voxels


def shifted(values: np.ndarray, shift_px: np.ndarray) -> tuple[np.ndarray, Bounds]:
    """Values (rows, columns) moved by a shift (row, column) in pixels >= 0, and where they come to lie.

    Only pixels between known ones are made: a shift by a fraction costs one row or column.
    """
    bounds = []
    for axis in (0, 1):
        whole = int(np.floor(shift_px[axis] + WHOLE_PX))
        fraction = float(shift_px[axis]) - whole
        if abs(fraction) <= WHOLE_PX or values.shape[axis] == 1:
            bounds.append(slice(whole, whole + values.shape[axis]))
            continue
        ahead, behind = (values[1:], values[:-1]) if axis == 0 else (values[:, 1:], values[:, :-1])
        # Pixel k of the grid lies between pixels k - whole - 1 and k - whole of the slice.
        values = _blend(ahead, behind, fraction)
        bounds.append(slice(whole + 1, whole + 1 + values.shape[axis]))
    return values, (bounds[0], bounds[1])


def _planes_from(
    before: tuple[float, np.ndarray, Bounds] | None, now: tuple[float, np.ndarray, Bounds]
) -> Iterable[tuple[int, np.ndarray, Bounds]]:
    """Planes of the grid after the slice before up to this slice: index, values, where."""
    at, values, bounds = now
    if before is not None:
        begin, earlier, there = before
        common = (_overlap(there[0], bounds[0]), _overlap(there[1], bounds[1]))
        first, last = int(np.floor(begin + WHOLE_PLANE)) + 1, int(np.ceil(at - WHOLE_PLANE))
        for index in range(first, last):
            weight = (index - begin) / (at - begin)
            yield index, _blend(_part(earlier, there, common), _part(values, bounds, common), weight), common
    if abs(at - round(at)) <= WHOLE_PLANE:
        yield round(at), values, bounds


def _blend(a: np.ndarray, b: np.ndarray, weight: float) -> np.ndarray:
    """(1 - weight) a + weight b in the type of both; whole numbers are rounded."""
    mixed = a.astype(np.float32) * np.float32(1.0 - weight) + b.astype(np.float32) * np.float32(weight)
    dtype = np.result_type(a.dtype, b.dtype)
    return np.rint(mixed).astype(dtype) if dtype.kind in "iu" else mixed


def _overlap(a: slice, b: slice) -> slice:
    start = max(a.start, b.start)
    return slice(start, max(min(a.stop, b.stop), start))


def _part(values: np.ndarray, bounds: Bounds, common: Bounds) -> np.ndarray:
    rows, columns = (
        slice(inner.start - outer.start, inner.stop - outer.start)
        for outer, inner in zip(bounds, common, strict=True)
    )
    return values[rows, columns]


def _fill_around(voxels: np.ndarray, shown: list[Bounds], value: float) -> None:
    for plane, (rows, columns) in zip(voxels, shown, strict=True):
        plane[: rows.start] = value
        plane[rows.stop :] = value
        plane[rows, : columns.start] = value
        plane[rows, columns.stop :] = value


def _affordable(shape: tuple[int, int, int], dtype: np.dtype) -> np.dtype:
    n_bytes = float(np.prod([float(v) for v in shape])) * dtype.itemsize
    if n_bytes > MOST_BYTES:
        raise PlannerError(
            "cannot load the series as a volume",
            f"it would take {n_bytes / 1e9:.1f} GB of memory",
            "export it with fewer slices or smaller images",
        )
    return dtype
