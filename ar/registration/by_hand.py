"""A registration pushed by hand: allowed, and said, because nothing measured backs it any more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ar.registration.model import Method, Registration
from core.frames import PATIENT, Transform, apply_affine, rigid


def nudge(
    registration: Registration, shift_mm: np.ndarray, turn_deg: np.ndarray, about_mm: np.ndarray
) -> Registration:
    """The patient moved on the body: turned about a point, then shifted.

    Args:
        shift_mm: (3,) along the patient's own axes (left, back, head), mm.
        turn_deg: (3,) rotation vector about these axes, degrees.
        about_mm: (3,) the point in LPS mm that the turn leaves where it is.

    The expected error is not known afterwards: `spread` becomes None. FRE stays a fact and is counted anew.
    """
    about = np.asarray(about_mm, dtype=np.float64)
    own = rigid(np.radians(np.asarray(turn_deg, dtype=np.float64)), np.zeros(3))
    own[:3, 3] = about - own[:3, :3] @ about + np.asarray(shift_mm, dtype=np.float64)
    matrix = registration.body_from_patient.matrix @ own
    moved = Transform(registration.body_from_patient.to_frame, PATIENT, matrix)
    if not registration.is_registered:
        return replace(registration, body_from_patient=moved)
    fre_mm = registration.fre_mm
    if registration.fiducials:
        mapped = apply_affine(matrix, np.array([f.patient_mm for f in registration.fiducials]))
        squares = (mapped - np.array([f.body_mm for f in registration.fiducials])) ** 2
        fre_mm = float(np.sqrt(squares.sum(axis=1).mean()))
    known = "" if fre_mm is None else f" FRE {fre_mm:.2f} mm,"
    return replace(
        registration,
        body_from_patient=moved,
        fre_mm=fre_mm,
        note=f"Moved by hand;{known} error not known.",
        method=Method.BY_HAND,
        spread=None,
        leave_one_out_mm=None,
        surface_rms_mm=None,
    )
