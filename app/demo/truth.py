"""How far a tracking is from the exact truth of the synthetic video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ar.poses import Pose


@dataclass(frozen=True)
class TrackingError:
    """Poses against their truth, over the frames that were tracked.

    Attributes:
        median_mm, p95_mm: of the camera's distance error to the board's centre.
        median_deg: of the rotation error.
        n_tracked, n_visible, n_wrong: frames tracked, frames with the board in view, and frames tracked
            although the board was out of view.
    """

    median_mm: float
    p95_mm: float
    median_deg: float
    n_tracked: int
    n_visible: int
    n_wrong: int


def tracking_errors(poses: Sequence[Pose], truth: Sequence[Pose], centre_mm: np.ndarray) -> TrackingError:
    """Poses of one body against the true ones, frame by frame; `centre_mm` (3,) in the body's frame."""
    from ar.poses import PoseState

    true = {pose.frame: pose.camera_from_body for pose in truth}
    shifts, turns, n_wrong = [], [], 0
    for pose in poses:
        if pose.state is not PoseState.TRACKED or pose.camera_from_body is None:
            continue
        expected = true[pose.frame]
        if expected is None:
            n_wrong += 1
            continue
        apart = pose.camera_from_body.apply(centre_mm[None]) - expected.apply(centre_mm[None])
        shifts.append(float(np.linalg.norm(apart)))
        turn = pose.camera_from_body.matrix[:3, :3].T @ expected.matrix[:3, :3]
        turns.append(float(np.degrees(np.arccos(np.clip((np.trace(turn) - 1.0) / 2.0, -1.0, 1.0)))))
    return TrackingError(
        float(np.median(shifts)) if shifts else float("nan"),
        float(np.percentile(shifts, 95)) if shifts else float("nan"),
        float(np.median(turns)) if turns else float("nan"),
        len(shifts),
        sum(matrix is not None for matrix in true.values()),
        n_wrong,
    )
