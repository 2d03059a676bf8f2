"""Boards to print: the default ChArUco sheet, and plain grids of markers."""

from __future__ import annotations

import numpy as np

from ar.board.model import Board, CharucoGrid, Marker, MarkerBody, dictionary_named
from ar.opencv import cv2


def default_board() -> Board:
    """The sheet Auricle prints: A4, 5x8 squares of 32 mm, 20 markers of 24 mm.

    A chessboard corner is found four times more exactly than a marker's corner, and every marker cell is
    4 mm, so that a printer of 300 dpi or more draws it true.
    """
    return charuco_board((5, 8), 32.0, 24.0)


def charuco_board(
    squares: tuple[int, int], square_mm: float, marker_mm: float, dictionary: str = "DICT_4X4_50"
) -> Board:
    """A ChArUco sheet in OpenCV's layout; its body "reference" has x right, y down, z into the sheet."""
    opencv = cv2.aruco.CharucoBoard(squares, square_mm, marker_mm, dictionary_named(dictionary))
    corners = np.asarray(opencv.getObjPoints(), dtype=np.float64)
    markers = tuple(
        Marker(int(i), c) for i, c in zip(np.ravel(np.asarray(opencv.getIds())), corners, strict=True)
    )
    return Board((MarkerBody("reference", dictionary, markers),), CharucoGrid(squares, square_mm, marker_mm))


def grid_board(
    counts: tuple[int, int],
    marker_mm: float,
    gap_mm: float,
    dictionary: str = "DICT_4X4_50",
    first_id: int = 0,
    name: str = "reference",
) -> Board:
    """Markers in rows on white: `counts` along (x, y); x right, y down, z into the sheet, origin top-left."""
    square = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]) * marker_mm
    pitch = marker_mm + gap_mm
    markers = tuple(
        Marker(first_id + row * counts[0] + column, square + (column * pitch, row * pitch, 0.0))
        for row in range(counts[1])
        for column in range(counts[0])
    )
    return Board((MarkerBody(name, dictionary, markers),))
