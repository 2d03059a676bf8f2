"""What a view of the board would tell about the lens, before it is taken.

Source: optimal design of experiments; the views' poses are eliminated as in the bundle (Schur complement).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from ar.board.model import Board
from ar.calibration.bundle import lens_derivative
from ar.calibration.shapes import shape_of
from ar.tracking.geometry import project_with_derivative
from core.frames import rotation_from_vector
from core.projection import CameraModel

TILT_DEG = 38.0
# Of the picture's height or width, whichever the board fills first.
FILLS = (0.5, 0.8)
PLACES = (0.3, 0.5, 0.7)
MIN_SEEN = 0.7
# One sure figure before there is any picture: a focal length within this share, a centre within this share of the
# width. Poses and lens are open otherwise.
FOCAL_GUESS = 0.3
CENTRE_GUESS = 0.05
LENS_GUESS = 0.3
EMPTY_DRAWS = 3.0
# Of the picture's width, between the same points of two views.
APART = 0.08


@dataclass(frozen=True, eq=False)
class WantedView:
    """How the board should be held next.

    Attributes:
        camera_from_body: (4, 4).
        outline_px: (4, 2) where its corner markers' box should appear in the picture.
        words: how to hold it, for the user who sees the camera's picture unmirrored.
        focal_error_percent: expected once it is taken.
    """

    camera_from_body: np.ndarray
    outline_px: np.ndarray
    words: str
    focal_error_percent: float


def guess_camera(width: int, height: int) -> CameraModel:
    """A usual webcam, before anything is known: 60 degrees wide, no distortion."""
    focal = 0.87 * width
    matrix = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1.0]])
    return CameraModel(width, height, matrix, np.zeros(4))


def view_information(
    camera: CameraModel, matrix: np.ndarray, points_mm: np.ndarray, noise_px: float
) -> np.ndarray:
    """What one view tells about fx, fy, cx, cy and the coefficients (4 + k, 4 + k), its pose being unknown.

    Args:
        matrix: `camera_from_body` (4, 4).
        points_mm: (n, 3) printed points; those outside the picture do not count.
        noise_px: of one point, per axis.
    """
    n_lens = 4 + len(camera.distortion)
    pixels, by_pose = project_with_derivative(camera, matrix, points_mm)
    inside = (pixels > 2.0).all(axis=1) & (pixels < (camera.width - 3.0, camera.height - 3.0)).all(axis=1)
    if inside.sum() < 6:
        return np.zeros((n_lens, n_lens))
    by_lens = lens_derivative(camera, matrix, points_mm)[inside].reshape(-1, n_lens)
    own = by_pose[inside].reshape(-1, 6)
    inner = own.T @ own
    if np.linalg.cond(inner) > 1e15:
        return np.zeros((n_lens, n_lens))
    coupling = own.T @ by_lens
    return (by_lens.T @ by_lens - coupling.T @ np.linalg.solve(inner, coupling)) / noise_px**2


def prior_information(camera: CameraModel) -> np.ndarray:
    """What is known of any webcam before the first picture."""
    k = camera.camera_matrix
    sigma = [FOCAL_GUESS * k[0, 0], FOCAL_GUESS * k[1, 1], *[CENTRE_GUESS * camera.width] * 2]
    loose = np.minimum(shape_of(camera).loose[: len(camera.distortion)], LENS_GUESS)
    return np.diag(1.0 / np.concatenate([sigma, loose]) ** 2)


def focal_error_percent(camera: CameraModel, information: np.ndarray) -> float:
    """Expected error of the focal length, the larger of both directions, in per cent."""
    sigma = np.sqrt(np.diag(np.linalg.inv(information))[:2])
    return 100.0 * float((sigma / np.diag(camera.camera_matrix)[:2]).max())


def wanted_view(
    camera: CameraModel,
    board: Board,
    points_mm: np.ndarray,
    information: np.ndarray,
    noise_px: float,
    taken: np.ndarray,
    before_px: Sequence[np.ndarray] = (),
) -> WantedView:
    """Of many ways to hold the board the one after which the focal length is known best.

    `taken` counts the points seen so far in each part (rows, columns) of the picture; empty parts draw the board,
    because the lens is not known where nothing was seen. `before_px` are the points (n, 2) as earlier views showed
    them: what is near one of these is not asked for again.
    """
    best: WantedView | None = None
    least = np.inf
    for matrix, words in _ways(camera, board):
        pixels, _ = project_with_derivative(camera, matrix, points_mm)
        inside = (pixels > 2.0).all(axis=1) & (pixels < (camera.width - 3.0, camera.height - 3.0)).all(axis=1)
        if inside.mean() < MIN_SEEN or any(_is_near(camera, pixels, other) for other in before_px):
            continue
        told = information + view_information(camera, matrix, points_mm, noise_px)
        # Both directions count: one tilt tells one of them, and the other would hide it.
        spread = np.linalg.det(np.linalg.inv(told)[:2, :2]) ** 0.25
        score = spread * max(1.0 - EMPTY_DRAWS * _new_share(camera, pixels[inside], taken), 0.1)
        if score < least:
            least = score
            best = WantedView(
                matrix, _outline_px(camera, board, matrix), words, focal_error_percent(camera, told)
            )
    if best is None:
        raise ValueError("no way to hold the board brings it into the picture")
    return best


def _new_share(camera: CameraModel, pixels: np.ndarray, taken: np.ndarray) -> float:
    """The share (0-1) of all parts of the picture that these pixels would reach first."""
    rows, columns = taken.shape
    cells = (pixels / (camera.width, camera.height) * (columns, rows)).astype(int)
    reached = np.zeros_like(taken, dtype=bool)
    reached[cells[:, 1], cells[:, 0]] = True
    return float((reached & (taken == 0)).mean())


def _is_near(camera: CameraModel, pixels: np.ndarray, other: np.ndarray) -> bool:
    return float(np.median(np.linalg.norm(pixels - other, axis=1))) < APART * camera.width


def _ways(camera: CameraModel, board: Board) -> list[tuple[np.ndarray, str]]:
    body = board.bodies[0]
    size = np.ptp(body.corners_mm[:, :2], axis=0)
    k = camera.camera_matrix
    found = []
    for (tilt, tilt_words), is_turned, fill, x, y in product(_tilts(), (False, True), FILLS, PLACES, PLACES):
        across, down = size[::-1] if is_turned else size
        span = min(fill * camera.width / across, fill * camera.height / down)
        distance = k[0, 0] / span
        ray = np.array([(x * camera.width - k[0, 2]) / k[0, 0], (y * camera.height - k[1, 2]) / k[1, 1], 1.0])
        matrix = np.eye(4)
        matrix[:3, :3] = rotation_from_vector(tilt)
        if is_turned:
            matrix[:3, :3] = matrix[:3, :3] @ rotation_from_vector(np.array([0.0, 0.0, np.pi / 2]))
        matrix[:3, 3] = ray * distance - matrix[:3, :3] @ body.centre_mm
        found.append(
            (matrix, f"{tilt_words}, {_place_words(x, y)}, {'near' if fill > 0.6 else 'farther away'}")
        )
    return found


def _tilts() -> list[tuple[np.ndarray, str]]:
    """Turns of the board in the camera's frame (x right, y down, z away), and what they are called."""
    a = np.radians(TILT_DEG)
    return [
        (np.array([a, 0.0, 0.0]), "lower edge away from the camera"),
        (np.array([-a, 0.0, 0.0]), "upper edge away from the camera"),
        (np.array([0.0, a, 0.0]), "left edge away from the camera"),
        (np.array([0.0, -a, 0.0]), "right edge away from the camera"),
        (np.zeros(3), "flat towards the camera"),
    ]


def _place_words(x: float, y: float) -> str:
    across = "left" if x < 0.4 else "right" if x > 0.6 else ""
    down = "upper" if y < 0.4 else "lower" if y > 0.6 else ""
    if not across and not down:
        return "in the middle of the picture"
    return f"in the {' '.join(filter(None, (down, across or 'part')))} of the picture"


def _outline_px(camera: CameraModel, board: Board, matrix: np.ndarray) -> np.ndarray:
    corners = board.bodies[0].corners_mm
    low, high = corners.min(axis=0), corners.max(axis=0)
    box = np.array([[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]]])
    points = np.concatenate([box, np.zeros((4, 1))], axis=1)
    return camera.project(points @ matrix[:3, :3].T + matrix[:3, 3])
