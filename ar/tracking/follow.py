"""From one frame to the next: the printed corners carried along by optical flow, which costs less than a search.

Source: Lucas and Kanade 1981 in pyramids, Bouguet 2001. The corners start from the pose of the last frame, not from
where the flow left them, so nothing drifts.
"""

from __future__ import annotations

import numpy as np

from ar.opencv import cv2
from ar.tracking.detection import Observation
from ar.tracking.geometry import project_with_derivative
from ar.tracking.solve import refine_points
from core.projection import CameraModel

MAX_POINTS = 48
WINDOW_PX = 17
PAD_PX = 48
# The farthest that one printed corner may lie from where the others say, after flow.
OUTLIER_PX = 2.0
MAX_RMS_PX = 1.5


def follow(
    before: np.ndarray,
    now: np.ndarray,
    last: np.ndarray,
    guess: np.ndarray,
    points_mm: np.ndarray,
    camera: CameraModel,
) -> tuple[np.ndarray, np.ndarray] | None:
    """The pose (4, 4) in this frame and the mean flow (2,) in px; None when the corners do not move as one body.

    Args:
        before, now: grey pictures, uint8 (height, width).
        last, guess: `camera_from_body` (4, 4) in the picture before, and where it is expected now.
        points_mm: (n, 3) corners that are in view.
    """
    points_mm = points_mm[:: len(points_mm) // MAX_POINTS + 1] if len(points_mm) > MAX_POINTS else points_mm
    start, _ = project_with_derivative(camera, last, points_mm)
    expected, _ = project_with_derivative(camera, guess, points_mm)
    size = np.array([camera.width, camera.height])
    inside = ((start > 2) & (start < size - 3) & (expected > 2) & (expected < size - 3)).all(axis=1)
    if inside.sum() < 4:
        return None
    points_mm, start, expected = points_mm[inside], start[inside], expected[inside]
    found, ok = _flow(before, now, start, expected)
    if ok.sum() < 4:
        return None
    pose = _agreeing(guess, points_mm[ok], found[ok], camera)
    if pose is None:
        return None
    moved, _ = project_with_derivative(camera, pose, points_mm)
    return pose, (moved - start).mean(axis=0)


def _flow(
    before: np.ndarray, now: np.ndarray, start: np.ndarray, expected: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    both = np.concatenate([start, expected])
    size = np.array(before.shape[::-1])
    low = np.clip(np.floor(both.min(axis=0)) - PAD_PX, 0, size).astype(int)
    high = np.clip(np.ceil(both.max(axis=0)) + PAD_PX, 0, size).astype(int)
    rows, columns = slice(low[1], high[1]), slice(low[0], high[0])
    found, status, _ = cv2.calcOpticalFlowPyrLK(
        np.ascontiguousarray(before[rows, columns]),
        np.ascontiguousarray(now[rows, columns]),
        np.ascontiguousarray(start - low, dtype=np.float32).reshape(-1, 1, 2),
        np.ascontiguousarray(expected - low, dtype=np.float32).reshape(-1, 1, 2),
        winSize=(WINDOW_PX, WINDOW_PX),
        maxLevel=2,
        criteria=(cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 15, 0.02),
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    return found.reshape(-1, 2).astype(np.float64) + low, np.ravel(status) == 1


def _agreeing(
    guess: np.ndarray, points_mm: np.ndarray, pixels: np.ndarray, camera: CameraModel
) -> np.ndarray | None:
    """The pose of the corners that agree with most, by shrinking the tolerance twice."""
    matrix = guess
    groups = np.zeros(len(points_mm), dtype=int)
    keep = np.ones(len(points_mm), dtype=bool)
    for _ in range(3):
        refined = refine_points(matrix, Observation(points_mm[keep], pixels[keep], groups[keep], ()), camera)
        if refined is None:
            return None
        matrix, rms_px = refined
        where, _ = project_with_derivative(camera, matrix, points_mm)
        errors = np.linalg.norm(where - pixels, axis=1)
        limit = max(OUTLIER_PX, 2.5 * float(np.median(errors)))
        closer = errors < limit
        if closer.sum() < 4:
            return None
        if (closer == keep).all():
            break
        keep = closer
    return matrix if rms_px < MAX_RMS_PX else None
