"""A face's print as a fine picture whose grey is exactly the share of ink, at the scale a view needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from ar.board.faces import Face
from ar.opencv import cv2

FINEST_PX_PER_MM = 16.0
TILTED_SAMPLES = 8


@dataclass(frozen=True, eq=False)
class Print:
    """A printed face.

    Attributes:
        ink_and_paper: float32 (rows, columns, 2) share of ink and of paper, 0 to 1.
        px_per_mm: pixels a millimetre.
        low_mm: (2,) where the first pixel begins.
    """

    ink_and_paper: np.ndarray
    px_per_mm: float
    low_mm: np.ndarray

    @cached_property
    def paper_only(self) -> np.ndarray:
        """Share of paper, float32 (rows, columns): 0 ink, 1 paper or what lies beside it."""
        return np.ascontiguousarray(1.0 - self.ink_and_paper[..., 0])


def printed(face: Face, margin_mm: float, px_per_mm: float) -> Print:
    """The print with at least `px_per_mm`, where that is sensible, in steps of a quarter octave: few are kept."""
    level = float(2.0 ** (np.ceil(4.0 * np.log2(np.clip(px_per_mm, 0.25, FINEST_PX_PER_MM))) / 4.0))
    return _printed(face, margin_mm, level)


@lru_cache(maxsize=128)
def _printed(face: Face, margin_mm: float, px_per_mm: float) -> Print:
    low = face.low_mm - margin_mm
    size = np.ceil((face.high_mm + margin_mm - low) * px_per_mm).astype(int) + 2
    # One pixel of nothing around the paper, so that its border falls off within the picture.
    low = low - 1.0 / px_per_mm
    paper = np.array([face.low_mm - margin_mm, face.high_mm + margin_mm])
    shape = (int(size[1]), int(size[0]))
    ink = _shares((face.quads_mm - low) * px_per_mm, shape)
    sheet = _shares((_box(paper) - low)[None] * px_per_mm, shape)
    return Print(np.minimum(np.stack([ink, sheet], axis=2), 1.0), px_per_mm, low)


def _box(corners: np.ndarray) -> np.ndarray:
    (x0, y0), (x1, y1) = corners
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def _shares(quads_px: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The share of every pixel's area that convex quads (n, 4, 2) cover, float32, in pixel-edge coordinates."""
    sides = np.abs(np.roll(quads_px, -1, axis=1) - quads_px)
    is_level = (sides.min(axis=2) < 1e-6).all(axis=1)
    low, high = quads_px[is_level].min(axis=1), quads_px[is_level].max(axis=1)
    down, across = (_covered(low[:, axis], high[:, axis], shape[1 - axis]) for axis in (1, 0))
    layer = down.T @ across
    for quad in quads_px[~is_level]:
        first = np.maximum(np.floor(quad.min(axis=0)).astype(int), 0)
        last = np.minimum(np.ceil(quad.max(axis=0)).astype(int), shape[::-1])
        window = layer[first[1] : last[1], first[0] : last[0]]
        window += _tilted(quad - first, window.shape)
    return layer


def _covered(low: np.ndarray, high: np.ndarray, n: int) -> np.ndarray:
    """The share (k, n) of each of n pixels in a row that k intervals cover."""
    edge = np.arange(n)
    inner = np.minimum(high[:, None], edge + 1) - np.maximum(low[:, None], edge)
    return np.clip(inner, 0.0, 1.0).astype(np.float32)


def _tilted(quad_px: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    n = TILTED_SAMPLES
    y, x = np.mgrid[0 : shape[0] * n, 0 : shape[1] * n]
    x, y = (x + 0.5) / n, (y + 0.5) / n
    inside = np.ones(x.shape, dtype=bool)
    edges = np.roll(quad_px, -1, axis=0) - quad_px
    turn = np.sign(edges[0, 0] * edges[1, 1] - edges[0, 1] * edges[1, 0])
    for (ax, ay), (ex, ey) in zip(quad_px, edges, strict=True):
        inside &= turn * (ex * (y - ay) - ey * (x - ax)) >= 0.0
    return cv2.resize(inside.astype(np.float32), shape[1::-1], interpolation=cv2.INTER_AREA)
