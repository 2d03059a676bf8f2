"""Which of two ways to find a landmark is believed: the network's heat map, the shape of the labels, or both."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from recon.networks.landmarks import FoundLandmark
from recon.shape_landmarks import ShapeLandmark

NETWORK, SHAPE, BOTH = "network", "shape", "both"

MEASURED_MM: Mapping[str, Mapping[str, float]] = {
    "mitral_valve": {NETWORK: 3.7, SHAPE: 3.9, BOTH: 3.6},
    "aortic_valve": {NETWORK: 4.0, SHAPE: 3.8, BOTH: 3.7},
    "tricuspid_valve": {NETWORK: 4.7, SHAPE: 6.8, BOTH: 5.2},
    "pulmonary_valve": {NETWORK: 4.8, SHAPE: 4.4, BOTH: 4.5},
    "lv_apex": {NETWORK: 7.6, SHAPE: 6.0, BOTH: 6.3},
    "anterior_rv_insertion": {NETWORK: 8.5, SHAPE: 7.5, BOTH: 7.0},
    "inferior_rv_insertion": {NETWORK: 7.0, SHAPE: 6.8, BOTH: 6.0},
}
"""Root mean square distance from the truth over 40 synthetic patients, `benchmarks.landmarks` prints them."""

MEASURED_DEG: Mapping[str, Mapping[str, float]] = {
    "mitral_valve": {NETWORK: 14.6, SHAPE: 17.4, BOTH: 12.1},
    "aortic_valve": {NETWORK: 17.2, SHAPE: 12.6, BOTH: 13.1},
    "tricuspid_valve": {NETWORK: 13.7, SHAPE: 12.0, BOTH: 11.2},
    "pulmonary_valve": {NETWORK: 16.5, SHAPE: 10.5, BOTH: 12.0},
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
