"""A vessel's surroundings laid straight along its middle line: the image, and where structures meet the picture."""

from __future__ import annotations

import numpy as np

from core.volume import LabelMap, Volume
from render.fused_slice import ROWS_AT_ONCE, trilinear
from render.label_contours import INSIDE, lines_at


def straightened(
    volume: Volume, places_mm: np.ndarray, across: np.ndarray, n_rows: int, spacing_mm: float
) -> np.ndarray:
    """The image on the surface that a line and its cut directions span: float32 (n_rows, n).

    Column k runs through `places_mm[k]` along `across[k]`, downwards as that direction points; the middle of the
    picture lies on the line. Trilinear; NaN where nothing was measured.

    Args:
        places_mm, across: (n, 3) LPS positions and unit directions. spacing_mm: from row to row.
    """
    beside_mm = (np.arange(n_rows) - (n_rows - 1) / 2.0) * spacing_mm
    matrix = volume.index_from_patient
    middle = places_mm @ matrix[:3, :3].T + matrix[:3, 3]
    step = across @ matrix[:3, :3].T
    picture = np.empty((n_rows, len(places_mm)), dtype=np.float32)
    for first in range(0, n_rows, ROWS_AT_ONCE):
        rows = slice(first, min(first + ROWS_AT_ONCE, n_rows))
        index = middle.T[:, None] + beside_mm[rows][None, :, None] * step.T[:, None]
        picture[rows] = trilinear(volume.voxels, index.astype(np.float32))
    return picture


def straightened_contours(
    labels: LabelMap, value: int, places_mm: np.ndarray, across: np.ndarray, n_rows: int, spacing_mm: float
) -> list[np.ndarray]:
    """Polylines (n, 2) in pixels (column, row) around one structure on the same surface, from its labels."""
    mask = Volume(np.where(labels.labels == value, np.uint8(INSIDE), np.uint8(0)), labels.patient_from_index)
    picture = np.nan_to_num(straightened(mask, places_mm, across, n_rows, spacing_mm))
    return lines_at(picture, INSIDE / 2.0)
