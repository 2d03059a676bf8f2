"""Whether the print that should be at a pose is really there: black and white cells beside the picture's grey."""

from __future__ import annotations

import numpy as np

from ar.board.model import MarkerBody
from ar.board.printed import cell_corners_mm, marker_cells
from ar.tracking.geometry import looks_at_camera, project_with_derivative
from ar.tracking.profiles import sample
from core.projection import CameraModel

# Correlation from which a marker counts as seen: noise gives 0.1 to 0.3, a clean print 0.95, half covered 0.5.
SEEN = 0.7
MIN_CELL_PX = 1.5


class Pattern:
    """The cells of one body's markers."""

    def __init__(self, body: MarkerBody) -> None:
        cells = [marker_cells(body, marker) for marker in body.markers]
        centres, into = [], []
        for marker, black in zip(body.markers, cells, strict=True):
            corners = cell_corners_mm(marker, len(black))
            centres.append(((corners[:-1, :-1] + corners[1:, 1:]) / 2.0).reshape(-1, 3))
            c = marker.corners_mm
            into.append(np.cross(c[1] - c[0], c[3] - c[0]))
        self.marker_ids = np.array([marker.marker_id for marker in body.markers])
        self._centres_mm = np.stack(centres)
        self._sign = np.where(np.stack(cells).reshape(len(cells), -1), -1.0, 1.0)
        self._sign -= self._sign.mean(axis=1, keepdims=True)
        self._into = np.stack(into)
        self._cell_mm = np.array([m.side_mm / len(c) for m, c in zip(body.markers, cells, strict=True)])

    def correlations(self, grey: np.ndarray, camera: CameraModel, matrix: np.ndarray) -> np.ndarray:
        """Correlation (n markers,) of print and picture, -1 to 1, at a pose (4, 4); 0 where it cannot be seen."""
        n, m = self._sign.shape
        middle = self._centres_mm.mean(axis=1)
        placed = self._centres_mm.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]
        pixels, _ = project_with_derivative(camera, matrix, self._centres_mm.reshape(-1, 3))
        height, width = grey.shape
        inside = (
            (placed[:, 2] > 1.0)
            & (pixels > 1.0).all(axis=1)
            & (pixels[:, 0] < width - 2)
            & (pixels[:, 1] < height - 2)
        )
        is_seen = inside.reshape(n, m).all(axis=1) & looks_at_camera(matrix, middle, self._into)
        depth = placed.reshape(n, m, 3)[:, :, 2].mean(axis=1)
        is_seen &= camera.camera_matrix[0, 0] * self._cell_mm > MIN_CELL_PX * np.maximum(depth, 1.0)
        values = sample(grey, np.where(inside[:, None], pixels, 2.0)).reshape(n, m)
        values = values - values.mean(axis=1, keepdims=True)
        norm = np.sqrt((values**2).sum(axis=1) * (self._sign**2).sum(axis=1))
        return np.where(
            is_seen & (norm > 1e-6), (values * self._sign).sum(axis=1) / np.maximum(norm, 1e-6), 0.0
        )
