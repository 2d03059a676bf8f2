"""A registration by landmarks refined on touched surface points, held to what the landmarks say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ar.registration.closest import SurfaceFinder
from ar.registration.model import Method, Registration
from ar.registration.spread import MotionSpread, chi_square_limit, motion_derivative
from core.errors import PlannerError
from core.frames import PATIENT, Transform, apply_affine, rigid
from core.mesh import SurfaceMesh

WHAT = "cannot refine on the surface"
MIN_POINTS = 20
MIN_KEPT = 0.6
MAX_MISFIT = 2.0
ITERATIONS = 60
SETTLED_MM = 1e-3
HUBER = 1.5
TRIM = 3.0
# A segmented surface is off by the same amount over centimetres: more points than these add no new facts.
INDEPENDENT_POINTS = 60.0
SURE = 0.999


@dataclass(frozen=True, eq=False)
class SurfaceFit:
    """A map fitted to surface points and landmarks together.

    Attributes:
        matrix: body from patient (4, 4).
        spread: its uncertainty in the body's frame.
        rms_mm: root mean square distance of the points that were kept from the surface.
        kept: (n,) which points agree with the surface.
        n_iterations: how many steps were taken.
    """

    matrix: np.ndarray
    spread: MotionSpread
    rms_mm: float
    kept: np.ndarray
    n_iterations: int


def refine_on_surface(
    registration: Registration,
    touched_mm: np.ndarray,
    surfaces: Sequence[SurfaceMesh],
    sigma_mm: float = 1.0,
    tip_radius_mm: float = 0.0,
) -> Registration:
    """The registration refined on points touched on the patient's surface.

    Args:
        registration: by landmarks; it is the start and keeps its say.
        touched_mm: (n, 3) in the body's frame.
        surfaces: what was touched, LPS mm, normals outward.
        sigma_mm: expected distance of a touched point from the surface, one standard deviation.
        tip_radius_mm: of a ball tip, whose centre stays this far outside the surface.

    Raises:
        PlannerError: no landmarks, too few points, or a surface that contradicts the landmarks.
    """
    touched = np.asarray(touched_mm, dtype=np.float64).reshape(-1, 3)
    if registration.spread is None or not registration.is_registered:
        raise PlannerError(WHAT, "nothing is registered yet", "touch three or more landmarks first")
    if len(touched) < MIN_POINTS:
        raise PlannerError(
            WHAT, f"{len(touched)} surface points, {MIN_POINTS} are needed", "glide over more of the surface"
        )
    finder = SurfaceFinder(surfaces)
    fit = fit_surface(registration, touched, finder, sigma_mm, tip_radius_mm)
    _check(registration, fit, sigma_mm)
    fre_mm = _fre_mm(registration, fit.matrix)
    note = (
        f"Registered by {len(registration.fiducials)} points and {int(fit.kept.sum())} on the surface, "
        f"FRE {fre_mm:.2f} mm, surface {fit.rms_mm:.2f} mm."
    )
    return replace(
        registration,
        body_from_patient=Transform(registration.body_from_patient.to_frame, PATIENT, fit.matrix),
        fre_mm=fre_mm,
        note=note,
        method=Method.SURFACE,
        spread=fit.spread,
        surface_rms_mm=fit.rms_mm,
    )


def fit_surface(
    registration: Registration,
    touched_mm: np.ndarray,
    finder: SurfaceFinder,
    sigma_mm: float = 1.0,
    tip_radius_mm: float = 0.0,
) -> SurfaceFit:
    """Robust point-to-plane matching in which the landmarks' spread takes part; not yet checked.

    Source: Chen and Medioni 1992 (point to plane), Huber's weights with trimming, a Gaussian prior from the landmarks.
    """
    assert registration.spread is not None
    prior, start = registration.spread, registration.body_from_patient.matrix
    held = np.linalg.inv(prior.covariance)
    motion, matrix = np.zeros(6), start.copy()
    scale_mm = 0.0
    for iteration in range(ITERATIONS):
        residual, by_motion = _distances(matrix, touched_mm, finder, prior.centre_mm, tip_radius_mm)
        # The scale may only shrink: the first steps must still hear points that the start puts far away.
        measured = max(1.4826 * float(np.median(np.abs(residual))), sigma_mm)
        scale_mm = measured if iteration == 0 else min(scale_mm, measured)
        weight = _weights(residual, scale_mm)
        share = min(1.0, INDEPENDENT_POINTS / max(float((weight > 0).sum()), 1.0)) / scale_mm**2
        information = share * (by_motion * weight[:, None]).T @ by_motion + held
        gradient = -share * by_motion.T @ (weight * residual) - held @ motion
        step = np.linalg.solve(information, gradient)
        motion = motion + step
        matrix = _moved(start, motion, prior.centre_mm)
        if np.abs(step[3:]).max() + 50.0 * np.abs(step[:3]).max() < SETTLED_MM:
            break
    residual, by_motion = _distances(matrix, touched_mm, finder, prior.centre_mm, tip_radius_mm)
    kept = np.abs(residual) < TRIM * scale_mm
    rms = float(np.sqrt((residual[kept] ** 2).mean())) if kept.any() else float("inf")
    spread = MotionSpread(prior.centre_mm, np.linalg.inv(information))
    return SurfaceFit(matrix, spread, rms, kept, iteration + 1)


def _distances(
    matrix: np.ndarray, touched_mm: np.ndarray, finder: SurfaceFinder, centre_mm: np.ndarray, radius_mm: float
) -> tuple[np.ndarray, np.ndarray]:
    """Distance (n,) of the points from the planes of their closest places, and its change (n, 6) by a motion."""
    rotation = matrix[:3, :3]
    closest = finder.closest(apply_affine(np.linalg.inv(matrix), touched_mm))
    normals = closest.normals @ rotation.T
    places = apply_affine(matrix, closest.places_mm)
    residual = ((touched_mm - places) * normals).sum(axis=1) - radius_mm
    by_motion = -np.einsum("ni,nij->nj", normals, motion_derivative(places, centre_mm))
    return residual, by_motion


def _weights(residual: np.ndarray, scale_mm: float) -> np.ndarray:
    size = np.maximum(np.abs(residual), 1e-12)
    weight = np.minimum(1.0, HUBER * scale_mm / size)
    weight[size > TRIM * scale_mm] = 0.0
    return weight


def _moved(start: np.ndarray, motion: np.ndarray, centre_mm: np.ndarray) -> np.ndarray:
    """`start` (4, 4), then a turn about `centre_mm` and a shift (6,)."""
    turn = rigid(motion[:3], np.zeros(3))
    turn[:3, 3] = centre_mm - turn[:3, :3] @ centre_mm + motion[3:]
    return turn @ start


def _fre_mm(registration: Registration, matrix: np.ndarray) -> float:
    pairs = registration.fiducials
    mapped = apply_affine(matrix, np.array([f.patient_mm for f in pairs]))
    squares = (mapped - np.array([f.body_mm for f in pairs])) ** 2
    return float(np.sqrt(squares.sum(axis=1).mean()))


def _check(registration: Registration, fit: SurfaceFit, sigma_mm: float) -> None:
    """Refuse a fit that the landmarks exclude, or that does not explain what was touched."""
    assert registration.spread is not None
    share = float(fit.kept.mean())
    if share < MIN_KEPT or fit.rms_mm > MAX_MISFIT * sigma_mm:
        raise PlannerError(
            WHAT,
            f"{share:.0%} of the touched points lie on it, within {fit.rms_mm:.1f} mm; {sigma_mm:.1f} mm was expected",
            "check which structure was touched and whether the landmarks were; touch both again",
        )
    distance2 = _mahalanobis2(registration, fit.matrix)
    if distance2 > chi_square_limit(SURE, 6.0):
        raise PlannerError(
            WHAT,
            "the surface and the landmarks contradict each other",
            "touch the landmarks again, and check that the surface is this patient's",
        )


def _mahalanobis2(registration: Registration, matrix: np.ndarray) -> float:
    """How far a map lies from the landmarks' one, squared, in their standard deviations."""
    spread = registration.spread
    assert spread is not None
    change = matrix @ np.linalg.inv(registration.body_from_patient.matrix)
    skew = (change[:3, :3] - change[:3, :3].T) / 2.0
    turn = np.array([skew[2, 1], skew[0, 2], skew[1, 0]])
    shift = change[:3, :3] @ spread.centre_mm + change[:3, 3] - spread.centre_mm
    motion = np.concatenate([turn, shift])
    return float(motion @ np.linalg.solve(spread.covariance, motion))
