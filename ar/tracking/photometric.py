"""A pose refined on every pixel of the print: one dense least-squares step, near the bound of what a picture holds.

Source: direct photometric alignment after Lucas and Kanade 1981 with the light solved along (Schur complement) and
robust weights; the print, not another picture, is the template, so nothing drifts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ar.board.faces import Face
from ar.tracking.geometry import moved
from ar.tracking.picture_model import THOROUGH, Budget, Expected, expect
from core.projection import CameraModel

ROUNDS = 2
LIGHT_ROUNDS, LIGHT_STRIDE = 3, 5
SCATTER_PIXELS = 1200
BLOCK_PX = 24
# A block whose pixels miss by this many times the usual is covered, glossy or not as printed.
BLOCK_LIMIT = 2.2
SATURATED = 251
# How well ink gain (px) and blur (px squared) are known before the picture is seen.
PRIOR_SIGMA = np.array([0.2, 0.5, 0.5])
MIN_CONTRAST = 12.0
# The print fits where edges miss by less than this share of the contrast, or hardly more than flat areas do;
# where even those are far off, something else is in the picture.
FIT_SHARE, FIT_RATIO, MOST_SHARE = 0.05, 2.2, 0.16
# The noise of neighbouring pixels is not independent in a camera's picture.
CORRELATED = 1.2
MIN_PIXELS = 150


@dataclass(frozen=True, eq=False)
class Dense:
    """A pose on pixels.

    Attributes:
        matrix: `camera_from_body` (4, 4). covariance: (6, 6) of a small turn and shift in the camera frame.
        noise: scatter of the edge pixels in grey levels; contrast: paper minus ink.
        fits: whether the print explains the picture well enough to be trusted pixel by pixel.
        n_pixels: how many edge pixels spoke. misfit: mean squared residual in units of the contrast, robust.
    """

    matrix: np.ndarray
    covariance: np.ndarray
    noise: float
    contrast: float
    fits: bool
    n_pixels: int
    misfit: float


@dataclass(eq=False)
class _Seen:
    """A face's expectation beside its pixels: design (n, 15), grey (n,), weights and block of each pixel."""

    design: np.ndarray
    grey: np.ndarray
    weight: np.ndarray
    block: np.ndarray
    is_edge: np.ndarray
    contrast: float


def refine_on_pixels(
    grey: np.ndarray,
    faces: Sequence[Face],
    camera: CameraModel,
    rays: tuple[np.ndarray, np.ndarray],
    matrix: np.ndarray,
    kernel: tuple[float, np.ndarray | None],
    budget: Budget = THOROUGH,
) -> Dense | None:
    """One dense step from a pose within some tenths of a pixel; None when too little is seen.

    Args:
        grey: uint8 (height, width).
        matrix: `camera_from_body` (4, 4).
        kernel: the lens blur in pixels, and a motion blur kernel or None.
        budget: how many pixels are drawn and compared.
    """
    seen = []
    for face in faces:
        expected = expect(face, matrix, camera, rays, kernel, budget)
        if expected is not None and (beside := _beside(expected, grey)) is not None:
            seen.append(beside)
    if not seen:
        return None
    step, information, noise, flat_noise, misfit = _solve(seen)
    contrast = float(np.median([s.contrast for s in seen]))
    n_pixels = int(sum((s.weight[s.is_edge] > 0).sum() for s in seen))
    if n_pixels < MIN_PIXELS or not np.isfinite(step).all() or np.linalg.cond(information) > 1e15:
        return None
    fits = noise < max(FIT_SHARE * contrast, min(FIT_RATIO * flat_noise, MOST_SHARE * contrast))
    covariance = np.linalg.inv(information) * noise**2 * CORRELATED
    return Dense(moved(matrix, step), covariance, noise, contrast, bool(fits), n_pixels, misfit / contrast**2)


def _beside(expected: Expected, grey: np.ndarray) -> _Seen | None:
    """The pixels of a face with a first guess of its light; None without contrast."""
    values = grey[expected.rows, expected.columns].astype(np.float32)
    n = len(values)
    x = (expected.columns - expected.columns.mean()) / max(float(np.ptp(expected.columns)), 1.0)
    y = (expected.rows - expected.rows.mean()) / max(float(np.ptp(expected.rows)), 1.0)
    x, y = x.astype(np.float32), y.astype(np.float32)
    paper = expected.paper
    light = np.stack([np.ones(n, np.float32), paper, paper * x, paper * y, x, y], axis=1)
    found = _light(light[::LIGHT_STRIDE], values[::LIGHT_STRIDE])
    contrast = float(found[1])
    if contrast < MIN_CONTRAST:
        return None
    residual = values - light @ found.astype(np.float32)
    weight = _robust(residual, _scatter(residual)) * (values < SATURATED)
    step = np.float32(contrast)
    design = np.concatenate([expected.derivative * step, light, expected.nuisance * step], axis=1)
    columns = expected.columns // BLOCK_PX
    block = (expected.rows // BLOCK_PX) * (int(columns.max()) + 1) + columns
    _, block = np.unique(block, return_inverse=True)
    return _Seen(design, values, weight, np.ravel(block), expected.is_edge, contrast)


def _light(light: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Robust coefficients (6,) of the light, so that a third covered or glossy does not mislead."""
    weight = (values < SATURATED).astype(np.float32)
    found: np.ndarray = np.zeros(6)
    for _ in range(LIGHT_ROUNDS):
        weighted = light * weight[:, None]
        found = np.linalg.solve(weighted.T @ light + 1e-3 * np.eye(6), weighted.T @ values)
        residual = values - light @ found.astype(np.float32)
        weight = _robust(residual, _scatter(residual)) * (values < SATURATED)
    return found


def _solve(seen: list[_Seen]) -> tuple[np.ndarray, np.ndarray, float, float, float]:
    """Step (6,), its information (6, 6) at a noise of 1, the scatter of edge and of flat pixels, the mean square."""
    step: np.ndarray = np.zeros(6)
    information = np.eye(6)
    noise = flat_noise = 1.0
    edges: np.ndarray = np.zeros(0)
    for _ in range(ROUNDS):
        information, target, solved = np.zeros((6, 6)), np.zeros(6), []
        for face in seen:
            weighted = face.design * face.weight[:, None]
            normal = (weighted.T @ face.design).astype(np.float64)
            right = (weighted.T @ face.grey).astype(np.float64)
            normal[range(12, 15), range(12, 15)] += (
                noise / (PRIOR_SIGMA * face.contrast)
            ) ** 2 * face.contrast**2
            normal[range(6, 12), range(6, 12)] += 1e-3
            inner = np.linalg.solve(normal[6:, 6:], np.column_stack([normal[6:, :6], right[6:]]))
            information += normal[:6, :6] - normal[:6, 6:] @ inner[:, :6]
            target += right[:6] - normal[:6, 6:] @ inner[:, 6]
            solved.append(inner)
        step = np.linalg.solve(information + 1e-12 * np.diag(np.diag(information)), target)
        residuals = [
            f.grey - f.design @ np.concatenate([step, i[:, 6] - i[:, :6] @ step]).astype(np.float32)
            for f, i in zip(seen, solved, strict=True)
        ]
        edges = np.concatenate([r[f.is_edge & (f.weight > 0)] for r, f in zip(residuals, seen, strict=True)])
        flats = np.concatenate([r[~f.is_edge & (f.weight > 0)] for r, f in zip(residuals, seen, strict=True)])
        noise = max(_scatter(edges), 0.5) if len(edges) else 1.0
        flat_noise = _scatter(flats) if len(flats) > 30 else noise
        for face, residual in zip(seen, residuals, strict=True):
            face.weight = _weights(face, residual, noise)
    misfit = float(np.mean(np.minimum(np.square(edges), (8.0 * noise) ** 2))) if len(edges) else np.inf
    return step, information, noise, flat_noise, misfit


def _weights(face: _Seen, residual: np.ndarray, noise: float) -> np.ndarray:
    """Huber's weights, and none for blocks that miss as a whole."""
    miss = np.minimum(np.abs(residual), 8.0 * noise)
    count = np.bincount(face.block)
    usual = np.bincount(face.block, weights=miss) / np.maximum(count, 1)
    is_bad = (usual > BLOCK_LIMIT * 0.8 * noise)[face.block]
    return np.where(is_bad | (face.grey >= SATURATED), np.float32(0.0), _robust(residual, noise))


def _robust(residual: np.ndarray, noise: float) -> np.ndarray:
    size = np.maximum(np.abs(residual), np.float32(1e-9))
    return np.where(
        size > 6.0 * noise, np.float32(0.0), np.minimum(np.float32(1.0), np.float32(1.5 * noise) / size)
    )


def _scatter(residual: np.ndarray) -> float:
    """Robust standard deviation, by the median of evenly spread residuals: some hundred say it to a few per cent."""
    size = np.abs(residual[:: len(residual) // SCATTER_PIXELS + 1])
    middle = len(size) // 2
    return 1.4826 * float(np.partition(size, middle)[middle]) + 1e-6
