"""Every printed edge as a place to measure: a pose rests on thousands of pixels instead of four corners a marker."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ar.board.model import Board, MarkerBody
from ar.board.printed import black_quads_mm, marker_cells

MAX_PLACES = 1000


@dataclass(frozen=True, eq=False)
class EdgePlaces:
    """Places on the borders between ink and paper, in the body's frame.

    Attributes:
        points_mm: (n, 3) places. along, outward: (n, 3) unit directions of the border and from ink to paper.
        clear_mm: (n,) distance across the border to the next one that may be there.
    """

    points_mm: np.ndarray
    along: np.ndarray
    outward: np.ndarray
    clear_mm: np.ndarray


def edge_places(board: Board, body: MarkerBody) -> EdgePlaces:
    """Places on all printed borders of one body; those between two black cells are none."""
    start, end, outward = _borders(black_quads_mm(board, body))
    length = np.linalg.norm(end - start, axis=1)
    side = body.markers[0].side_mm
    cell = side / len(marker_cells(body, body.markers[0]))
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
    return EdgePlaces(points[keep], along[keep], outward[index][keep], clear[keep])


def _borders(quads: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start, end (n, 3) and outward direction (n, 3) of the quads' sides that no other quad shares."""
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
    return start, end, away / np.linalg.norm(away, axis=1, keepdims=True)
