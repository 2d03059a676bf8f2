"""Drawn contours as voxels of the volume that they were drawn on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from core.contours import GivenContours, GivenRegion
from core.errors import Finding, PlannerError
from core.progress import Progress, Silent
from core.volume import LabelMap, Volume

_WHAT = "cannot fill the contours"
PLANE_TOLERANCE = 0.1
"""Of the distance between two slices: how far a contour may lean out of its slice, and slices be uneven."""


def labels_of(
    contours: GivenContours, volume: Volume, progress: Progress | None = None
) -> tuple[LabelMap, tuple[Finding, ...]]:
    """The regions as labels 1, 2, ... on a volume's grid, in their order; where two overlap the later one stays.

    Raises PlannerError as `region_mask` does, and for more than 255 regions.
    """
    regions = [region for region in contours.regions if region.polygons]
    if len(regions) > 255:
        raise PlannerError(_WHAT, f"there are {len(regions)} regions", "choose at most 255 of them")
    labels = np.zeros(volume.shape, dtype=np.uint8)
    findings: list[Finding] = []
    n_overlapping = 0
    progress = progress or Silent()
    for value, region in enumerate(regions, start=1):
        progress.report("Filling contours", (value - 1) / len(regions))
        mask, found = region_mask(region, volume)
        n_overlapping += int((labels[mask] > 0).sum())
        labels[mask] = value
        findings.extend(found)
    if n_overlapping:
        why = f"{n_overlapping * volume.voxel_ml:.2f} ml belong to two regions; the later one has them"
        findings.append(Finding("overlapping_regions", "regions overlap", why, "look at each alone"))
    names = _unique([region.name for region in regions])
    label_map = LabelMap(labels, volume.patient_from_index, names, volume.frame_of_reference_uid)
    return label_map, tuple(findings)


def region_mask(region: GivenRegion, volume: Volume) -> tuple[np.ndarray, tuple[Finding, ...]]:
    """Voxels (slices, rows, columns) whose centre lies in a region, and what the user should know.

    Each contour fills the slices nearer to it than to a neighbouring one, by the even-odd rule. Raises
    PlannerError when the region belongs to another patient space, its contours do not lie in the volume's
    slices, or lie unevenly.
    """
    if not region.frame_of_reference_uid or region.frame_of_reference_uid != volume.frame_of_reference_uid:
        raise PlannerError(
            _WHAT, "they were drawn in another patient space than the images",
            "open the images that they were drawn on",
        )  # fmt: skip
    planes = _planes(region, volume)
    places = np.array(sorted(planes))
    step, n_gaps = _step(places)
    mask = np.zeros(volume.shape, dtype=bool)
    for index in range(volume.shape[0]):
        nearest = places[np.argmin(np.abs(places - index))]
        # Halfway between two contours the lower slice is filled by the one and not by both.
        if -step / 2 <= nearest - index < step / 2 or nearest == index:
            mask[index] = even_odd(planes[nearest], volume.shape[1:])
    return mask, _findings(region, volume, n_gaps)


def even_odd(polygons: Sequence[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """Pixels (rows, columns) whose centre lies inside an odd number of polygons.

    Args:
        polygons: corners (n, 2) as (row, column), pixel centres at integers; closed without repetition.
    """
    n_rows, n_columns = shape
    # One column more: a crossing beyond the last centre toggles nothing that is kept.
    toggles = np.zeros((n_rows, n_columns + 1), dtype=np.int32)
    for polygon in polygons:
        start, end = polygon, np.roll(polygon, -1, axis=0)
        low = np.where((start[:, 0] <= end[:, 0])[:, None], start, end)
        high = np.where((start[:, 0] <= end[:, 0])[:, None], end, start)
        # An edge owns the rows in [low, high): a corner on a row counts once.
        first = np.clip(np.ceil(low[:, 0]), 0, n_rows).astype(int)
        count = np.clip(np.ceil(high[:, 0]), 0, n_rows).astype(int) - first
        edge = np.repeat(np.arange(len(polygon)), count)
        row = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count) + first[edge]
        slope = (high[edge, 1] - low[edge, 1]) / (high[edge, 0] - low[edge, 0])
        column = low[edge, 1] + (row - low[edge, 0]) * slope
        np.add.at(toggles, (row, np.clip(np.ceil(column), 0, n_columns).astype(int)), 1)
    return np.cumsum(toggles, axis=1, dtype=np.int32)[:, :-1] & 1 == 1


def _planes(region: GivenRegion, volume: Volume) -> dict[float, list[np.ndarray]]:
    """Polygons (n, 2) as (row, column) by their fractional slice index, equal ones joined."""
    planes: dict[float, list[np.ndarray]] = defaultdict(list)
    for polygon in region.polygons:
        indices = volume.indices_from_patient(polygon)
        # Rounded, so that "halfway between two slices" is the same for all contours.
        place = round(float(indices[:, 0].mean()), 4)
        if np.abs(indices[:, 0] - place).max() > PLANE_TOLERANCE:
            raise PlannerError(
                _WHAT, "they do not lie in the slices of these images", "open the images they were drawn on"
            )
        near = [known for known in planes if abs(known - place) < PLANE_TOLERANCE]
        planes[near[0] if near else place].append(indices[:, 1:])
    if not planes:
        raise PlannerError(_WHAT, f"{region.name} has no closed contour", "choose another region")
    return planes


def _step(places: np.ndarray) -> tuple[float, int]:
    """The distance between contours in slices, and how many times one is left out."""
    if len(places) < 2:
        return 1.0, 0
    steps = np.diff(places)
    step = round(float(steps.min()), 4)
    multiples = steps / step
    if np.abs(multiples - np.round(multiples)).max() > PLANE_TOLERANCE:
        raise PlannerError(_WHAT, "they lie unevenly", "draw them in evenly spaced slices")
    return step, int((np.round(multiples) > 1).sum())


def _findings(region: GivenRegion, volume: Volume, n_gaps: int) -> tuple[Finding, ...]:
    found = []
    if n_gaps:
        why = f"between them {n_gaps} times at least one slice has no contour; nothing is filled there"
        found.append(Finding("contour_gaps", f"{region.name} is drawn in parts", why, "check it by eye"))
    indices = volume.indices_from_patient(np.concatenate(region.polygons))
    if (indices < -0.5).any() or (indices > np.array(volume.shape) - 0.5).any():
        why = "the images end before its contours do"
        found.append(Finding("contours_outside", f"{region.name} is cut off", why, "open the whole series"))
    return tuple(found)


def _unique(names: Sequence[str]) -> dict[int, str]:
    found: dict[int, str] = {}
    for value, name in enumerate(names, start=1):
        found[value] = name if name not in found.values() else f"{name} ({value})"
    return found
