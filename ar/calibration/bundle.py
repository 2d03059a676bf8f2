"""Lens and all poses adjusted together on every printed edge: corners alone leave several times the error.

Source: bundle adjustment after Triggs et al. 2000, on edge distances instead of corner positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ar.calibration.shapes import shape_of
from ar.tracking.edges import EdgePlaces
from ar.tracking.geometry import moved, project_with_derivative
from ar.tracking.refine import measure_edges
from core.lens import distort_with_derivative
from core.projection import CameraModel

ITERATIONS = 8
SETTLED = 1e-6
INK_GAIN_PX = 0.05
HUBER = 1.5
# Profiles share pixels with their neighbours; each counts for a third.
INDEPENDENCE = 0.35


@dataclass(frozen=True, eq=False)
class EdgeLines:
    """One view's printed edges as they were seen: lines that the projected places must lie on.

    Attributes:
        points_mm: (n, 3) places on the print in the body's frame.
        normal: (n, 2) direction across the edge in the picture, from ink to paper.
        at_px: (n,) where the edge lies along it.
        weight: (n,) by contrast.
    """

    points_mm: np.ndarray
    normal: np.ndarray
    at_px: np.ndarray
    weight: np.ndarray

    def every(self, step: int) -> EdgeLines:
        """Each n-th of them, for quick comparisons."""
        return EdgeLines(self.points_mm[::step], self.normal[::step], self.at_px[::step], self.weight[::step])


@dataclass(frozen=True, eq=False)
class Bundle:
    """A lens and the poses of its views, fitted together.

    Attributes:
        camera: the lens.
        matrices: `camera_from_body` (4, 4) of each view.
        information: (4 + k, 4 + k) of fx, fy, cx, cy and the coefficients at a noise of 1 px.
        noise_px: scatter of the edges.
    """

    camera: CameraModel
    matrices: tuple[np.ndarray, ...]
    information: np.ndarray
    noise_px: float

    @property
    def covariance(self) -> np.ndarray:
        """(4 + k, 4 + k) of fx, fy, cx, cy (px) and the coefficients."""
        return np.linalg.inv(self.information) * self.noise_px**2 / INDEPENDENCE

    @property
    def focal_error_percent(self) -> float:
        """Expected error of the focal length, the larger of both directions."""
        sigma = np.sqrt(np.diag(self.covariance)[:2])
        return 100.0 * float((sigma / np.diag(self.camera.camera_matrix)[:2]).max())


def read_lines(
    grey: np.ndarray, places: EdgePlaces, camera: CameraModel, matrix: np.ndarray
) -> EdgeLines | None:
    """The edges of one view, looked for around a pose; None when too few are clear to see.

    Args:
        grey: (height, width) float32.
        matrix: `camera_from_body` (4, 4).
    """
    shifts = measure_edges(grey, places, camera, matrix)
    if shifts is None:
        return None
    points = places.points_mm[shifts.index]
    pixels, _ = project_with_derivative(camera, matrix, points)
    at = (pixels * shifts.normal).sum(axis=1) + shifts.shift_px
    return EdgeLines(points, shifts.normal, at, shifts.weight)


def adjust(lines: Sequence[EdgeLines], camera: CameraModel, matrices: Sequence[np.ndarray]) -> Bundle:
    """The lens and the poses that bring all places onto their lines, robustly; the lens keeps its model."""
    poses = [np.asarray(matrix) for matrix in matrices]
    for _ in range(ITERATIONS):
        step, turns, information, noise_px = _step(lines, camera, poses)
        camera = _changed(camera, step)
        poses = [moved(pose, turn) for pose, turn in zip(poses, turns, strict=True)]
        if np.abs(step[:2]).max() < SETTLED * camera.camera_matrix[0, 0]:
            break
    return Bundle(camera, tuple(poses), information, noise_px)


def settle_pose(lines: EdgeLines, camera: CameraModel, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One view's pose (4, 4) under a fixed lens, and the distances (n,) in px that remain."""
    for _ in range(6):
        residual, by_pose = _residual(lines, camera, matrix)
        noise_px = _noise_px(residual)
        design = np.concatenate([by_pose, np.ones((len(residual), 1))], axis=1)
        weight = lines.weight * _huber(residual, noise_px)
        inner = (design * weight[:, None]).T @ design
        inner[6, 6] += (noise_px / INK_GAIN_PX) ** 2
        step = np.linalg.solve(inner, (design * weight[:, None]).T @ residual)
        matrix = moved(matrix, step[:6])
    residual, _ = _residual(lines, camera, matrix)
    return matrix, residual - step[6]


def lens_derivative(camera: CameraModel, matrix: np.ndarray, points_mm: np.ndarray) -> np.ndarray:
    """How pixels move (n, 2, 4 + k) with fx, fy, cx, cy and the coefficients, for places (n, 3) of the body."""
    placed = points_mm @ matrix[:3, :3].T + matrix[:3, 3]
    xy = placed[:, :2] / placed[:, 2:]
    bent, _, by_all = distort_with_derivative(camera.lens, camera.distortion, xy)
    n = len(points_mm)
    result = np.zeros((n, 2, 4 + by_all.shape[2]))
    result[:, 0, 0], result[:, 1, 1] = bent[:, 0], bent[:, 1]
    result[:, 0, 2] = result[:, 1, 3] = 1.0
    result[:, :, 4:] = camera.camera_matrix[:2, :2] @ by_all
    return result


def _residual(lines: EdgeLines, camera: CameraModel, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance (n,) of the lines from their projected places, and the places' motion (n, 6) by the pose."""
    pixels, by_pose = project_with_derivative(camera, matrix, lines.points_mm)
    return lines.at_px - (pixels * lines.normal).sum(axis=1), np.einsum("ni,nij->nj", lines.normal, by_pose)


def _step(
    lines: Sequence[EdgeLines], camera: CameraModel, poses: Sequence[np.ndarray]
) -> tuple[np.ndarray, list[np.ndarray], np.ndarray, float]:
    """One robust Gauss-Newton step: lens (4 + k,), poses (6,) each, the lens's information, noise in px.

    Each view's pose and ink gain are eliminated first (Schur complement), so that the size stays that of the lens.
    """
    seen = [_residual(own, camera, pose) for own, pose in zip(lines, poses, strict=True)]
    noise_px = _noise_px(np.concatenate([residual for residual, _ in seen]))
    n_lens = 4 + len(camera.distortion)
    loose = shape_of(camera).loose
    information = np.diag(np.concatenate([np.zeros(4), (noise_px / loose) ** 2]))
    gradient = -information @ np.concatenate([np.zeros(4), camera.distortion])
    views, total, squares = [], 0.0, 0.0
    for own, pose, (residual, by_pose) in zip(lines, poses, seen, strict=True):
        by_lens = np.einsum("ni,nij->nj", own.normal, lens_derivative(camera, pose, own.points_mm))
        weight = own.weight * _huber(residual, noise_px)
        inside = np.concatenate([by_pose, np.ones((len(weight), 1))], axis=1)
        weighted = inside * weight[:, None]
        inner = weighted.T @ inside
        inner[6, 6] += (noise_px / INK_GAIN_PX) ** 2
        coupling, right = weighted.T @ by_lens, weighted.T @ residual
        solved = np.linalg.solve(inner, np.concatenate([coupling, right[:, None]], axis=1))
        information += (by_lens * weight[:, None]).T @ by_lens - coupling.T @ solved[:, :n_lens]
        gradient += (by_lens * weight[:, None]).T @ residual - coupling.T @ solved[:, n_lens]
        views.append(solved)
        total += float(weight.sum())
        squares += float((weight * residual**2).sum())
    step = np.linalg.solve(information, gradient)
    turns = [(solved[:, n_lens] - solved[:, :n_lens] @ step)[:6] for solved in views]
    return step, turns, information, float(np.sqrt(squares / total))


def _noise_px(residual: np.ndarray) -> float:
    return max(1.4826 * float(np.median(np.abs(residual))), 0.02)


def _huber(residual: np.ndarray, noise_px: float) -> np.ndarray:
    return np.minimum(1.0, HUBER * noise_px / np.maximum(np.abs(residual), 1e-9))


def _changed(camera: CameraModel, step: np.ndarray) -> CameraModel:
    matrix = camera.camera_matrix.copy()
    matrix[[0, 1, 0, 1], [0, 1, 2, 2]] += step[:4]
    distortion = camera.distortion + step[4:]
    return CameraModel(camera.width, camera.height, matrix, distortion, lens=camera.lens)
