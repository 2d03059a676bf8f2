"""Where the patient lies on a marker body, how that was found, and how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from ar.registration.spread import MotionSpread
from core.errors import Finding, PlannerError
from core.frames import PATIENT, Transform


class Method(Enum):
    """How a registration was found."""

    PLACED = "placed"
    POINTS = "points"
    SURFACE = "points and surface"
    BY_HAND = "moved by hand"


@dataclass(frozen=True)
class Fiducial:
    """One landmark, in the images and where the pointer touched it.

    Attributes:
        name: anatomical, the same in images and on the patient.
        patient_mm: LPS position in the images. body_mm: position in the body's frame.
        sigma_mm: expected error of the pair along one axis, one standard deviation.
    """

    name: str
    patient_mm: tuple[float, float, float]
    body_mm: tuple[float, float, float]
    sigma_mm: float = 1.0

    def __post_init__(self) -> None:
        if not np.isfinite((*self.patient_mm, *self.body_mm)).all() or not 0.0 < self.sigma_mm < 100.0:
            raise ValueError(f"the fiducial {self.name!r} needs finite positions and an expected error")


@dataclass(frozen=True, eq=False)
class Registration:
    """The patient in a body's frame.

    Attributes:
        body_from_patient: the rigid map.
        fre_mm: fiducial registration error; None when nothing was measured.
        is_registered: False for a table-top placement, which says nothing about the real patient.
        note: one sentence for the screen.
        method: how it was found.
        spread: its uncertainty in the body's frame; None when nothing backs it.
        leave_one_out_mm: root mean square over the fiducials, each predicted by the others; None below four.
        surface_rms_mm: how far the touched surface points lie from the surface; None without any.
        fiducials: the pairs it rests on.
        frame_of_reference_uid: the patient space of the landmarks; empty when unknown.
        findings: what the user should know about it.
    """

    body_from_patient: Transform
    fre_mm: float | None
    is_registered: bool
    note: str
    method: Method = Method.PLACED
    spread: MotionSpread | None = None
    leave_one_out_mm: float | None = None
    surface_rms_mm: float | None = None
    fiducials: tuple[Fiducial, ...] = ()
    frame_of_reference_uid: str = ""
    findings: tuple[Finding, ...] = ()

    def tre_mm(self, patient_mm: np.ndarray) -> np.ndarray | None:
        """Expected target registration error (n,) of points (n, 3) in LPS mm; None when nothing backs it."""
        return None if self.spread is None else self.spread.tre_mm(self.body_from_patient.apply(patient_mm))

    def tre_95_mm(self, patient_mm: np.ndarray) -> np.ndarray | None:
        """What 95 of 100 such registrations keep within (n,) at points (n, 3) in LPS mm; None when unknown."""
        return None if self.spread is None else self.spread.tre_95_mm(self.body_from_patient.apply(patient_mm))

    def check_space(self, frame_of_reference_uid: str) -> None:
        """Refuse an anatomy of another patient space.

        Raises:
            PlannerError: both spaces are known and differ.
        """
        own = self.frame_of_reference_uid
        if own and frame_of_reference_uid and own != frame_of_reference_uid:
            raise PlannerError(
                "cannot use this registration",
                "its landmarks and the anatomy lie in different patient spaces",
                "register with landmarks of this anatomy",
            )


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
