"""Motion blur is drawn into the expected picture: its kernel, the shutter learned from pictures, and the pose."""

from __future__ import annotations

import numpy as np
import pytest

from ar.board import Board
from ar.board.faces import faces_of
from ar.frame import CameraFrame
from ar.opencv import cv2
from ar.rays import rays_of
from ar.synthetic import Exposure, look_at_board, render_bodies
from ar.tracking import Tracker
from ar.tracking.smear import Shutter, motion_kernel
from core.projection import CameraModel

FPS, SPEED_MM_S = 30.0, 300.0


def _pose(board: Board, time_s: float) -> np.ndarray:
    matrix = look_at_board(board, 420.0, 30.0, 40.0).matrix.copy()
    matrix[0, 3] += SPEED_MM_S * (time_s - 0.05)
    return matrix


def _frame(board: Board, camera: CameraModel, index: int, share: float) -> CameraFrame:
    exposure = Exposure(exposure_s=share / FPS, n_moments=9 if share else 1)
    path = lambda t: {"reference": _pose(board, t)}  # noqa: E731
    return CameraFrame(
        render_bodies(board, camera, path, index / FPS, index, exposure=exposure), index, index / FPS
    )


@pytest.mark.parametrize("way", [(6.0, 0.0), (0.0, -4.0), (5.0, 3.5), (-8.0, 6.0)])
def test_a_kernel_keeps_the_light_and_the_place_and_is_as_long_as_the_way(way: tuple[float, float]) -> None:
    kernel = motion_kernel(np.array(way))
    assert kernel is not None
    half = len(kernel) // 2
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    assert kernel.sum() == pytest.approx(1.0, abs=1e-5)
    assert (kernel * x).sum() == pytest.approx(0.0, abs=1e-4)
    assert (kernel * y).sum() == pytest.approx(0.0, abs=1e-4)
    # An even way of length L has the variance L^2 / 12; placing it between pixels adds at most a quarter.
    for axis, length in ((x, way[0]), (y, way[1])):
        assert 0.0 <= (kernel * axis**2).sum() - length**2 / 12.0 + 1e-2 < 0.27


def test_a_short_way_and_an_absurd_one_have_no_kernel() -> None:
    assert motion_kernel(np.array([0.5, 0.5])) is None
    assert motion_kernel(np.array([80.0, 0.0])) is None


@pytest.mark.parametrize("share", [0.0, 0.5, 0.8])
def test_the_shutter_is_learned_from_one_smeared_picture(
    share: float, camera: CameraModel, grid: Board
) -> None:
    grey = cv2.cvtColor(_frame(grid, camera, 1, share).image, cv2.COLOR_RGB2GRAY)
    x, y = rays_of(camera)
    flow = np.array([SPEED_MM_S / FPS * 480.0 / 420.0, 0.0])
    shutter, pose = Shutter(), _pose(grid, 1 / FPS)
    rays = x.astype(np.float32), y.astype(np.float32)
    blur = shutter.blur(grey, faces_of(grid, grid.bodies[0]), camera, rays, pose, flow)
    assert shutter.share == pytest.approx(share, abs=0.15)
    assert (blur is None) == (share == 0.0)


def test_a_smeared_board_is_placed_nearly_as_well_as_a_sharp_one(camera: CameraModel, grid: Board) -> None:
    middle, errors = np.append(grid.bodies[0].centre_mm + (150.0, 0.0, 60.0), 1.0), []
    tracker = Tracker(grid, camera)
    for i in range(5):
        pose = tracker.track(_frame(grid, camera, i, 0.7)).pose()
        assert pose.camera_from_body is not None
        errors.append(np.linalg.norm((pose.camera_from_body.matrix - _pose(grid, i / FPS))[:3] @ middle))
    assert np.median(errors[1:]) < 0.2
