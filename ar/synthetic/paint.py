"""One printed face, averaged over every pixel's area by rays through the lens onto its plane."""

from __future__ import annotations

import numpy as np

from ar.board.faces import Face
from ar.board.texture import printed
from ar.opencv import cv2
from ar.rays import rays_of
from core.projection import CameraModel


def paint_face(
    light: np.ndarray,
    face: Face,
    poses: np.ndarray,
    camera: CameraModel,
    levels: tuple[float, float],
    margin_mm: float,
    oversampling: int,
) -> None:
    """Lay a face over light (height, width) where it looks at the camera.

    Args:
        poses: (1 or height, 4, 4) `camera_from_body`, of all rows or of each.
        levels: light of ink and of paper.
        margin_mm: paper around the ink.
    """
    placed = poses @ face.body_from_face
    middle = placed[len(placed) // 2]
    if middle[:3, 2] @ middle[:3, 3] <= 0.0:
        return
    window = _window(face, margin_mm, camera, placed)
    if window is None:
        return
    rows, columns = window
    rays = rays_of(camera)
    x, y = (rays[axis][rows, columns] for axis in (0, 1))
    part = placed if len(placed) == 1 else placed[rows]
    flat = np.linalg.inv(part[:, :3][:, :, [0, 1, 3]])[:, :, :, None]
    u, v, w = (flat[:, i, 0] * x + flat[:, i, 1] * y + flat[:, i, 2] for i in range(3))
    # Distance between neighbouring pixels on the paper says how fine a print is needed.
    step_mm = float(np.abs(np.diff(u / w, axis=1)).max(initial=1e-3))
    sheet = printed(face, margin_mm, oversampling / step_mm)
    across, down = (
        _fine((m / w - sheet.low_mm[i]) * sheet.px_per_mm - 0.5, oversampling) for i, m in enumerate((u, v))
    )
    seen = cv2.remap(sheet.ink_and_paper, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    size = (x.shape[1], x.shape[0])
    ink, paper = cv2.split(cv2.resize(seen, size, interpolation=cv2.INTER_AREA))
    black, white = levels
    under = light[rows, columns]
    light[rows, columns] = under * (1.0 - paper) + white * (paper - ink) + black * ink


def _fine(places: np.ndarray, n: int) -> np.ndarray:
    """Values at n x n evenly spread places of every pixel, linear between the pixels' middles."""
    size = (places.shape[1] * n, places.shape[0] * n)
    return cv2.resize(places.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)


def _window(
    face: Face, margin_mm: float, camera: CameraModel, placed: np.ndarray
) -> tuple[slice, slice] | None:
    """Rows and columns that the face may cover; None when it is out of the picture."""
    t = np.linspace(0.0, 1.0, 9)
    low, high = face.low_mm - margin_mm, face.high_mm + margin_mm
    x, y = np.meshgrid(low[0] + t * (high[0] - low[0]), low[1] + t * (high[1] - low[1]))
    points = np.stack([x.ravel(), y.ravel(), np.zeros(x.size), np.ones(x.size)])
    ends = [m @ points for m in placed[[0, -1]]]
    if any((end[2] < 1.0).any() for end in ends):
        return None
    pixels = np.concatenate([camera.project(end[:3].T) for end in ends])
    first = np.maximum(np.floor(pixels.min(axis=0)).astype(int) - 4, 0)
    last = np.minimum(np.ceil(pixels.max(axis=0)).astype(int) + 5, (camera.width, camera.height))
    if (last - first < 2).any():
        return None
    return slice(first[1], last[1]), slice(first[0], last[0])
