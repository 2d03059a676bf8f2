"""Which of two ways to find a landmark is believed: the network's heat map, the shape of the labels, or both."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from recon.networks.landmarks import FoundLandmark
from recon.shape_landmarks import ShapeLandmark

NETWORK, SHAPE, BOTH = "network", "shape", "both"

MEASURED_MM: Mapping[str, Mapping[str, float]] = {
    "mitral_valve": {NETWORK: 4.4, SHAPE: 4.5, BOTH: 4.3},
    "aortic_valve": {NETWORK: 5.0, SHAPE: 3.9, BOTH: 4.3},
    "tricuspid_valve": {NETWORK: 5.2, SHAPE: 7.5, BOTH: 5.8},
    "pulmonary_valve": {NETWORK: 6.2, SHAPE: 5.8, BOTH: 6.0},
    "lv_apex": {NETWORK: 7.8, SHAPE: 6.2, BOTH: 6.6},
    "anterior_rv_insertion": {NETWORK: 7.3, SHAPE: 8.6, BOTH: 7.0},
    "inferior_rv_insertion": {NETWORK: 7.5, SHAPE: 6.7, BOTH: 6.2},
}
"""Root mean square distance from the truth; see `benchmarks.landmarks`, which prints this table for new weights."""

MEASURED_DEG: Mapping[str, Mapping[str, float]] = {
    "mitral_valve": {NETWORK: 14.0, SHAPE: 19.9, BOTH: 13.6},
    "aortic_valve": {NETWORK: 17.9, SHAPE: 11.0, BOTH: 13.0},
    "tricuspid_valve": {NETWORK: 12.3, SHAPE: 9.0, BOTH: 9.3},
    "pulmonary_valve": {NETWORK: 15.5, SHAPE: 11.3, BOTH: 12.2},
}
"""Root mean square angle between a valve's direction and the truth."""

SURE_MM = 8.0
"""A heat map wider than this is heard only where the shape says the same."""


def chosen_landmarks(
    seen: Mapping[str, FoundLandmark], shaped: Mapping[str, ShapeLandmark]
) -> dict[str, FoundLandmark]:
    """One landmark per key, from the source that was nearest to the truth on other patients.

    Args:
        seen: by the network, with the spread of its heat; shaped: by the surfaces. Either may lack a landmark.

    Returns:
        With `source`, and as `sd_mm` what was measured of that source, or half of what the two are apart where that
        is more; of landmarks that the network alone knows its own spread.
    """
    keys = [*seen, *(key for key in shaped if key not in seen)]
    return {key: _chosen(key, seen.get(key), shaped.get(key)) for key in keys}


def measured_place(seen_mm: np.ndarray, shaped_mm: np.ndarray) -> dict[str, np.ndarray]:
    """What each source, and both together, say."""
    return {NETWORK: seen_mm, SHAPE: shaped_mm, BOTH: 0.5 * (seen_mm + shaped_mm)}


def measured_direction(seen: np.ndarray, shaped: np.ndarray) -> dict[str, np.ndarray]:
    """The same of unit vectors."""
    both = seen + shaped
    return {NETWORK: seen, SHAPE: shaped, BOTH: both / max(float(np.linalg.norm(both)), 1e-9)}


def _chosen(key: str, seen: FoundLandmark | None, shaped: ShapeLandmark | None) -> FoundLandmark:
    if shaped is None:
        assert seen is not None
        return seen
    of_shape = FoundLandmark(shaped.position_mm, MEASURED_MM[key][SHAPE], shaped.direction, SHAPE)
    if seen is None:
        return of_shape
    apart_mm = float(np.linalg.norm(seen.position_mm - shaped.position_mm))
    if min(seen.sd_mm, apart_mm) > SURE_MM:
        return of_shape
    source = _nearest(MEASURED_MM[key])
    place = measured_place(seen.position_mm, shaped.position_mm)[source]
    sd_mm = max(MEASURED_MM[key][source], 0.5 * apart_mm)
    return FoundLandmark(place, sd_mm, _direction(key, seen.direction, shaped.direction), source)


def _direction(key: str, seen: np.ndarray | None, shaped: np.ndarray | None) -> np.ndarray | None:
    if seen is None or shaped is None or float(seen @ shaped) <= 0.0:
        return shaped if shaped is not None else seen
    return measured_direction(seen, shaped)[_nearest(MEASURED_DEG[key])]


def _nearest(measured: Mapping[str, float]) -> str:
    return min(measured, key=lambda source: measured[source])
