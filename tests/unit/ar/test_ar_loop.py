from __future__ import annotations

import numpy as np
import pytest

from ar.board import Board
from ar.frame import CameraFrame
from ar.loop import ArLoop
from ar.placement import board_outline, place_over
from ar.poses import Pose, PoseState
from ar.registration import Registration
from ar.synthetic import look_at_board, render_board_frame
from ar.tracking import Tracker
from core.anatomy import Anatomy
from core.mesh import SurfaceMesh
from core.projection import CameraModel


class Pictures:
    """A source of given pictures."""

    def __init__(self, pictures: list[np.ndarray]) -> None:
        self.frames = [CameraFrame(picture, i, i / 30) for i, picture in enumerate(pictures)]
        self.n_frames, self.frames_per_s, self.is_closed = len(pictures), 30.0, False

    def next_frame(self) -> CameraFrame | None:
        return self.frames.pop(0) if self.frames else None

    def close(self) -> None:
        self.is_closed = True


def test_each_turn_pairs_a_frame_with_its_own_pose(camera: CameraModel, grid: Board) -> None:
    seen = render_board_frame(grid, camera, look_at_board(grid, 400.0, 30.0, 20.0), 0)
    drawn: list[tuple[int, int, Registration | None]] = []

    def draw(
        frame: CameraFrame, pose: Pose, registration: Registration | None, milliseconds: dict[str, float]
    ) -> np.ndarray:
        drawn.append((frame.index, pose.frame, registration))
        assert set(milliseconds) == {"read", "grey", "follow", "detect", "pose"}
        return frame.image

    place = board_outline(grid)[1]
    source = Pictures([seen, np.zeros_like(seen)])
    loop = ArLoop(source, Tracker(grid, camera), place, draw)
    turns = list(loop)
    loop.close()
    assert drawn == [(0, 0, place), (1, 1, place)]
    assert [turn.pose.state for turn in turns] == [PoseState.TRACKED, PoseState.STALE]
    assert turns[0].latency_ms == pytest.approx(sum(v for k, v in turns[0].milliseconds.items() if k != "read"))
    assert source.is_closed


def test_without_drawing_there_is_no_picture_but_a_pose(camera: CameraModel, grid: Board) -> None:
    seen = render_board_frame(grid, camera, look_at_board(grid, 400.0, 30.0, 20.0), 0)
    turn = ArLoop(Pictures([seen]), Tracker(grid, camera)).step()
    assert turn is not None
    assert turn.rgb is None
    assert turn.pose.state is PoseState.TRACKED


def test_the_anatomy_stands_above_the_sheet_and_says_that_it_is_not_registered(grid: Board) -> None:
    box = np.array([[x, y, z] for x in (0.0, 80) for y in (-30.0, 70) for z in (10.0, 90)])
    placed = place_over(Anatomy({"lv": SurfaceMesh(box, np.array([[0, 1, 2]]))}), grid.bodies[0])
    on_board = placed.body_from_patient.apply(box)
    assert not placed.is_registered
    assert on_board[:, 2].max() == pytest.approx(-10.0)
    np.testing.assert_allclose(
        (on_board.min(axis=0) + on_board.max(axis=0))[:2] / 2, grid.bodies[0].centre_mm[:2]
    )
