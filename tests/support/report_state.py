"""What a report is about: the ball's patient with a name, a plan of measures, and notes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from app.state import State
from app.windowing import Window
from core.study import Patient, ScanResult, Study
from plan.history import History
from plan.items import Contour, CutPlane, Distance, Landmark, Point, SeptalPatch, as_point
from plan.plan import Plan
from render.view import ViewState
from tests.support.ball_patient import CENTRE_MM, FRAME_UID, make_anatomy, make_series, make_volume


def place(x_mm: float = 0.0, y_mm: float = 0.0, z_mm: float = 0.0) -> Point:
    """A position beside the middle of the ball, LPS mm."""
    return as_point(CENTRE_MM + (x_mm, y_mm, z_mm))


def ring(radius_mm: float, n: int = 12) -> tuple[Point, ...]:
    """A ring around the middle, in the axial plane."""
    angles = 2 * np.pi * np.arange(n) / n
    return tuple(place(radius_mm * np.cos(a), radius_mm * np.sin(a), 0.0) for a in angles)


def plan_of_measures() -> Plan:
    """A plane, a tilted distance, a ring, a patch and a landmark, one of them named after the patient."""
    return Plan(
        FRAME_UID,
        (
            CutPlane("Middle", place(), (0.0, 0.0, 1.0)),
            Distance("Width of Bea", place(-20, 0, -5), place(20, 5, 5), "d1"),
            Contour("Ring", ring(15.0), "c1"),
            SeptalPatch("Patch", ring(10.0), 3.0),
            Landmark("Apex", place(0, 0, 10)),
        ),
        notes="Seen with Mrs. BALL <today> & tomorrow\nsecond line",
    )


def report_state() -> State:
    """The ball's patient opened, as the window holds it."""
    series = replace(make_series(), description="Heart of Ball")
    patient = Patient("Ball^Bea", "P-1234", (Study("1.1", "20260102", "", (series,)),))
    anatomy = make_anatomy()
    report = {
        "weights": {"heart-region": "ab" * 32},
        "engine": "torch",
        "device": "cpu",
        "uncertainty_mm": {"lv": 0.44},
    }
    anatomy = replace(anatomy, report=report)
    return State(
        scan=ScanResult((patient,)),
        series=series,
        volume=make_volume(),
        anatomy=anatomy,
        history=History(plan_of_measures()),
        view=ViewState.default(anatomy),
        crosshair_mm=place(),
        window=Window(100.0, 600.0),
    )
