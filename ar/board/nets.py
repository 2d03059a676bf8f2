"""A body's net on its sheet: which face carries which marker, and the lines to cut and fold."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from ar.board.model import MarkerBody
from ar.board.printed import cell_corners_mm, marker_cells
from ar.board.solids import Net, nets_of

# Distance of a face from the middle, in edges.
_INNER = {"cube": 0.5, "dodecahedron": 1.1135163644116066}


def nets_of_body(body: MarkerBody) -> list[Net]:
    """The sheets of a body to fold, its faces numbered as its markers; none for every other body."""
    if body.solid is None:
        return []
    frames = face_frames(body)
    edge_mm = float(np.mean([np.linalg.norm(frame[:3, 3]) for frame in frames])) / _INNER[body.solid]
    return nets_of(body.solid, frames, edge_mm)


def face_frames(body: MarkerBody) -> list[np.ndarray]:
    """Frames (4, 4) `body_from_face` of each marker: its middle, x right, y down, z into the paper."""
    frames = []
    for marker in body.markers:
        corners = marker.corners_mm
        right, down = corners[1] - corners[0], corners[3] - corners[0]
        axes = [right / np.linalg.norm(right), down / np.linalg.norm(down)]
        frame = np.eye(4)
        frame[:3, :3] = np.stack([*axes, np.cross(*axes)], axis=1)
        frame[:3, 3] = corners.mean(axis=0)
        frames.append(frame)
    return frames


def face_quads_mm(body: MarkerBody, number: int) -> np.ndarray:
    """Black areas (n, 4, 2) of one face in its plane, mm."""
    marker, frame = body.markers[number], face_frames(body)[number]
    cells = marker_cells(body, marker)
    lattice = ((cell_corners_mm(marker, len(cells)) - frame[:3, 3]) @ frame[:3, :3])[..., :2]
    row, column = np.nonzero(cells)
    return np.stack([lattice[row + r, column + c] for r, c in ((0, 0), (0, 1), (1, 1), (1, 0))], axis=1)


def net_bounds_mm(net: Net) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest (2,) of everything on the sheet, with its flaps."""
    points = np.concatenate([lines.reshape(-1, 2) for lines in (net.cuts, net.folds, net.flaps)])
    return points.min(axis=0), points.max(axis=0)


def draw_lines(canvas: Canvas, net: Net, page_from_sheet: np.ndarray) -> None:
    """Cuts as thin grey lines, folds dashed; both fainter than a marker's edge."""
    canvas.setLineWidth(0.15 * mm)
    canvas.setStrokeGray(0.6)
    canvas.setDash()
    for flap in net.flaps:
        for start, end in pairwise(flap):
            _line(canvas, start, end, page_from_sheet)
    glued = [flap[[0, 3]] for flap in net.flaps]
    for ends in net.cuts:
        if not any(np.abs(ends - flap).max() < 1e-6 for flap in glued):
            _line(canvas, ends[0], ends[1], page_from_sheet)
    canvas.setDash(2, 2)
    for ends in [*net.folds, *glued]:
        _line(canvas, ends[0], ends[1], page_from_sheet)


def _line(canvas: Canvas, start: np.ndarray, end: np.ndarray, page_from_sheet: np.ndarray) -> None:
    points = (np.column_stack([np.stack([start, end]), np.ones(2)]) @ page_from_sheet.T)[:, :2] * mm
    canvas.line(*points.ravel())
