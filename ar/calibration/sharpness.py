"""How sharp a picture of the board is: the blur of its printed edges, before any lens is known."""

from __future__ import annotations

import numpy as np

from ar.opencv import cv2
from ar.tracking.detection import Observation
from ar.tracking.edges import EdgePlaces
from ar.tracking.profiles import best_spread_px, sample

OFFSETS_PX = np.arange(-4, 5) * 0.5
MIN_EDGES = 40


def edge_blur_px(grey: np.ndarray, seen: Observation, places: EdgePlaces) -> float | None:
    """The edges' blur, one standard deviation in pixels; None when too few are wide enough to measure.

    The places are found through the plane's homography from the points that were seen, which no lens bends by more
    than a few pixels between two of them.
    """
    flat, _ = cv2.findHomography(seen.points_mm[:, :2].astype(np.float32), seen.pixels.astype(np.float32))
    if flat is None:
        return None
    at = _mapped(flat, places.points_mm[:, :2])
    step = 0.5 * places.clear_mm[:, None]
    towards = _mapped(flat, places.points_mm[:, :2] + step * places.outward[:, :2]) - at
    clear_px = 2.0 * np.linalg.norm(towards, axis=1)
    height, width = grey.shape
    inside = (at > 6.0).all(axis=1) & (at < (width - 7.0, height - 7.0)).all(axis=1)
    use = inside & (clear_px > 2.0 * OFFSETS_PX[-1])
    if use.sum() < MIN_EDGES:
        return None
    normal = towards[use] / np.linalg.norm(towards[use], axis=1, keepdims=True)
    profiles = sample(grey.astype(np.float32), at[use, None, :] + OFFSETS_PX[:, None] * normal[:, None, :])
    return best_spread_px(profiles, OFFSETS_PX)


def _mapped(flat: np.ndarray, points: np.ndarray) -> np.ndarray:
    whole = np.concatenate([points, np.ones((len(points), 1))], axis=1) @ flat.T
    return whole[:, :2] / whole[:, 2:]
