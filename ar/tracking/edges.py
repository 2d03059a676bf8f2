"""Every printed edge as a place to measure: a pose rests on thousands of pixels instead of four corners a marker."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from ar.board.model import Board, MarkerBody
from ar.board.printed import black_quads_mm, black_squares_mm, marker_cells

MAX_PLACES = 1000


@dataclass(frozen=True, eq=False)
class EdgePlaces:
    """Places on the borders between ink and paper, in the body's frame.

    Attributes:
        points_mm: (n, 3) places. along, outward: (n, 3) unit directions of the border and from ink to paper.
        clear_mm: (n,) distance across the border to the next one that may be there.
        into: (n, 3) unit direction into the paper.
        marker_ids: (n,) of the marker it belongs to; -1 for squares of a chessboard.
    """

    points_mm: np.ndarray
    along: np.ndarray
    outward: np.ndarray
    clear_mm: np.ndarray
    into: np.ndarray
    marker_ids: np.ndarray

    def some(self, n: int) -> EdgePlaces:
        """About `n` of the places, evenly spread."""
        step = slice(None, None, max(len(self.points_mm) // n, 1))
        return EdgePlaces(*(getattr(self, field.name)[step] for field in fields(self)))

    def where(self, use: np.ndarray) -> EdgePlaces:
        """The places that a boolean array (n,) picks."""
        return EdgePlaces(*(getattr(self, field.name)[use] for field in fields(self)))


def edge_places(board: Board, body: MarkerBody) -> EdgePlaces:
    """Places on all printed borders of one body; those between two black cells are none."""
    quads = black_quads_mm(board, body)
    start, end, outward, side = _borders(quads)
    owner = _owners(board, body)[side // 4]
    into = np.cross(quads[:, 1] - quads[:, 0], quads[:, 3] - quads[:, 0])[side // 4]
    into /= np.linalg.norm(into, axis=1, keepdims=True)
    length = np.linalg.norm(end - start, axis=1)
    cell = body.markers[0].side_mm / len(marker_cells(body, body.markers[0]))
    pieces = np.maximum(np.rint(2.0 * length / cell), 2).astype(int)
    index = np.repeat(np.arange(len(start)), pieces)
    step = np.concatenate([np.arange(n) for n in pieces])
    # Two places a cell, a quarter of a cell away from its corners.
    fraction = ((step + 0.5) / pieces[index])[:, None]
    points = start[index] + fraction * (end - start)[index]
    along = ((end - start) / length[:, None])[index]
    clear = np.minimum(length, cell)[index]
    stride = int(np.ceil(len(points) / MAX_PLACES))
    keep = slice(None, None, stride)
    of_border = index[keep]
    return EdgePlaces(
        points[keep], along[keep], outward[of_border], clear[keep], into[of_border], owner[of_border]
    )


def _owners(board: Board, body: MarkerBody) -> np.ndarray:
    """The marker's id of every black quad, in the order of `black_quads_mm`; -1 for squares of the chessboard."""
    n_squares = len(black_squares_mm(board)) if body is board.bodies[0] else 0
    counts = [int(marker_cells(body, marker).sum()) for marker in body.markers]
    ids = np.repeat([marker.marker_id for marker in body.markers], counts)
    return np.concatenate([np.full(n_squares, -1), ids]).astype(int)


def _borders(quads: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Start, end, outward direction (n, 3) and number (n,) of the quads' sides that no other quad shares."""
    start = quads.reshape(-1, 3)
    end = np.roll(quads, -1, axis=1).reshape(-1, 3)
    middle = (start + end) / 2.0
    _, inverse, count = np.unique(np.round(middle, 3), axis=0, return_inverse=True, return_counts=True)
    alone = count[np.ravel(inverse)] == 1
    start, end, middle = start[alone], end[alone], middle[alone]
    centre = np.repeat(quads.mean(axis=1), 4, axis=0)[alone]
    along = (end - start) / np.linalg.norm(end - start, axis=1, keepdims=True)
    away = middle - centre
    away -= (away * along).sum(axis=1, keepdims=True) * along
    return start, end, away / np.linalg.norm(away, axis=1, keepdims=True), np.flatnonzero(alone)
