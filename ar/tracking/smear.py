"""Motion blur: a body's way between two frames, times the share of it that the shutter is open, smears its picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ar.board.faces import Face
from ar.tracking.photometric import refine_on_pixels
from ar.tracking.picture_model import Budget
from core.projection import CameraModel

# Slower bodies smear less than the lens blurs; their shutter cannot be told either.
MIN_FLOW_PX, MIN_LENGTH_PX, MOST_LENGTH_PX = 4.0, 1.2, 24.0
SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
# A lens a little softer than supposed looks like this share.
LEAST_SHARE = 0.15
GLANCE = Budget(24_000, 2_500, 400)
# The share is looked for anew after so many smeared frames: cameras change their exposure slowly.
AGAIN_AFTER = 12
# Of a sharp webcam; what is missing of it the dense step finds.
LENS_BLUR_PX = 0.65
STEPS = 64


class Shutter:
    """What share of the time between frames one camera's shutter is open, learned from its smeared pictures."""

    def __init__(self) -> None:
        self.share: float | None = None
        self._n_used = 0

    def blur(
        self,
        grey: np.ndarray,
        faces: Sequence[Face],
        camera: CameraModel,
        rays: tuple[np.ndarray, np.ndarray],
        matrix: np.ndarray,
        flow_px: np.ndarray,
    ) -> tuple[float, np.ndarray] | None:
        """The lens blur (px) and the motion blur kernel of this picture; None when it is not smeared.

        Args:
            grey, faces, camera, rays, matrix: as for `refine_on_pixels`.
            flow_px: (2,) how far the body's picture moved since the last frame.
        """
        if np.linalg.norm(flow_px) < MIN_FLOW_PX:
            return None
        if self.share is None or self._n_used >= AGAIN_AFTER:
            self._n_used = 0
            found = _best_share(grey, faces, camera, rays, matrix, flow_px)
            self.share = self.share if found is None else found
        self._n_used += 1
        kernel = None if self.share is None else motion_kernel(flow_px * self.share)
        return None if kernel is None else (LENS_BLUR_PX, kernel)


def motion_kernel(way_px: np.ndarray) -> np.ndarray | None:
    """The kernel (n, n), of sum 1 and symmetric, of an even way (2,) in pixels; None when too short or too long."""
    length = float(np.linalg.norm(way_px))
    if not MIN_LENGTH_PX <= length <= MOST_LENGTH_PX:
        return None
    half = int(np.ceil(length / 2.0)) + 1
    places = half + ((np.arange(STEPS) + 0.5) / STEPS - 0.5)[:, None] * way_px
    first = np.floor(places).astype(int)
    right, down = (places - first).T
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    for x, y, share in (
        (0, 0, (1 - right) * (1 - down)),
        (1, 0, right * (1 - down)),
        (0, 1, (1 - right) * down),
        (1, 1, right * down),
    ):
        np.add.at(kernel, (first[:, 1] + y, first[:, 0] + x), share)
    return kernel / kernel.sum()


def _best_share(
    grey: np.ndarray,
    faces: Sequence[Face],
    camera: CameraModel,
    rays: tuple[np.ndarray, np.ndarray],
    matrix: np.ndarray,
    flow_px: np.ndarray,
) -> float | None:
    """The share whose smear explains the picture best; None when the print is not seen with any."""
    misfits = []
    for share in SHARES:
        kernel = motion_kernel(flow_px * share)
        dense = refine_on_pixels(grey, faces, camera, rays, matrix, (LENS_BLUR_PX, kernel), GLANCE)
        misfits.append(np.inf if dense is None else dense.misfit)
    best = int(np.argmin(misfits))
    if not np.isfinite(misfits[best]):
        return None
    around = misfits[max(best - 1, 0) : best + 2]
    if len(around) < 3 or not np.isfinite(around).all():
        return SHARES[best]
    bend = around[0] - 2.0 * around[1] + around[2]
    shift = 0.5 * (around[0] - around[2]) / bend if bend > 0 else 0.0
    share = float(SHARES[best] + shift * (SHARES[1] - SHARES[0]))
    return share if share > LEAST_SHARE else 0.0
