"""Pictures of the board, turned into what a calibration can use, or refused with what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ar.board.model import Board
from ar.opencv import cv2
from ar.tracking.detection import Detector
from core.errors import PlannerError
from core.progress import Progress

MIN_VIEWS = 6
MIN_POINTS = 12
MIN_TURN_DEG = 15.0


@dataclass(frozen=True, eq=False)
class View:
    """One picture that shows the board.

    Attributes:
        index: its place among all pictures.
        grey: (height, width) uint8.
        points_mm, pixels: (n, 3) printed points of the first body and (n, 2) where they were seen.
    """

    index: int
    grey: np.ndarray
    points_mm: np.ndarray
    pixels: np.ndarray


def board_views(images: Sequence[np.ndarray], board: Board, progress: Progress) -> tuple[View, ...]:
    """The pictures that show enough of the board.

    Args:
        images: uint8 (height, width, 3) rgb, all of one size.

    Raises:
        PlannerError: pictures of several sizes, a body that is not flat, or too few usable pictures.
    """
    sizes = {image.shape[1::-1] for image in images}
    if len(sizes) > 1:
        names = ", ".join(f"{w}x{h}" for w, h in sorted(sizes))
        raise PlannerError(
            "cannot calibrate",
            f"the pictures have different sizes ({names})",
            "use pictures of one camera setting",
        )
    check_flat(board)
    body = board.bodies[0]
    detector, views = Detector(board), []
    for index, image in enumerate(images):
        progress.report("finding the board", index / len(images))
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        seen = detector.detect(grey).get(body.name)
        if seen is not None and len(seen.points_mm) >= MIN_POINTS:
            views.append(View(index, grey, seen.points_mm, seen.pixels))
    progress.report("finding the board", 1.0)
    if len(views) < MIN_VIEWS:
        raise PlannerError(
            "cannot calibrate",
            f"{len(views)} of {len(images)} pictures show enough of the board, {MIN_VIEWS} are needed",
            "take 15 or more sharp pictures, the board filling half of each, from different sides",
        )
    return tuple(views)


def check_flat(board: Board) -> None:
    """Refuse a board whose first body does not lie in its own plane z = 0. Raises PlannerError."""
    body = board.bodies[0]
    if np.abs(body.corners_mm[:, 2]).max() > 1e-6:
        raise PlannerError(
            "cannot calibrate", f"the body {body.name!r} is not flat", "use the sheet of `auricle board`"
        )


def check_variety(matrices: Sequence[np.ndarray]) -> None:
    """Refuse views that were all taken from one direction: they cannot tell focal length from distance.

    Args:
        matrices: `camera_from_body` (4, 4) of each view.

    Raises:
        PlannerError: no two views differ by 15 degrees.
    """
    normals = np.stack([matrix[:3, 2] for matrix in matrices])
    widest = float(np.degrees(np.arccos(np.clip((normals @ normals.T).min(), -1.0, 1.0))))
    if widest < MIN_TURN_DEG:
        raise PlannerError(
            "cannot calibrate",
            f"the board was tilted by {widest:.0f} degrees only between the pictures",
            "tilt the board by 30 to 50 degrees to each side",
        )
