"""Wide lenses: a board seen through a fisheye or a rational lens is acquired and followed against exact truth."""

from __future__ import annotations

import numpy as np
import pytest

from ar.board import Board
from ar.frame import CameraFrame
from ar.poses import PoseState
from ar.synthetic import look_at_board, render_board_frame
from ar.tracking import Tracker
from core.frames import Transform
from core.lens import FISHEYE, PINHOLE
from core.projection import CameraModel

LENSES = {
    "fisheye": (FISHEYE, 250.0, [-0.02, 0.008, -0.004, 0.0008]),
    "rational": (PINHOLE, 280.0, [0.9, 0.15, 0.0004, -0.0003, 0.002, 1.2, 0.4, 0.02]),
}


@pytest.mark.parametrize("name", sorted(LENSES))
def test_a_board_near_the_rim_of_a_wide_picture_is_followed(name: str, grid: Board) -> None:
    lens, focal, coefficients = LENSES[name]
    matrix = np.array([[focal, 0, 322.0], [0, focal * 1.001, 177.0], [0, 0, 1.0]])
    camera = CameraModel(640, 360, matrix, np.array(coefficients), 0.1, 0.0, lens)
    tracker, middle, errors = Tracker(grid, camera), grid.bodies[0].centre_mm[None], []
    for i in range(4):
        view = look_at_board(grid, 260.0, 25.0, 40.0 + 2 * i, 10.0).matrix.copy()
        view[:2, 3] += (-170.0 + 6.0 * i, -30.0)
        truth = Transform("camera", "reference", view)
        pose = tracker.track(CameraFrame(render_board_frame(grid, camera, truth, i), i, i / 30)).pose()
        assert pose.state is PoseState.TRACKED
        assert pose.camera_from_body is not None
        errors.append(np.linalg.norm(pose.camera_from_body.apply(middle) - truth.apply(middle)))
    assert max(errors) < 0.15
