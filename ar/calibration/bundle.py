"""Lens and all poses adjusted together on every printed edge: corners alone leave several times the error.

Source: bundle adjustment after Triggs et al. 2000, on edge distances instead of corner positions.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ar.opencv import cv2
from ar.tracking.edges import EdgePlaces
from ar.tracking.geometry import moved
from ar.tracking.refine import EdgeShifts, measure_edges
from core.projection import CameraModel

ITERATIONS = 5
MIN_READABLE = 6
INK_GAIN_PX = 0.05
# Profiles share pixels with their neighbours; each counts for a third.
INDEPENDENCE = 0.35


def adjust_on_edges(
    greys: Sequence[np.ndarray], places: EdgePlaces, camera: CameraModel, matrices: Sequence[np.ndarray]
) -> CameraModel | None:
    """The camera refined on the edges of all views that can be read; None when these are too few.

    Args:
        greys: pictures (height, width).
        matrices: `camera_from_body` (4, 4) of each, to start from.
    """
    pictures, poses = _readable(greys, places, camera, matrices)
    if len(poses) < MIN_READABLE:
        return None
    n_lens = 4 + (5 if camera.distortion.size == 5 and camera.distortion[4] != 0.0 else 4)
    for _ in range(ITERATIONS):
        seen = [measure_edges(p, places, camera, m) for p, m in zip(pictures, poses, strict=True)]
        if any(shifts is None for shifts in seen):
            return None
        measured = [shifts for shifts in seen if shifts is not None]
        lens = [_lens_derivative(camera, m, places, s, n_lens) for m, s in zip(poses, measured, strict=True)]
        step, turns, information, noise_px = _solve(measured, lens)
        camera = _changed(camera, step)
        poses = [moved(pose, turn) for pose, turn in zip(poses, turns, strict=True)]
    covariance = np.linalg.inv(information) * noise_px**2 / INDEPENDENCE
    percent = 100.0 * float(np.sqrt(covariance[0, 0])) / camera.camera_matrix[0, 0]
    return CameraModel(
        camera.width, camera.height, camera.camera_matrix, camera.distortion, camera.rms_px, percent
    )


def _readable(
    greys: Sequence[np.ndarray], places: EdgePlaces, camera: CameraModel, matrices: Sequence[np.ndarray]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Pictures (float32) and poses of the views whose edges can be measured."""
    views = [(grey.astype(np.float32), matrix) for grey, matrix in zip(greys, matrices, strict=True)]
    views = [view for view in views if measure_edges(view[0], places, camera, view[1]) is not None]
    return [picture for picture, _ in views], [matrix for _, matrix in views]


def _lens_derivative(
    camera: CameraModel, matrix: np.ndarray, places: EdgePlaces, shifts: EdgeShifts, n_lens: int
) -> np.ndarray:
    """How the edges move across themselves (n, n_lens) with fx, fy, cx, cy, k1, k2, p1, p2[, k3]."""
    points = places.points_mm[shifts.index]
    vector = cv2.Rodrigues(matrix[:3, :3])[0]
    distortion = np.pad(camera.distortion, (0, 5 - len(camera.distortion)))
    _, full = cv2.projectPoints(points[:, None], vector, matrix[:3, 3], camera.camera_matrix, distortion)
    by_point = np.asarray(full)[:, 6 : 6 + n_lens].reshape(-1, 2, n_lens)
    return np.einsum("ni,nij->nj", shifts.normal, by_point)


def _solve(
    measured: Sequence[EdgeShifts], lens: Sequence[np.ndarray]
) -> tuple[np.ndarray, list[np.ndarray], np.ndarray, float]:
    """One robust Gauss-Newton step: lens (n_lens,), poses (6,) each, the lens's information, noise in px.

    Each view's pose and ink gain are eliminated first (Schur complement), so that the size stays that of the lens.
    """
    residual = np.concatenate([shifts.shift_px for shifts in measured])
    noise_px = max(1.4826 * float(np.median(np.abs(residual))), 0.02)
    n_lens = lens[0].shape[1]
    information, gradient = np.zeros((n_lens, n_lens)), np.zeros(n_lens)
    views = []
    total, squares = 0.0, 0.0
    for shifts, by_lens in zip(measured, lens, strict=True):
        weight = shifts.weight * np.minimum(1.0, 1.5 * noise_px / np.maximum(np.abs(shifts.shift_px), 1e-9))
        own = np.concatenate([shifts.derivative, np.ones((len(weight), 1))], axis=1)
        weighted = own * weight[:, None]
        inner = weighted.T @ own
        inner[6, 6] += (noise_px / INK_GAIN_PX) ** 2
        coupling = weighted.T @ by_lens
        right = weighted.T @ shifts.shift_px
        solved = np.linalg.solve(inner, np.concatenate([coupling, right[:, None]], axis=1))
        information += (by_lens * weight[:, None]).T @ by_lens - coupling.T @ solved[:, :-1]
        gradient += (by_lens * weight[:, None]).T @ shifts.shift_px - coupling.T @ solved[:, -1]
        views.append(solved)
        total += float(weight.sum())
        squares += float((weight * shifts.shift_px**2).sum())
    step = np.linalg.solve(information, gradient)
    turns = [(solved[:, -1] - solved[:, :-1] @ step)[:6] for solved in views]
    return step, turns, information, float(np.sqrt(squares / total))


def _changed(camera: CameraModel, step: np.ndarray) -> CameraModel:
    matrix = camera.camera_matrix.copy()
    matrix[[0, 1, 0, 1], [0, 1, 2, 2]] += step[:4]
    distortion = np.pad(camera.distortion, (0, 5 - len(camera.distortion)))
    distortion[: len(step) - 4] += step[4:]
    return CameraModel(
        camera.width, camera.height, matrix, distortion, camera.rms_px, camera.focal_error_percent
    )
