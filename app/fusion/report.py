"""A registration as plain facts for scripts: what was joined, how, and what is known of its error."""

from __future__ import annotations

import math
from dataclasses import asdict
from importlib.metadata import version

import numpy as np

from core.fusion import ImageRegistration
from core.resources import RESEARCH_NOTICE

ESTIMATE = (
    "estimated_tre_mm is an estimate from structures that were left out of the registration; "
    "no error was measured at a target of this patient"
)


def fusion_report(registration: ImageRegistration) -> dict[str, object]:
    """JSON-ready facts about a registration."""
    error = asdict(registration.error)
    if not math.isfinite(registration.error.estimated_tre_mm):
        error["estimated_tre_mm"] = None
    matrix = registration.fixed_from_moving.matrix
    turn = math.degrees(math.acos(float(np.clip((np.trace(matrix[:3, :3]) - 1.0) / 2.0, -1.0, 1.0))))
    return {
        "fixed": asdict(registration.fixed),
        "moving": asdict(registration.moving),
        "method": registration.method,
        "fixed_from_moving": matrix.tolist(),
        "turned_by_deg": round(turn, 3),
        "error": error,
        "meaning": ESTIMATE,
        "provenance": dict(registration.provenance),
        "findings": [asdict(finding) for finding in registration.findings],
        "version": version("auricle"),
        "notice": RESEARCH_NOTICE,
    }
