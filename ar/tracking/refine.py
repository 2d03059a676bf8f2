"""A pose refined on the printed edges: corners are the error of marker tracking, edges are not.

Source: edge-based tracking after Harris 1990 and Drummond and Cipolla 2002, with a blurred-step fit for each profile.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ar.tracking.edges import EdgePlaces
from ar.tracking.geometry import looks_at_camera, moved, project_with_derivative
from ar.tracking.profiles import ProfileFit, best_spread_px, fit_profiles, sample
from core.projection import CameraModel

ITERATIONS = 4
SETTLED_PX = 0.01
# Neighbouring profiles share pixels, so the pose is less sure than as many independent ones would make it.
OVERLAP = 1.5
STEP_PX = 0.5
MIN_CLEAR_PX = 2.6
MIN_PLACES = 40
MIN_CONTRAST = 12.0
MAX_SHIFT_PX = 2.0
# Ink spreads and cameras bloom: all borders may lie this much towards ink or paper (one standard deviation).
INK_GAIN_PX = 0.05


@dataclass(frozen=True, eq=False)
class Refined:
    """A pose on edges.

    Attributes:
        matrix: `camera_from_body` (4, 4). covariance: (6, 6) of a small turn and shift in the camera frame.
        noise_px: scatter of the edges. n_places: how many spoke. spread_px: blur that explains them.
    """

    matrix: np.ndarray
    covariance: np.ndarray
    noise_px: float
    n_places: int
    spread_px: float


@dataclass(frozen=True, eq=False)
class EdgeShifts:
    """How far the edges lie from where a pose puts them.

    Attributes:
        index: (n,) which places were measured.
        normal: (n, 2) direction in the picture from ink to paper.
        shift_px: (n,) distance along it.
        derivative: (n, 6) of that distance by a small turn and shift of the pose.
        weight: (n,) by contrast, 1 for the usual one.
    """

    index: np.ndarray
    normal: np.ndarray
    shift_px: np.ndarray
    derivative: np.ndarray
    weight: np.ndarray


def measure_edges(
    grey: np.ndarray, places: EdgePlaces, camera: CameraModel, matrix: np.ndarray
) -> EdgeShifts | None:
    """Measure the edges around a pose (4, 4) on a grey picture; None when too few are clear to see."""
    return _measure(grey, places, camera, matrix, None)[0]


def refine_on_edges(
    grey: np.ndarray,
    places: EdgePlaces,
    camera: CameraModel,
    matrix: np.ndarray,
    iterations: int = ITERATIONS,
    spread_px: float | None = None,
) -> Refined | None:
    """Refine `camera_from_body` (4, 4) on a grey picture; None when too few edges are clear to see.

    With `spread_px` the blur is known, otherwise it is found.
    """
    refined = None
    for _ in range(iterations):
        measured, spread_px = _measure(grey, places, camera, matrix, spread_px)
        if measured is None or spread_px is None:
            return None
        step, information, noise_px = _step(measured)
        matrix = moved(matrix, step[:6])
        covariance = np.linalg.inv(information)[:6, :6] * noise_px**2 * OVERLAP
        refined = Refined(matrix, covariance, noise_px, len(measured.shift_px), spread_px)
        if np.abs(measured.derivative @ step[:6]).max() < SETTLED_PX:
            break
    return refined


def _measure(
    grey: np.ndarray, places: EdgePlaces, camera: CameraModel, matrix: np.ndarray, spread_px: float | None
) -> tuple[EdgeShifts | None, float | None]:
    pixels, derivative = project_with_derivative(camera, matrix, places.points_mm)
    by_place = derivative[:, :, 3:]
    along = np.einsum("nij,nj->ni", by_place, places.along @ matrix[:3, :3].T)
    outward = np.einsum("nij,nj->ni", by_place, places.outward @ matrix[:3, :3].T)
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    towards = (normal * outward).sum(axis=1)
    normal *= np.sign(towards)[:, None]
    clear_px = np.abs(towards) * places.clear_mm
    height, width = grey.shape
    inside = (pixels > 4.0).all(axis=1) & (pixels[:, 0] < width - 5) & (pixels[:, 1] < height - 5)
    use = inside & (clear_px > MIN_CLEAR_PX) & looks_at_camera(matrix, places.points_mm, places.into)
    if use.sum() < MIN_PLACES:
        return None, spread_px
    half = float(np.clip(np.percentile(clear_px[use], 20) - 1.4, 1.5, 3.0))
    n = int(half / STEP_PX)
    offsets = np.arange(-n, n + 1) * STEP_PX
    profiles = sample(grey, pixels[use, None, :] + offsets[:, None] * normal[use, None, :])
    spread_px = spread_px or best_spread_px(profiles, offsets)
    fit = fit_profiles(profiles, offsets, spread_px)
    good = _good(fit)
    if good.sum() < MIN_PLACES:
        return None, spread_px
    index = np.flatnonzero(use)[good]
    across = np.einsum("ni,nij->nj", normal[index], derivative[index])
    weight = (fit.contrast[good] / np.median(fit.contrast[good])) ** 2
    return EdgeShifts(index, normal[index], fit.shift_px[good], across, weight), spread_px


def _good(fit: ProfileFit) -> np.ndarray:
    """Profiles that look like one border: contrast as the others have, and explained as well as the others."""
    usual = np.percentile(fit.contrast, 60)
    contrast = (fit.contrast > max(0.35 * usual, MIN_CONTRAST)) & (fit.contrast < 2.5 * usual)
    if not contrast.any():
        return contrast
    limit = max(3.0 * float(np.median(fit.misfit[contrast])), 0.03 * usual)
    return contrast & (fit.misfit < limit) & (np.abs(fit.shift_px) < MAX_SHIFT_PX)


def _step(measured: EdgeShifts) -> tuple[np.ndarray, np.ndarray, float]:
    """One robust Gauss-Newton step (7,): pose and ink gain; its information (7, 7) and the noise in px."""
    design = np.concatenate([measured.derivative, np.ones((len(measured.shift_px), 1))], axis=1)
    residual = measured.shift_px
    weight = measured.weight
    for _ in range(3):
        noise_px = max(1.4826 * float(np.median(np.abs(residual))), 0.02)
        huber = np.minimum(1.0, 1.5 * noise_px / np.maximum(np.abs(residual), 1e-9))
        huber[np.abs(residual) > 6.0 * noise_px] = 0.0
        weighted = design * (measured.weight * huber)[:, None]
        information = weighted.T @ design
        information[6, 6] += (noise_px / INK_GAIN_PX) ** 2
        step = np.linalg.solve(information, weighted.T @ measured.shift_px)
        residual = measured.shift_px - design @ step
        weight = measured.weight * huber
    noise_px = float(np.sqrt((weight * residual**2).sum() / max(weight.sum() - 7.0, 1.0)))
    return step, information, max(noise_px, 0.01)
