"""The flat faces of a body: what is cut out of paper, painted in synthetic views and compared with the camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ar.board.model import Board, MarkerBody
from ar.board.printed import black_quads_mm, black_squares_mm, marker_cells

SAME_PLANE_MM = 0.1
SAME_DIRECTION = 0.9999
# Of the white around the outermost ink of a face that is part of a body in space.
QUIET_CELLS = 1.0


@dataclass(frozen=True, eq=False)
class Face:
    """One plane of a body with everything that is printed on it.

    Attributes:
        body_from_face: (4, 4), mm; the face's x is right and y down as printed, z into the paper.
        quads_mm: (n, 4, 2) black areas in the face's plane; neighbours touch.
        marker_ids: ids of the markers on it.
        low_mm, high_mm: (2,) corners of the box around all ink.
        quiet_mm: white that is surely there around that box.
    """

    body_from_face: np.ndarray
    quads_mm: np.ndarray
    marker_ids: tuple[int, ...]
    low_mm: np.ndarray
    high_mm: np.ndarray
    quiet_mm: float

    @property
    def outline_mm(self) -> np.ndarray:
        """Corners (4, 3) in the body's frame of the ink's box with its quiet white."""
        (x0, y0), (x1, y1) = self.low_mm - self.quiet_mm, self.high_mm + self.quiet_mm
        flat = np.array([[x0, y0, 0.0], [x1, y0, 0.0], [x1, y1, 0.0], [x0, y1, 0.0]])
        return flat @ self.body_from_face[:3, :3].T + self.body_from_face[:3, 3]


def faces_of(board: Board, body: MarkerBody) -> tuple[Face, ...]:
    """The faces of one body of a board, in the order of their first markers."""
    frames: list[np.ndarray] = []
    ids: list[list[int]] = []
    for marker in body.markers:
        frame = _frame(marker.corners_mm)
        for known, members in zip(frames, ids, strict=True):
            if _is_in_plane(known, frame):
                members.append(marker.marker_id)
                break
        else:
            frames.append(frame)
            ids.append([marker.marker_id])
    quads = black_quads_mm(board, body)
    return tuple(_face(board, body, frame, members, quads) for frame, members in zip(frames, ids, strict=True))


def _frame(corners_mm: np.ndarray) -> np.ndarray:
    """The frame (4, 4) of one marker: origin at its top-left corner, z away from who reads it."""
    right = corners_mm[1] - corners_mm[0]
    into = np.cross(right, corners_mm[3] - corners_mm[0])
    right, into = right / np.linalg.norm(right), into / np.linalg.norm(into)
    frame = np.eye(4)
    frame[:3, :3] = np.stack([right, np.cross(into, right), into], axis=1)
    frame[:3, 3] = corners_mm[0]
    return frame


def _is_in_plane(known: np.ndarray, frame: np.ndarray) -> bool:
    is_parallel = known[:3, 2] @ frame[:3, 2] > SAME_DIRECTION
    return bool(is_parallel and abs((frame[:3, 3] - known[:3, 3]) @ known[:3, 2]) < SAME_PLANE_MM)


def _face(board: Board, body: MarkerBody, frame: np.ndarray, marker_ids: list[int], quads: np.ndarray) -> Face:
    local = (quads - frame[:3, 3]) @ frame[:3, :3]
    turned = np.cross(quads[:, 1] - quads[:, 0], quads[:, 3] - quads[:, 0])
    faces_alike = turned @ frame[:3, 2] > SAME_DIRECTION * np.linalg.norm(turned, axis=1)
    own = local[(np.abs(local[..., 2]) < SAME_PLANE_MM).all(axis=1) & faces_alike][..., :2]
    flat = own.reshape(-1, 2)
    first = body.by_id[marker_ids[0]]
    cell = first.side_mm / len(marker_cells(body, first))
    has_chessboard = body is board.bodies[0] and len(black_squares_mm(board)) > 0
    quiet = 0.5 * cell if has_chessboard else QUIET_CELLS * cell
    return Face(frame, own, tuple(marker_ids), flat.min(axis=0), flat.max(axis=0), quiet)
