"""Registration by touched landmarks: fitted, checked for the usual mix-ups, and its error foretold."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from ar.registration.model import Fiducial, Method, Registration
from ar.registration.paired import PointFit, leave_one_out_mm, register_points
from ar.registration.spread import MotionSpread, chi_square_limit, spread_of_points
from core.errors import Finding, PlannerError
from core.frames import PATIENT, Transform, apply_affine

WHAT = "cannot register the patient"
MIN_OFF_LINE_MM = 5.0
MAX_FRE_MM = 10.0
# A mix-up is said when undoing it makes the misfit this many times smaller.
CLEARLY_BETTER = 2.5
MAX_SCALE_ERROR = 0.03
SURE_SCALE = 4.0
# The stated errors of the fiducials count like this many measured coordinates beside the residuals of the fit:
# a few points often fit well by luck (Fitzpatrick 2009: FRE does not tell TRE).
PRIOR_FREEDOM = 6.0
SURE = 0.999


def register_fiducials(
    fiducials: Sequence[Fiducial], body: str, frame_of_reference_uid: str = ""
) -> Registration:
    """Registration from landmarks touched on the patient, each with its expected error.

    Raises:
        PlannerError: fewer than three, two of one name, on a line, left and right or two names exchanged, a scale
            that is not 1, or a misfit that no touch explains.
    """
    fiducials = tuple(fiducials)
    patient = np.array([f.patient_mm for f in fiducials], dtype=np.float64).reshape(-1, 3)
    touched = np.array([f.body_mm for f in fiducials], dtype=np.float64).reshape(-1, 3)
    sigma = np.array([f.sigma_mm for f in fiducials])
    _check_count(fiducials, patient, touched)
    fit = register_points(patient, touched, 1.0 / sigma**2)
    _check_mix_ups(fiducials, patient, touched, sigma, fit)
    others = leave_one_out_mm(patient, touched, 1.0 / sigma**2)
    spread = fiducial_spread(fit, touched, sigma)
    left_out = float(np.sqrt((others**2).mean())) if len(others) else None
    note = f"Registered by {len(fiducials)} points, FRE {fit.fre_mm:.2f} mm."
    return Registration(
        Transform(body, PATIENT, fit.matrix),
        fit.fre_mm,
        True,
        note,
        method=Method.POINTS,
        spread=spread,
        leave_one_out_mm=left_out,
        fiducials=fiducials,
        frame_of_reference_uid=frame_of_reference_uid,
        findings=_findings(fiducials, patient, touched, sigma, fit),
    )


def register_by_points(patient_mm: np.ndarray, body_mm: np.ndarray, body: str) -> Registration:
    """`register_fiducials` of unnamed pairs (n, 3 in LPS mm; n, 3 in the body's frame, mm), 1 mm expected error."""
    pairs = zip(np.asarray(patient_mm).tolist(), np.asarray(body_mm).tolist(), strict=True)
    fiducials = [Fiducial(f"point {i + 1}", tuple(p), tuple(q)) for i, (p, q) in enumerate(pairs)]
    return register_fiducials(fiducials, body)


def fiducial_spread(fit: PointFit, touched_mm: np.ndarray, sigma_mm: np.ndarray) -> MotionSpread:
    """The spread of a fit, its stated errors widened or narrowed by what the residuals say.

    Source: the variance's posterior mean under a scaled inverse chi-square prior (Gelman et al., BDA 3, 2.6).
    """
    freedom = 3.0 * len(sigma_mm) - 6.0
    factor = (PRIOR_FREEDOM + _misfit(fit, sigma_mm)) / (PRIOR_FREEDOM + freedom)
    # Never better than stated: what the stated error holds of the images is common to all points.
    return spread_of_points(touched_mm, sigma_mm * np.sqrt(max(factor, 1.0)))


def _check_count(fiducials: tuple[Fiducial, ...], patient: np.ndarray, touched: np.ndarray) -> None:
    names = [f.name for f in fiducials]
    if len(names) < 3:
        raise PlannerError(WHAT, "registration needs at least three pairs of points", _TOUCH_MORE)
    if len(set(names)) != len(names):
        raise PlannerError(
            WHAT, "a landmark was touched under one name twice", "keep one touch of each landmark"
        )
    for points in (patient, touched):
        off_line = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)[1] / np.sqrt(len(points))
        if off_line < MIN_OFF_LINE_MM:
            why = f"the points lie on one line (within {off_line:.1f} mm), which leaves the rotation about it open"
            raise PlannerError(WHAT, why, _TOUCH_MORE)


_TOUCH_MORE = "touch three or more landmarks spread in all directions"


def _check_mix_ups(
    fiducials: tuple[Fiducial, ...], patient: np.ndarray, touched: np.ndarray, sigma: np.ndarray, fit: PointFit
) -> None:
    """Refuse what a person mixes up; looked for only where the points fit worse than they should."""
    usual = float(np.sqrt(3.0 * (sigma**2).mean()))
    if fit.fre_mm > 2.0 * usual:
        limit = fit.fre_mm / CLEARLY_BETTER
        if register_points(patient * (-1.0, 1.0, 1.0), touched, 1.0 / sigma**2).fre_mm < limit:
            raise PlannerError(
                WHAT, "the touched points are a mirror image of the landmarks", "check left and right"
            )
        swapped = _swapped(patient, touched, sigma, limit)
        if swapped is not None:
            first, second = (fiducials[i].name for i in swapped)
            raise PlannerError(
                WHAT, f"{first} and {second} seem to be exchanged", "touch both again, each under its name"
            )
    _check_scale(patient, touched, sigma, fit)
    if fit.fre_mm > MAX_FRE_MM:
        raise PlannerError(
            WHAT,
            f"the landmarks miss by {fit.fre_mm:.1f} mm",
            "check that they belong to this patient, and touch them again",
        )


def _swapped(
    patient: np.ndarray, touched: np.ndarray, sigma: np.ndarray, limit_mm: float
) -> tuple[int, int] | None:
    """The two points whose exchange brings the misfit below a limit most clearly; None when no exchange does."""
    if len(patient) < 4:
        return None
    best, found = limit_mm, None
    for i, j in combinations(range(len(patient)), 2):
        order = np.arange(len(patient))
        order[[i, j]] = j, i
        fre = register_points(patient, touched[order], 1.0 / sigma**2).fre_mm
        if fre < best:
            best, found = fre, (i, j)
    return found


def _check_scale(patient: np.ndarray, touched: np.ndarray, sigma: np.ndarray, fit: PointFit) -> None:
    """Refuse points whose distances are all too long or short: a board printed at another size."""
    sizes = [float(np.sqrt(((p - p.mean(axis=0)) ** 2).sum())) for p in (patient, touched)]
    scale = sizes[1] / sizes[0]
    scale_sigma = float(np.sqrt((sigma**2).mean())) / sizes[0]
    if abs(scale - 1.0) < max(MAX_SCALE_ERROR, SURE_SCALE * scale_sigma):
        return
    if register_points(patient * scale, touched, 1.0 / sigma**2).fre_mm < fit.fre_mm / CLEARLY_BETTER:
        raise PlannerError(
            WHAT,
            f"the touched points are {scale:.1%} as far apart as the landmarks",
            "check that board and pointer were printed at 100 % and that the landmarks are this patient's",
        )


def _findings(
    fiducials: tuple[Fiducial, ...], patient: np.ndarray, touched: np.ndarray, sigma: np.ndarray, fit: PointFit
) -> tuple[Finding, ...]:
    n = len(fiducials)
    if n < 4:
        fix = "touch a fourth landmark"
        why = "three landmarks fit almost always"
        return (Finding("few-fiducials", "the error cannot be checked", why, fix),)
    misfit = _misfit(fit, sigma)
    if misfit < chi_square_limit(SURE, 3.0 * n - 6.0):
        return ()
    rests = [np.delete(np.arange(n), i) for i in range(n)]
    left = [_misfit(register_points(patient[r], touched[r], 1.0 / sigma[r] ** 2), sigma[r]) for r in rests]
    worst = int(np.argmin(left))
    if n > 4 and left[worst] < chi_square_limit(SURE, 3.0 * n - 9.0):
        rest = rests[worst]
        others = register_points(patient[rest], touched[rest], 1.0 / sigma[rest] ** 2).matrix
        away_mm = float(np.linalg.norm(apply_affine(others, patient[worst : worst + 1]) - touched[worst]))
        what = f"{fiducials[worst].name} does not agree with the others"
        fix = "touch it again, or leave it out"
        return (Finding("fiducial-outlier", what, f"they put it {away_mm:.1f} mm away", fix),)
    why = f"they miss by {fit.fre_mm:.1f} mm, more than was expected of them"
    fix = "touch them again; the foretold error has been widened"
    return (Finding("fiducial-misfit", "the landmarks do not agree well", why, fix),)


def _misfit(fit: PointFit, sigma_mm: np.ndarray) -> float:
    """Sum of squared residuals in units of their stated variance."""
    return float(((fit.residual_mm / sigma_mm[:, None]) ** 2).sum())
