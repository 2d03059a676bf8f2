"""Markers that are recognised but too small to be measured: no pose is given as tracked."""

from __future__ import annotations

import numpy as np
import pytest

from ar.board import Board, grid_board
from ar.frame import CameraFrame
from ar.poses import PoseState
from ar.synthetic import look_at_board, render_board_frame
from ar.tracking import Tracker
from ar.tracking.detection import Detector
from core.projection import CameraModel

NEAR_MM, FAR_MM = 300.0, 730.0


@pytest.fixture(scope="module")
def small() -> Board:
    """Tags of 20 mm: from afar a cell is two pixels wide, so a profile across its edge meets the next one."""
    return grid_board((3, 3), 20.0, 5.0)


def _frame(board: Board, camera: CameraModel, distance_mm: float, index: int) -> CameraFrame:
    view = look_at_board(board, distance_mm, 25.0, 40.0)
    return CameraFrame(render_board_frame(board, camera, view, index), index, index * 0.1)


def test_markers_without_readable_edges_are_refused_with_the_reason(camera: CameraModel, small: Board) -> None:
    frame = _frame(small, camera, FAR_MM, 0)
    # The search finds them: this is not a picture without markers.
    grey = np.ascontiguousarray(frame.image[..., 1])
    assert len(Detector(small).detect(grey)["reference"].marker_ids) >= 4
    pose = Tracker(small, camera).track(frame).pose()
    assert pose.state is PoseState.LOST
    assert "not their printed edges" in pose.reason


def test_a_board_that_becomes_unreadable_is_stale_and_then_lost(camera: CameraModel, small: Board) -> None:
    tracker, distances = Tracker(small, camera), [NEAR_MM, *[FAR_MM] * 4]
    poses = [tracker.track(_frame(small, camera, mm, i)).pose() for i, mm in enumerate(distances)]
    assert [p.state.value for p in poses] == ["TRACKED", "STALE", "STALE", "STALE", "LOST"]
    assert all(p.measured_s == 0.0 for p in poses[1:4])
    assert "not their printed edges" in poses[1].reason
