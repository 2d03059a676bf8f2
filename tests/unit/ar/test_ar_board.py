from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ar.board import Board, Marker, MarkerBody, default_board, draw_board, grid_board, read_board, write_board
from ar.board.charuco import chessboard_of
from ar.opencv import cv2
from core.errors import PlannerError


def test_a_board_survives_its_file(charuco: Board, tmp_path: Path) -> None:
    path = tmp_path / "board.json"
    write_board(charuco, path)
    again = read_board(path)
    assert again.charuco == charuco.charuco
    assert again.bodies[0].dictionary == "DICT_4X4_50"
    np.testing.assert_array_equal(again.bodies[0].corners_mm, charuco.bodies[0].corners_mm)


def test_several_bodies_survive_their_file(tmp_path: Path) -> None:
    first = grid_board((2, 2), 30.0, 6.0).bodies[0]
    tool = grid_board((1, 2), 20.0, 5.0, dictionary="DICT_APRILTAG_36h11", name="tool").bodies[0]
    write_board(Board((first, tool)), tmp_path / "board.json")
    again = read_board(tmp_path / "board.json")
    assert [body.name for body in again.bodies] == ["reference", "tool"]
    assert again.body("tool").dictionary == "DICT_APRILTAG_36h11"
    np.testing.assert_array_equal(again.body("tool").corners_mm, tool.corners_mm)


def test_the_drawing_is_opencvs_board_pixel_for_pixel(charuco: Board) -> None:
    chessboard = chessboard_of(charuco)
    assert chessboard is not None
    expected = chessboard.opencv.generateImage((640, 1024))
    np.testing.assert_array_equal(draw_board(charuco, 4.0, margin_mm=0.0), expected)


def test_markers_are_found_in_the_drawing_where_the_description_says(grid: Board) -> None:
    picture = draw_board(grid, 6.0, margin_mm=10.0)
    detector = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50))
    corners, ids, _ = detector.detectMarkers(picture)
    assert sorted(np.ravel(ids).tolist()) == list(range(20))
    for marker_id, found in zip(np.ravel(ids), corners, strict=True):
        # 10 mm of margin; pixel centres lie half a pixel after pixel edges.
        expected = (grid.bodies[0].by_id[int(marker_id)].corners_mm[:, :2] + 10.0) * 6.0 - 0.5
        np.testing.assert_allclose(found.reshape(4, 2), expected, atol=1.0)


def test_a_chessboard_lies_right_in_a_moved_and_turned_body_frame() -> None:
    board = default_board()
    turn = cv2.Rodrigues(np.array([0.3, -0.2, 1.0]))[0]
    markers = tuple(
        Marker(m.marker_id, m.corners_mm @ turn.T + (5.0, 6.0, 7.0)) for m in board.bodies[0].markers
    )
    moved = chessboard_of(Board((MarkerBody("reference", "DICT_4X4_50", markers),), board.charuco))
    original = chessboard_of(board)
    assert moved is not None
    assert original is not None
    np.testing.assert_allclose(moved.corners_mm, original.corners_mm @ turn.T + (5.0, 6.0, 7.0), atol=1e-6)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda c: c.update(unit="inch"), "not mm"),
        (lambda c: c.pop("bodies"), "no field"),
        (lambda c: c["bodies"][0].update(dictionary="DICT_9X9"), "no marker dictionary"),
        (lambda c: c["bodies"][0]["markers"][0]["corners"].pop(), "four corners"),
        (lambda c: c["bodies"][0]["markers"][0].update(id=50), "ids 0 to 49"),
        (lambda c: c["bodies"][0]["markers"][1].update(id=0), "twice"),
        (
            lambda c: c["bodies"][0]["markers"][0].update(corners=[[0, 0, 0], [9, 0, 0], [9, 9, 0], [4, 4, 0]]),
            "square",
        ),
        (lambda c: c["charuco"].update(square_mm=33.0), "do not lie on the ChArUco grid"),
        (lambda c: c["charuco"].update(squares=[8, 5]), "do not lie on the ChArUco grid"),
    ],
)
def test_a_board_that_contradicts_itself_is_refused(
    spoil: Callable[[dict[str, Any]], object], reason: str, charuco: Board, tmp_path: Path
) -> None:
    path = tmp_path / "board.json"
    write_board(charuco, path)
    content = json.loads(path.read_text())
    spoil(content)
    path.write_text(json.dumps(content))
    with pytest.raises(PlannerError, match=reason):
        read_board(path)


@pytest.mark.parametrize("text", ["", "[]", "null", '{"unit": "mm", "bodies": 3}', "[" * 100_000])
def test_a_file_that_is_no_board_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "board.json"
    path.write_text(text)
    with pytest.raises(PlannerError):
        read_board(path)


def test_two_bodies_may_not_share_a_marker() -> None:
    first = grid_board((2, 2), 30.0, 6.0).bodies[0]
    second = grid_board((1, 1), 20.0, 5.0, name="tool").bodies[0]
    with pytest.raises(ValueError, match="cannot be told apart"):
        Board((first, second))
