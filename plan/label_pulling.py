"""Pulling a contour: how it gives way around the point that is held, and which voxels that wins and loses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.volume import LabelMap
from plan.label_layers import Layer
from plan.label_shapes import is_inside

_FINEST_STEP_MM = 0.5
_MOST_PAIRS = 4_000_000


def pulled_line(line_mm: np.ndarray, grab_mm: np.ndarray, by_mm: np.ndarray, reach_mm: float) -> np.ndarray:
    """A closed line (k, 3) that follows a pull: wholly at its point nearest to the grab, less with the way along it.

    The share is (1 + cos(pi s / reach)) / 2 at the way s along the line, nothing beyond the reach: smooth at both
    ends, and the opposite wall of a narrow structure stays where it is.
    """
    sides = np.linalg.norm(np.diff(line_mm, axis=0, append=line_mm[:1]), axis=1)
    along = np.concatenate([[0.0], np.cumsum(sides)[:-1]])
    held = int(np.linalg.norm(line_mm - grab_mm, axis=1).argmin())
    away = np.abs(along - along[held])
    away = np.minimum(away, sides.sum() - away)
    share = 0.5 * (1.0 + np.cos(np.pi * np.minimum(away / reach_mm, 1.0)))
    return line_mm + share[:, None] * by_mm


def pull(
    labels: LabelMap,
    layer: Layer,
    lines_mm: Sequence[np.ndarray],
    grab_mm: np.ndarray,
    by_mm: np.ndarray,
    reach_mm: float,
    value: int,
) -> tuple[tuple[np.ndarray, ...], np.ndarray, np.ndarray, np.ndarray]:
    """What pulling the nearest of a structure's outlines in one layer does.

    Args:
        layer: the voxels of the slice.
        lines_mm: the closed outlines (k, 3) of the structure on it, near its plane.
        grab_mm, by_mm: (3,) where the contour was taken and how far it was pulled.
        reach_mm: along the contour; an outline further from the grab than this is not moved.
        value: the structure's label.

    Returns:
        The outlines as they become; flat indices of the voxels whose centres they take in, and of those of the
        structure that they leave out; and for the latter the label that each gets: that of the nearest voxel of
        the slice which is not of the structure, so that a neighbour's wall moves along.
    """
    nothing = np.empty(0, dtype=np.int64)
    grab_mm = layer.places_mm(layer.columns_of(grab_mm))[0]
    evened = [_evened(layer.places_mm(layer.columns_of(line))) for line in lines_mm]
    away = [float(np.linalg.norm(line - grab_mm, axis=1).min()) for line in evened]
    if not evened or min(away) > reach_mm or not np.any(by_mm):
        return tuple(evened), nothing, nothing, nothing.astype(np.uint8)
    held = int(np.argmin(away))
    moved = pulled_line(evened[held], grab_mm, by_mm, reach_mm)
    after = (*evened[:held], moved, *evened[held + 1 :])
    columns = layer.columns_around(np.vstack([evened[held], moved]), 0.0)
    columns = columns[layer.is_in_grid(columns)]
    was = is_inside(columns.astype(np.float64), [layer.columns_of(line) for line in evened])
    now = is_inside(columns.astype(np.float64), [layer.columns_of(line) for line in after])
    # Where both lines agree nothing changes, whatever the labels are: only what was pulled is drawn anew.
    won = layer.voxels(columns[now & ~was])
    left = columns[was & ~now]
    left = left[labels.labels.ravel()[layer.voxels(left)] == value]
    return after, won, layer.voxels(left), _neighbours(labels, layer, left, value)


def _neighbours(labels: LabelMap, layer: Layer, columns: np.ndarray, value: int) -> np.ndarray:
    """For each column (n, 2) the label of the nearest voxel of the layer that has another value; 0 without one."""
    found = np.zeros(len(columns), dtype=np.uint8)
    if not len(columns):
        return found
    places = layer.places_mm(columns)
    reach = 2.0 * float(np.linalg.norm(layer.steps_mm, axis=1).max())
    # Twice as far each time: mostly the wall that was pulled is near.
    for _ in range(8):
        around = layer.columns_around(places, reach)
        around = around[layer.is_in_grid(around)]
        values = labels.labels.ravel()[layer.voxels(around)]
        around, values = around[values != value], values[values != value]
        if len(around):
            beside = layer.places_mm(around)
            n_each = max(1, _MOST_PAIRS // len(around))
            for first in range(0, len(columns), n_each):
                part = places[first : first + n_each]
                squared = ((part[:, None, :] - beside[None, :, :]) ** 2).sum(axis=2)
                found[first : first + n_each] = values[squared.argmin(axis=1)]
            return found
        reach *= 2.0
    return found


def _evened(line_mm: np.ndarray) -> np.ndarray:
    """A closed line with a point at least every half millimetre, without a repeated last point."""
    if len(line_mm) > 1 and np.allclose(line_mm[0], line_mm[-1]):
        line_mm = line_mm[:-1]
    ends = np.roll(line_mm, -1, axis=0)
    n_each = np.maximum(np.ceil(np.linalg.norm(ends - line_mm, axis=1) / _FINEST_STEP_MM), 1).astype(int)
    parts = [
        start + (end - start) * (np.arange(n) / n)[:, None]
        for start, end, n in zip(line_mm, ends, n_each, strict=True)
    ]
    return np.concatenate(parts)
