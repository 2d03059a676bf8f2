"""Pictures that OpenCV drew, not our renderer: its own sheet, warped by a homography and averaged over each pixel.

A fault that renderer and tracker share (half a pixel, a flipped axis, a cell too many) would show here.
"""

from __future__ import annotations

import numpy as np
import pytest

from ar.board import Board
from ar.board.kinds import make_board
from ar.frame import CameraFrame
from ar.opencv import cv2
from ar.poses import Pose, PoseState
from ar.synthetic import look_at_board
from ar.tracking import Tracker
from core.frames import Transform
from core.projection import CameraModel

PX_PER_MM, MARGIN_MM, FINE = 10.0, 10.0, 4
LENS_BLUR_PX, NOISE = 0.6, 2.5
PINHOLE = CameraModel(1280, 720, np.array([[980.0, 0, 642.0], [0, 978.0, 357.0], [0, 0, 1.0]]), np.zeros(0))


def _grid_sheet(board: Board) -> tuple[np.ndarray, np.ndarray]:
    """OpenCV's markers one by one on white, and the body's place (mm) of the sheet's first pixel's corner."""
    body = board.bodies[0]
    dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, body.dictionary))
    low = body.corners_mm[:, :2].min(axis=0) - MARGIN_MM
    size = np.rint((body.corners_mm[:, :2].max(axis=0) + MARGIN_MM - low) * PX_PER_MM).astype(int)
    sheet = np.full((size[1], size[0]), 255, np.uint8)
    for marker in body.markers:
        x, y = np.rint((marker.corners_mm[0, :2] - low) * PX_PER_MM).astype(int)
        n = round(marker.side_mm * PX_PER_MM)
        sheet[y : y + n, x : x + n] = dictionary.generateImageMarker(marker.marker_id, n)
    return sheet, low


def _charuco_sheet(board: Board) -> tuple[np.ndarray, np.ndarray]:
    """OpenCV's own picture of the whole ChArUco board; its first square's corner is the body's origin."""
    grid = board.charuco
    assert grid is not None
    dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, board.bodies[0].dictionary))
    own = cv2.aruco.CharucoBoard(grid.squares, grid.square_mm, grid.marker_mm, dictionary)
    margin = round(MARGIN_MM * PX_PER_MM)
    size = [round(n * grid.square_mm * PX_PER_MM) + 2 * margin for n in grid.squares]
    return own.generateImage(tuple(size), marginSize=margin), np.full(2, -MARGIN_MM)


def _picture(
    sheet: np.ndarray, low: np.ndarray, pose: np.ndarray, camera: CameraModel, seed: int
) -> np.ndarray:
    """The sheet as a pinhole sees it: drawn `FINE` times as large, blurred by a lens, averaged, and noisy."""
    pixel_from_body = camera.camera_matrix @ pose[:3, [0, 1, 3]]
    body_from_sheet = np.array([[1 / PX_PER_MM, 0, low[0]], [0, 1 / PX_PER_MM, low[1]], [0, 0, 1.0]])
    middle = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])
    fine_from_pixel = np.diag([FINE, FINE, 1.0])
    # Both pictures count from the middle of their first pixel; the geometry between them from its corner.
    warp = np.linalg.inv(middle) @ fine_from_pixel @ middle @ pixel_from_body @ body_from_sheet @ middle
    size = (camera.width * FINE, camera.height * FINE)
    # Texels are averaged to about the size of a fine pixel first, or the warp would skip some.
    fine = cv2.warpPerspective(
        cv2.GaussianBlur(sheet, (0, 0), 0.8), warp, size, flags=cv2.INTER_LINEAR, borderValue=110.0
    )
    fine = cv2.GaussianBlur(fine, (0, 0), LENS_BLUR_PX * FINE)
    grey = cv2.resize(fine, (camera.width, camera.height), interpolation=cv2.INTER_AREA).astype(np.float64)
    grey = 35.0 + grey * (180.0 / 255.0) + np.random.default_rng(seed).normal(0.0, NOISE, grey.shape)
    return np.repeat(np.clip(np.rint(grey), 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def _error_mm(found: Pose, truth: Transform, board: Board) -> float:
    """Of the board's middle, and so of what stands on it."""
    assert found.camera_from_body is not None
    middle = board.bodies[0].centre_mm[None]
    return float(np.linalg.norm(found.camera_from_body.apply(middle) - truth.apply(middle)))


@pytest.mark.parametrize("kind", ["grid", "charuco"])
def test_a_sheet_drawn_by_opencv_is_placed_within_five_hundredths_of_a_millimetre(kind: str) -> None:
    board = make_board(kind)
    sheet, low = _grid_sheet(board) if kind == "grid" else _charuco_sheet(board)
    tracker = Tracker(board, PINHOLE)
    for seed, (distance, tilt, turn) in enumerate([(520.0, 25, 40), (525.0, 26, 41), (640.0, 40, 200)]):
        view = look_at_board(board, distance, tilt, turn, 10.0)
        frame = CameraFrame(_picture(sheet, low, view.matrix, PINHOLE, seed), seed, seed / 30)
        pose = tracker.track(frame).pose()
        assert pose.state is PoseState.TRACKED
        assert _error_mm(pose, view, board) < 0.05
        assert pose.camera_from_body is not None
        turned = cv2.Rodrigues(pose.camera_from_body.matrix[:3, :3] @ view.matrix[:3, :3].T)[0]
        assert np.degrees(np.linalg.norm(turned)) < 0.02
