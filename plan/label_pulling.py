"""Pulling a contour: how it gives way around the point that is held, and which voxels that wins and loses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.volume import LabelMap
from plan.label_layers import Layer
from plan.label_shapes import is_inside

_FINEST_STEP_MM = 0.5
_MOST_PAIRS = 4_000_000


def evened(line_mm: np.ndarray, layer: Layer) -> np.ndarray:
    """A closed line (k, 3) in a layer's plane, a point at least every half millimetre, none repeated at its end."""
    line_mm = layer.places_mm(layer.columns_of(line_mm))
    if len(line_mm) > 1 and np.allclose(line_mm[0], line_mm[-1]):
        line_mm = line_mm[:-1]
    ends = np.roll(line_mm, -1, axis=0)
    n_each = np.maximum(np.ceil(np.linalg.norm(ends - line_mm, axis=1) / _FINEST_STEP_MM), 1).astype(int)
    start = np.repeat(np.arange(len(line_mm)), n_each)
    share = (np.arange(len(start)) - np.repeat(np.cumsum(n_each) - n_each, n_each)) / n_each[start]
    return line_mm[start] + share[:, None] * (ends - line_mm)[start]


def pulled_line(
    line_mm: np.ndarray, grab_mm: np.ndarray, by_mm: np.ndarray, reach_mm: float
) -> tuple[np.ndarray, np.ndarray]:
    """A closed line (k, 3) that follows a pull: wholly at its point nearest to the grab, less with the way along it.

    The share is (1 + cos(pi s / reach)) / 2 at the way s along the line, nothing beyond the reach: smooth at both
    ends, and the opposite wall of a narrow structure stays where it is.

    Returns:
        The line (k, 3), and the closed ring (r, 3) between it and the line before: only what was moved.
    """
    sides = np.linalg.norm(np.diff(line_mm, axis=0, append=line_mm[:1]), axis=1)
    along = np.concatenate([[0.0], np.cumsum(sides)[:-1]])
    held = int(np.linalg.norm(line_mm - grab_mm, axis=1).argmin())
    away = np.abs(along - along[held])
    away = np.minimum(away, sides.sum() - away)
    share = 0.5 * (1.0 + np.cos(np.pi * np.minimum(away / reach_mm, 1.0)))
    moved = line_mm + share[:, None] * by_mm
    # From the point opposite of the grab on, so that what was moved is one run of points.
    turned = np.roll(np.arange(len(line_mm)), len(line_mm) // 2 - held)
    run = turned[share[turned] > 0.0]
    return moved, np.concatenate([line_mm[run], moved[run[::-1]]])


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
        lines_mm: the outlines of the structure on it, each as `evened` gives it.
        grab_mm, by_mm: (3,) where the contour was taken and how far it was pulled.
        reach_mm: along the contour; an outline further from the grab than this is not moved.
        value: the structure's label.

    Returns:
        The outlines as they become; flat indices of the voxels whose centres the line passed over that were not
        of the structure, which it wins, and of those that were, which it loses; and for the latter the label that
        each gets: that of the nearest voxel of the slice which is not of the structure, so that a neighbour's
        wall moves along.
    """
    nothing = np.empty(0, dtype=np.int64)
    grab_mm = layer.places_mm(layer.columns_of(grab_mm))[0]
    away = [float(np.linalg.norm(line - grab_mm, axis=1).min()) for line in lines_mm]
    if not away or min(away) > reach_mm or not np.any(by_mm):
        return tuple(lines_mm), nothing, nothing, nothing.astype(np.uint8)
    held = int(np.argmin(away))
    moved, ring = pulled_line(lines_mm[held], grab_mm, by_mm, reach_mm)
    columns = layer.columns_around(ring, 0.0)
    columns = columns[layer.is_in_grid(columns)]
    # Only what the line passed over is drawn anew: elsewhere labels stay, whatever line they are shown by.
    columns = columns[is_inside(columns.astype(np.float64), [layer.columns_of(ring)])]
    is_own = labels.labels.ravel()[layer.voxels(columns)] == value
    was_around = is_inside(columns.astype(np.float64), [layer.columns_of(lines_mm[held])])
    others = [layer.columns_of(line) for n, line in enumerate(lines_mm) if n != held]
    # The rim of a hole has the structure outside of it.
    is_hole = bool(others) and bool(is_inside(layer.columns_of(lines_mm[held][:1]), others)[0])
    is_gained = was_around if is_hole else ~was_around
    won, left = layer.voxels(columns[is_gained & ~is_own]), columns[~is_gained & is_own]
    after = (*lines_mm[:held], moved, *lines_mm[held + 1 :])
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
