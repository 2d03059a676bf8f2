"""Camera pictures of a board with exactly known truth: what tests and the demo track."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from ar.board import Board, MarkerBody, draw_board, sheet_bounds_mm
from ar.opencv import cv2
from ar.poses import Pose, PoseState, write_poses_csv
from ar.video import VideoWriter
from core.frames import CAMERA, Transform
from core.projection import CameraModel

PX_PER_MM = 10.0


@dataclass(frozen=True)
class Look:
    """How a synthetic picture is lit and taken.

    Attributes:
        black, white, table: grey levels of ink, paper and what lies behind.
        blur_px: standard deviation of the lens blur.
        noise: standard deviation of the sensor noise, grey levels.
        oversampling: rays along each axis of a pixel, averaged as a sensor does.
    """

    black: float = 35.0
    white: float = 215.0
    table: float = 110.0
    blur_px: float = 0.7
    noise: float = 5.0
    oversampling: int = 4


def render_board_frame(
    board: Board,
    camera: CameraModel,
    camera_from_body: Transform | None,
    seed: int,
    look: Look = Look(),
    body: MarkerBody | None = None,
) -> np.ndarray:
    """One picture, uint8 (height, width, 3) rgb, of a flat body; None as pose shows the table alone."""
    random = np.random.default_rng(seed)
    grey = np.full((camera.height, camera.width), look.table)
    if camera_from_body is not None:
        _paint_board(grey, board, body or board.bodies[0], camera, camera_from_body.matrix, look)
    grey = cv2.GaussianBlur(grey, (0, 0), look.blur_px) if look.blur_px > 0 else grey
    tint = np.array([1.0, 0.99, 0.96])
    rgb = grey[..., None] * tint + random.normal(0.0, look.noise, (*grey.shape, 3))
    return np.clip(np.round(rgb), 0, 255).astype(np.uint8)


def make_video(
    path: Path,
    board: Board,
    camera: CameraModel,
    poses: Sequence[Transform | None],
    frames_per_s: float = 30.0,
    look: Look = Look(),
) -> tuple[Pose, ...]:
    """Write a video of the first body at these poses (None: out of view), and ``<name>.truth.csv`` beside it.

    Returns the truth as poses. Raises PlannerError when the video cannot be written.
    """
    path = Path(path)
    name = board.bodies[0].name
    truth = []
    with VideoWriter(path, frames_per_s, (camera.width, camera.height)) as video:
        for index, pose in enumerate(poses):
            video.write(render_board_frame(board, camera, pose, index, look))
            truth.append(_true_pose(index, index / frames_per_s, name, pose))
    write_poses_csv(path.with_suffix(".truth.csv"), truth)
    return tuple(truth)


def look_at_board(
    board: Board, distance_mm: float, tilt_deg: float, turn_deg: float, roll_deg: float = 0.0
) -> Transform:
    """`camera_from_body` of a camera that looks at the middle of the first body.

    Args:
        distance_mm: from the camera to that middle.
        tilt_deg: angle between the line of sight and the sheet's normal.
        turn_deg: direction of the tilt around the sheet's normal.
        roll_deg: turn about the line of sight.
    """
    body = board.bodies[0]
    turn, tilt, roll = (_about(axis, angle) for axis, angle in ((2, turn_deg), (0, tilt_deg), (2, roll_deg)))
    matrix = np.eye(4)
    matrix[:3, :3] = roll @ tilt @ turn
    matrix[:3, 3] = np.array([0.0, 0.0, distance_mm]) - matrix[:3, :3] @ body.centre_mm
    return Transform(CAMERA, body.name, matrix)


def _about(axis: int, angle_deg: float) -> np.ndarray:
    vector = np.zeros(3)
    vector[axis] = np.radians(angle_deg)
    return cv2.Rodrigues(vector)[0]


def _true_pose(index: int, time_s: float, name: str, pose: Transform | None) -> Pose:
    if pose is None:
        return Pose(index, time_s, name, PoseState.LOST, reason="out of view")
    return Pose(index, time_s, name, PoseState.TRACKED, pose, reprojection_px=0.0, sigma_mm=0.0)


def _paint_board(
    grey: np.ndarray, board: Board, body: MarkerBody, camera: CameraModel, matrix: np.ndarray, look: Look
) -> None:
    """Average the printed sheet over every pixel's area, by rays through the lens onto the sheet's plane."""
    print_ = _printed(board, body)
    low, high = sheet_bounds_mm(board, body)
    window = _window(low, high, camera, matrix)
    if window is None:
        return
    rows, columns = window
    n = look.oversampling
    rays = _rays(camera.width, camera.height, camera.camera_matrix.tobytes(), camera.distortion.tobytes())
    size = ((columns.stop - columns.start) * n, (rows.stop - rows.start) * n)
    x, y = (_between_pixels(rays[..., axis], rows, columns, size, n) for axis in (0, 1))
    sheet = np.linalg.inv(matrix[:3, [0, 1, 3]])
    depth = sheet[2, 0] * x + sheet[2, 1] * y + sheet[2, 2]
    along = [(sheet[i, 0] * x + sheet[i, 1] * y + sheet[i, 2]) / depth for i in (0, 1)]
    column = ((along[0] - low[0]) * PX_PER_MM - 0.5).astype(np.float32)
    row = ((along[1] - low[1]) * PX_PER_MM - 0.5).astype(np.float32)
    ink = cv2.remap(print_, column, row, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=128)
    levels = np.full(256, look.table, dtype=np.float32)
    levels[[0, 255]] = look.black, look.white
    fine = levels[ink]
    grey[rows, columns] = fine.reshape(size[1] // n, n, size[0] // n, n).mean(axis=(1, 3))


def _window(
    low: np.ndarray, high: np.ndarray, camera: CameraModel, matrix: np.ndarray
) -> tuple[slice, slice] | None:
    """Rows and columns that the sheet may cover; None when it is out of the picture."""
    t = np.linspace(0.0, 1.0, 9)
    x, y = np.meshgrid(low[0] + t * (high[0] - low[0]), low[1] + t * (high[1] - low[1]))
    points = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1) @ matrix[:3, :3].T + matrix[:3, 3]
    if (points[:, 2] < 1.0).any():
        return None
    pixels = camera.project(points)
    first = np.maximum(np.floor(pixels.min(axis=0)).astype(int) - 4, 0)
    last = np.minimum(np.ceil(pixels.max(axis=0)).astype(int) + 5, (camera.width, camera.height))
    if (last <= first).any():
        return None
    return slice(first[1], last[1]), slice(first[0], last[0])


@lru_cache(maxsize=4)
def _rays(width: int, height: int, matrix: bytes, distortion: bytes) -> np.ndarray:
    """Direction (x, y) at z = 1 of every pixel corner, (height + 1, width + 1, 2) float64."""
    k, d = np.frombuffer(matrix).reshape(3, 3), np.frombuffer(distortion)
    y, x = np.mgrid[0 : height + 1, 0 : width + 1] - 0.5
    pixels = np.stack([x.ravel(), y.ravel()], axis=1)
    stop = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 40, 1e-10)
    points = cv2.undistortPoints(pixels[:, None], k, d if d.size else None, criteria=stop)
    return points.reshape(height + 1, width + 1, 2)


def _between_pixels(
    corners: np.ndarray, rows: slice, columns: slice, size: tuple[int, int], n: int
) -> np.ndarray:
    """Values at n x n evenly spread places of every pixel, linear between the pixel's corners."""
    part = corners[rows.start : rows.stop + 1, columns.start : columns.stop + 1].astype(np.float64)
    place_x = (np.arange(size[0]) + 0.5) / n
    place_y = (np.arange(size[1]) + 0.5) / n
    column, row = place_x.astype(int), place_y.astype(int)
    fx, fy = place_x - column, (place_y - row)[:, None]
    across = part[:, column] * (1 - fx) + part[:, column + 1] * fx
    return across[row] * (1 - fy) + across[row + 1] * fy


@lru_cache(maxsize=4)
def _printed(board: Board, body: MarkerBody) -> np.ndarray:
    return draw_board(board, PX_PER_MM, body)
