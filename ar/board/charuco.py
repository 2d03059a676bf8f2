"""A ChArUco board as OpenCV sees it, tied to the board's own frame through its markers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ar.board.model import Board, dictionary_named
from ar.opencv import cv2
from ar.registration import register_points


@dataclass(frozen=True, eq=False)
class Chessboard:
    """OpenCV's board, its inner corners (n, 3) and all square corners' map in the body's frame, mm.

    Attributes:
        opencv: the detector's board.
        corners_mm: inner corners, indexed by OpenCV's corner id.
        body_from_sheet: (4, 4) from OpenCV's sheet frame (origin at the first square's corner).
    """

    opencv: cv2.aruco.CharucoBoard
    corners_mm: np.ndarray
    body_from_sheet: np.ndarray


def chessboard_of(board: Board) -> Chessboard | None:
    """The chessboard of the first body; None when the board has none.

    Both of OpenCV's layouts (before and after 4.6) are tried; the markers decide.
    Raises ValueError when the markers do not lie on the chessboard that the description names.
    """
    if board.charuco is None:
        return None
    body, grid = board.bodies[0], board.charuco
    ids = np.array(sorted(body.by_id), dtype=np.int32)
    corners = np.concatenate([body.by_id[int(i)].corners_mm for i in ids])
    if len(ids) == grid.squares[0] * grid.squares[1] // 2:
        for is_legacy in (False, True):
            opencv = cv2.aruco.CharucoBoard(
                grid.squares, grid.square_mm, grid.marker_mm, dictionary_named(body.dictionary), ids
            )
            opencv.setLegacyPattern(is_legacy)
            sheet = np.concatenate(opencv.getObjPoints()).astype(np.float64)
            if len(sheet) != len(corners):
                continue
            fit = register_points(sheet, corners)
            if fit.fre_mm < 0.05:
                inner = np.asarray(opencv.getChessboardCorners(), dtype=np.float64)
                moved = inner @ fit.matrix[:3, :3].T + fit.matrix[:3, 3]
                return Chessboard(opencv, moved, fit.matrix)
    raise ValueError("the markers do not lie on the ChArUco grid that the description names")
