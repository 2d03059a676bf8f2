"""The lens of a webcam from 8, 15 and 30 synthetic pictures of a board: Auricle's calibration beside OpenCV's own."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from ar.board import Board, default_board
from ar.calibration import calibrate_views
from ar.opencv import cv2
from ar.synthetic import look_at_board, render_board_frame
from benchmarks.report import Comparison, Figure, Row
from core.frames import Transform
from core.projection import CameraModel

SIZE = (1280, 720)
COUNTS = (8, 15, 30)
N_SEEDS = 4
WORKING_MM = 700.0
Calibrate = Callable[[Sequence[np.ndarray]], tuple[CameraModel, float | None]]


def compare(quick: bool) -> Comparison:
    """Nested sets of pictures as a person takes them: tilted to all sides, near and far, the board all over."""
    board = default_board()
    counts, n_seeds = ((8,), 1) if quick else (COUNTS, N_SEEDS)
    ways: dict[str, Calibrate] = {
        "Auricle, ar.calibration.calibrate_views": lambda images: auricle(images, board),
        "OpenCV CharucoDetector, calibrateCamera": lambda images: opencv(images, board),
    }
    seconds = dict.fromkeys(ways, 0.0)
    errors: dict[str, dict[int, list[float]]] = {who: {n: [] for n in counts} for who in ways}
    depth: dict[str, dict[int, list[float]]] = {who: {n: [] for n in counts} for who in ways}
    stated: dict[str, dict[int, list[float]]] = {who: {n: [] for n in counts} for who in ways}
    for seed in range(n_seeds):
        truth = webcam(seed)
        images = pictures(board, truth, max(counts), seed)
        for n in counts:
            for who, way in ways.items():
                started = time.perf_counter()
                found, percent = way(images[:n])
                seconds[who] += time.perf_counter() - started
                errors[who][n].append(focal_error_percent(found, truth))
                depth[who][n].append(depth_error_mm(found, truth))
                stated[who][n].append(percent or np.nan)
    rows = []
    for who in ways:
        figures: dict[str, Figure] = {}
        for n in counts:
            figures[f"focal error {n} views %"] = _rms(errors[who][n])
            figures[f"stated {n} views %"] = _rms(stated[who][n])
            figures[f"depth error {n} views mm"] = _rms(depth[who][n])
        rows.append(Row(who, seconds[who] / (n_seeds * len(counts)), figures))
    ratios = ", ".join(
        f"{n} views {_rms(errors[a][n]) / _rms(errors[b][n]):.2f}" for a, b in [tuple(ways)] for n in counts
    )
    return Comparison(
        f"The focal length of a 1280x720 webcam from an A4 ChArUco sheet, {n_seeds} cameras",
        tuple(rows),
        (
            "root mean square over fx and fy and the cameras; sensor noise sigma 5, lens blur 0.7 px",
            f"depth error: of a point at {WORKING_MM:g} mm whose distance is read off its size in the picture",
            f"Auricle's focal error / OpenCV's: {ratios}",
        ),
    )


def webcam(seed: int) -> CameraModel:
    """A 720p webcam, each a little different."""
    random = np.random.default_rng(100 + seed)
    focal = random.uniform(850, 1150)
    matrix = np.array([[focal, 0, 0], [0, focal * random.uniform(0.998, 1.002), 0], [0, 0, 1.0]])
    matrix[:2, 2] = np.array(SIZE) / 2 + random.uniform(-12, 12, 2)
    bend = [random.uniform(-0.15, 0.05), random.uniform(0.0, 0.1), *random.uniform(-1e-3, 1e-3, 2), 0.0]
    return CameraModel(*SIZE, matrix, np.array(bend))


def pictures(board: Board, camera: CameraModel, n: int, seed: int) -> list[np.ndarray]:
    """The board tilted by 10 to 45 degrees to every side, 380 to 750 mm away, moved about in the picture."""
    random, found = np.random.default_rng(seed), []
    for i in range(n):
        distance = random.uniform(380.0, 750.0)
        pose = look_at_board(board, distance, random.uniform(10, 45), 137.5 * i, random.uniform(0, 360))
        matrix = pose.matrix.copy()
        matrix[:2, 3] += random.uniform(-0.2, 0.2, 2) * distance * np.array([1.0, 0.5])
        found.append(
            render_board_frame(
                board, camera, Transform(pose.to_frame, pose.from_frame, matrix), 1000 * seed + i
            )
        )
    return found


def auricle(images: Sequence[np.ndarray], board: Board) -> tuple[CameraModel, float | None]:
    """Auricle's way."""
    camera = calibrate_views(images, board).camera
    return camera, camera.focal_error_percent


def opencv(images: Sequence[np.ndarray], board: Board) -> tuple[CameraModel, float | None]:
    """OpenCV's chessboard corners and its calibration, as its own sample does it."""
    grid = board.charuco
    assert grid is not None
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    sheet = cv2.aruco.CharucoBoard(grid.squares, grid.square_mm, grid.marker_mm, dictionary)
    detector, points, pixels = cv2.aruco.CharucoDetector(sheet), [], []
    for image in images:
        seen, ids, _, _ = detector.detectBoard(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
        if ids is not None and len(ids) >= 6:
            points.append(np.asarray(sheet.getChessboardCorners())[np.ravel(ids)])
            pixels.append(seen)
    _, matrix, distortion, _, _, spread, _, _ = cv2.calibrateCameraExtended(
        points, pixels, SIZE, np.eye(3), np.zeros(5)
    )
    percent = 100.0 * float(np.ravel(spread)[0] / matrix[0, 0])
    return CameraModel(*SIZE, matrix, np.ravel(distortion)[:5]), percent


def focal_error_percent(found: CameraModel, truth: CameraModel) -> float:
    """Root mean square error of fx and fy."""
    ratio = np.diag(found.camera_matrix)[:2] / np.diag(truth.camera_matrix)[:2] - 1.0
    return 100.0 * float(np.sqrt((ratio**2).mean()))


def depth_error_mm(found: CameraModel, truth: CameraModel) -> float:
    """How far a point at the working distance is put wrong, by the size of what it belongs to."""
    ratio = np.diag(found.camera_matrix)[:2].mean() / np.diag(truth.camera_matrix)[:2].mean() - 1.0
    return WORKING_MM * abs(float(ratio))


def _rms(values: Sequence[float]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))
