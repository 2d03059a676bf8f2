"""The board as a picture: for the screen, for synthetic views and for checking a print."""

from __future__ import annotations

import numpy as np

from ar.board.model import Board, MarkerBody
from ar.board.printed import black_quads_mm
from core.errors import PlannerError


def sheet_bounds_mm(board: Board, body: MarkerBody | None = None, margin_mm: float = 10.0) -> np.ndarray:
    """Lowest and highest (x, y), shape (2, 2), of a flat body's print with its white margin, mm.

    Raises PlannerError when the body is not flat in its own xy plane, since paper is.
    """
    body = body or board.bodies[0]
    quads = black_quads_mm(board, body)
    if np.abs(quads[..., 2]).max() > 1e-6:
        raise PlannerError(
            f"cannot draw the body {body.name!r}", "it is not flat at z = 0", "print its faces one by one"
        )
    flat = quads[..., :2].reshape(-1, 2)
    return np.stack([flat.min(axis=0) - margin_mm, flat.max(axis=0) + margin_mm])


def draw_board(
    board: Board, px_per_mm: float, body: MarkerBody | None = None, margin_mm: float = 10.0
) -> np.ndarray:
    """A flat body as printed: uint8 (rows, columns), 0 black, 255 white.

    Pixel (row, column) covers x from ``low_x + column / px_per_mm`` and y from ``low_y + row / px_per_mm`` of
    `sheet_bounds_mm`. Edges are exact when a cell is a whole number of pixels.
    """
    body = body or board.bodies[0]
    low, high = sheet_bounds_mm(board, body, margin_mm)
    columns, rows = np.ceil((high - low) * px_per_mm - 1e-6).astype(int)
    picture = np.full((rows, columns), 255, dtype=np.uint8)
    for quad in black_quads_mm(board, body)[..., :2]:
        _fill(picture, (quad - low) * px_per_mm)
    return picture


def _fill(picture: np.ndarray, quad_px: np.ndarray) -> None:
    """Blacken the pixels whose centres lie in a convex quad (4, 2) given in pixel-edge coordinates."""
    first = np.maximum(np.floor(quad_px.min(axis=0)).astype(int), 0)
    last = np.ceil(quad_px.max(axis=0)).astype(int)
    window = picture[first[1] : last[1], first[0] : last[0]]
    y, x = np.mgrid[0 : window.shape[0], 0 : window.shape[1]]
    x, y = x + first[0] + 0.5, y + first[1] + 0.5
    inside = np.ones(window.shape, dtype=bool)
    edges = np.roll(quad_px, -1, axis=0) - quad_px
    turn = np.sign(edges[0, 0] * edges[1, 1] - edges[0, 1] * edges[1, 0])
    for (ax, ay), (ex, ey) in zip(quad_px, edges, strict=True):
        inside &= turn * (ex * (y - ay) - ey * (x - ax)) >= -1e-6
    window[inside] = 0
