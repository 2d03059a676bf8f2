"""Where the patient lies on the marker body: by touched points, or simply placed on the table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import PlannerError
from core.frames import PATIENT, Transform


@dataclass(frozen=True, eq=False)
class PointFit:
    """The rigid map (4, 4) between two point sets and its fiducial registration error, root mean square."""

    matrix: np.ndarray
    fre_mm: float


@dataclass(frozen=True, eq=False)
class Registration:
    """The patient in a body's frame.

    Attributes:
        body_from_patient: the rigid map.
        fre_mm: fiducial registration error; None when nothing was measured.
        is_registered: False for a table-top placement, which says nothing about the real patient.
        note: one sentence for the screen.
    """

    body_from_patient: Transform
    fre_mm: float | None
    is_registered: bool
    note: str


def register_points(source: np.ndarray, target: np.ndarray) -> PointFit:
    """The rotation and shift that best bring points (n, 3) onto their partners (n, 3), n >= 3, mm.

    Raises ValueError for fewer than three points, or points on one line.
    Source: Arun, Huang, Blostein 1987; Kabsch 1976 (the sign that keeps it a rotation).
    """
    source, target = np.asarray(source, dtype=np.float64), np.asarray(target, dtype=np.float64)
    if source.shape != target.shape or source.ndim != 2 or source.shape[1] != 3 or len(source) < 3:
        raise ValueError("registration needs at least three pairs of points")
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    for points in (source - source_mean, target - target_mean):
        spread = np.linalg.svd(points, compute_uv=False)
        if spread[1] < 1e-3 * max(spread[0], 1e-9) or spread[0] < 1e-6:
            raise ValueError("the points lie on one line, which leaves the rotation about it open")
    u, _, vt = np.linalg.svd((source - source_mean).T @ (target - target_mean))
    sign = np.sign(np.linalg.det(vt.T @ u.T))
    rotation = vt.T @ np.diag([1.0, 1.0, sign]) @ u.T
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    matrix[:3, 3] = target_mean - rotation @ source_mean
    residual = source @ rotation.T + matrix[:3, 3] - target
    return PointFit(matrix, float(np.sqrt((residual**2).sum(axis=1).mean())))


def register_by_points(patient_mm: np.ndarray, body_mm: np.ndarray, body: str) -> Registration:
    """Registration from landmarks touched on the patient (n, 3 in LPS mm; n, 3 in the body's frame, mm).

    Raises PlannerError when the points cannot fix a pose.
    """
    try:
        fit = register_points(patient_mm, body_mm)
    except ValueError as error:
        raise PlannerError(
            "cannot register the patient", str(error), "touch three or more landmarks spread in all directions"
        ) from error
    note = f"Registered by {len(patient_mm)} points, FRE {fit.fre_mm:.2f} mm."
    return Registration(Transform(body, PATIENT, fit.matrix), fit.fre_mm, True, note)


def place_on_table(patient_centre_mm: np.ndarray, body: str, position_mm: np.ndarray) -> Registration:
    """Put the anatomy over a board that lies on a table: nothing is registered, and the result says so.

    The patient's front faces up (boards: x right, y down the sheet, z into the table) and the head points up
    the sheet.

    Args:
        patient_centre_mm: (3,) the LPS point that goes to `position_mm`.
        body: name of the body's frame.
        position_mm: (3,) in the body's frame; negative z is above the sheet.
    """
    rotation = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
    matrix = np.eye(4)
    matrix[:3, :3] = rotation
    matrix[:3, 3] = np.asarray(position_mm, dtype=np.float64) - rotation @ np.asarray(patient_centre_mm)
    return Registration(Transform(body, PATIENT, matrix), None, False, "Not registered to a patient.")
