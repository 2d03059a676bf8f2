"""Planes of one SeriesInstanceUID parted into the stacks that belong together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from itertools import pairwise

import numpy as np

from imaging.dicom.headers import Plane
from imaging.dicom.kinds import PICTURE_KINDS, PLACED_KINDS
from imaging.slices.order import PLACE_TOLERANCE_MM, SIDE_TOLERANCE_MM, fit_stack, stack_axes
from imaging.slices.phases import places_of, without_duplicates

PARALLEL_TOLERANCE = 2e-4
"""Direction cosines of parallel slices differ by rounding only: 0.05 mm at the edge of an image."""


def group_by_stack(planes: Sequence[Plane]) -> list[list[Plane]]:
    """Planes of one series parted into stacks.

    A stack is of one kind of image, patient space, orientation, shape and pixel spacing; a run of frames
    without places is one of its own. Stacks side by side, and acquisitions that overlap, are told apart.
    """
    groups: dict[tuple[object, ...], list[list[Plane]]] = defaultdict(list)
    for plane in planes:
        stacks = groups[_key(plane)]
        for stack in stacks:
            if _is_parallel(stack[0], plane):
                stack.append(plane)
                break
        else:
            stacks.append([plane])
    return [part for stacks in groups.values() for stack in stacks for part in _parts(stack)]


def _key(plane: Plane) -> tuple[object, ...]:
    if plane.kind not in PICTURE_KINDS:
        return (plane.kind,)
    run = str(plane.path) if plane.n_frames > 1 and not plane.is_enhanced else ""
    if plane.kind not in PLACED_KINDS:
        run = str(plane.path) if plane.n_frames > 1 else ""
        # One row of the list is one run: grey and coloured pictures do not follow each other in one.
        return (plane.kind, plane.shape, plane.samples, plane.photometric == "PALETTE COLOR", run)
    return (
        plane.kind,
        plane.shape,
        plane.samples,
        plane.pixel_spacing_mm,
        plane.image_kind,
        plane.frame_of_reference_uid,
        plane.stack_id,
        run,
    )


def _is_parallel(a: Plane, b: Plane) -> bool:
    if a.orientation is None or b.orientation is None:
        return a.orientation is b.orientation
    return max(abs(p - q) for p, q in zip(a.orientation, b.orientation, strict=True)) < PARALLEL_TOLERANCE


def _parts(stack: list[Plane]) -> list[list[Plane]]:
    if len(stack) < 3 or any(plane.position is None or plane.orientation is None for plane in stack):
        return [stack]
    beside = _by(stack, _column_of(stack)) if _lie_side_by_side(stack) else [stack]
    return [part for one in beside for part in _acquisitions(one)]


def _by(planes: list[Plane], key: Callable[[Plane], Hashable]) -> list[list[Plane]]:
    parts: dict[Hashable, list[Plane]] = defaultdict(list)
    for plane in planes:
        parts[key(plane)].append(plane)
    return list(parts.values())


def _lateral_mm(planes: list[Plane]) -> np.ndarray:
    """Where planes lie (n, 2) across their normal, mm."""
    axes = stack_axes(np.array(planes[0].orientation))
    return np.array([plane.position for plane in planes], dtype=np.float64) @ axes[:, 1:]


def _lie_side_by_side(stack: list[Plane]) -> bool:
    """True when planes of one place along the normal lie beside each other, in straight columns of two or more."""
    shared = (place for place in places_of(stack) if len(place) > 1)
    if not any(np.ptp(_lateral_mm(place), axis=0).max() > SIDE_TOLERANCE_MM for place in shared):
        return False
    return min(len(part) for part in _by(stack, _column_of(stack))) > 1


def _column_of(stack: list[Plane]) -> Callable[[Plane], Hashable]:
    """A plane's column: the first found within rounding of where it lies across the normal."""
    columns: list[np.ndarray] = []
    number: dict[int, int] = {}
    for plane, lateral in zip(stack, _lateral_mm(stack), strict=True):
        near = [i for i, column in enumerate(columns) if np.abs(column - lateral).max() <= SIDE_TOLERANCE_MM]
        if not near:
            columns.append(lateral)
        number[id(plane)] = near[0] if near else len(columns) - 1
    return lambda plane: number[id(plane)]


def _acquisitions(stack: list[Plane]) -> list[list[Plane]]:
    """Acquisitions that overlap without being phases of each other, told apart; else all planes together."""
    unique, _ = without_duplicates(stack)
    parts = _by(unique, lambda plane: plane.acquisition)
    if len({len(place) for place in places_of(unique)}) == 1 and not _overlap_unevenly(parts, unique):
        return [stack]
    is_told_apart = len(parts) > 1 and all(plane.acquisition is not None for plane in unique)
    if not is_told_apart or any(not _is_complete(part) for part in parts):
        return [stack]
    return _by(stack, lambda plane: plane.acquisition)


def _is_complete(part: list[Plane]) -> bool:
    places = places_of(part)
    return len(places) > 1 and len({len(place) for place in places}) == 1


def _overlap_unevenly(parts: list[list[Plane]], together: list[Plane]) -> bool:
    """True for even acquisitions whose ranges overlap and that are uneven together: two scans, not one in turns."""
    normal = stack_axes(np.array(together[0].orientation))[:, 0]
    ranges = sorted(_range_along(part, normal) for part in parts)
    is_overlap = any(later[0] < earlier[1] for earlier, later in pairwise(ranges))
    return is_overlap and not _is_even(together) and all(map(_is_even, parts))


def _range_along(part: list[Plane], normal: np.ndarray) -> tuple[float, float]:
    along = np.array([plane.position for plane in part], dtype=np.float64) @ normal
    return float(along.min()), float(along.max())


def _is_even(planes: list[Plane]) -> bool:
    positions = np.array([place[0].position for place in places_of(planes)], dtype=np.float64)
    fit = fit_stack(positions, np.array(planes[0].orientation))
    return fit.place_error_mm <= PLACE_TOLERANCE_MM
