"""What is printed, as black polygons: one description for the picture, the PDF and the edge model."""

from __future__ import annotations

import numpy as np

from ar.board.charuco import chessboard_of
from ar.board.model import Board, Marker, MarkerBody, dictionary_named
from core.frames import apply_affine


def marker_cells(body: MarkerBody, marker: Marker) -> np.ndarray:
    """Boolean (n, n) array of a marker's cells, True where black; the outermost ring is its black border."""
    dictionary = dictionary_named(body.dictionary)
    n = int(dictionary.markerSize) + 2
    return np.asarray(dictionary.generateImageMarker(marker.marker_id, n)) < 128


def cell_corners_mm(marker: Marker, n_cells: int) -> np.ndarray:
    """Lattice (n + 1, n + 1, 3) of cell corners in the body's frame, [row, column], mm."""
    u = np.linspace(0.0, 1.0, n_cells + 1)
    top_left, top_right, bottom_right, bottom_left = marker.corners_mm
    across = u[None, :, None]
    down = u[:, None, None]
    top = top_left + across * (top_right - top_left)
    bottom = bottom_left + across * (bottom_right - bottom_left)
    return top + down * (bottom - top)


def black_squares_mm(board: Board) -> np.ndarray:
    """Corners (n, 4, 3) of the chessboard's black squares in the first body's frame, mm; empty without one."""
    chessboard = chessboard_of(board)
    if chessboard is None or board.charuco is None:
        return np.zeros((0, 4, 3))
    grid = board.charuco
    marked = {
        tuple(np.floor(np.mean(c, axis=0)[:2] / grid.square_mm).astype(int))
        for c in chessboard.opencv.getObjPoints()
    }
    columns, rows = grid.squares
    black = [(x, y) for y in range(rows) for x in range(columns) if (x, y) not in marked]
    unit = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    sheet = np.array([(unit + (x, y, 0)) * grid.square_mm for x, y in black])
    return apply_affine(chessboard.body_from_sheet, sheet.reshape(-1, 3)).reshape(-1, 4, 3)


def black_quads_mm(board: Board, body: MarkerBody) -> np.ndarray:
    """Corners (n, 4, 3) of all black areas of one body in its frame, mm; neighbours touch."""
    quads = [black_squares_mm(board)] if body is board.bodies[0] else []
    for marker in body.markers:
        cells = marker_cells(body, marker)
        lattice = cell_corners_mm(marker, len(cells))
        row, column = np.nonzero(cells)
        corners = [lattice[row + r, column + c] for r, c in ((0, 0), (0, 1), (1, 1), (1, 0))]
        quads.append(np.stack(corners, axis=1))
    return np.concatenate(quads)
