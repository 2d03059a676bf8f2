"""What the volumes of a ventricle at the ends of diastole and systole say of its work and its wall.

Source: J. Schulz-Menger et al., Standardized image interpretation and post-processing in cardiovascular magnetic
resonance, J Cardiovasc Magn Reson 22 (2020) 19; D. and E. F. Du Bois, Arch Intern Med 17 (1916) 863; R. D. Mosteller,
N Engl J Med 317 (1987) 1098.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.errors import PlannerError

MYOCARDIUM_G_PER_ML = 1.05


def stroke(diastole_ml: float, systole_ml: float) -> Mapping[str, float]:
    """Stroke volume and ejection fraction of a ventricle.

    Raises:
        PlannerError: the ventricle is empty at the end of diastole, or larger at the end of systole.
    """
    if not 0.0 <= systole_ml <= diastole_ml or diastole_ml <= 0.0:
        raise PlannerError(
            "no ejection fraction",
            f"the ventricle holds {diastole_ml:.1f} ml at the end of diastole, {systole_ml:.1f} ml of systole",
            "check which phase is which, and the contours of both",
        )
    stroke_ml = diastole_ml - systole_ml
    return {"stroke_ml": stroke_ml, "ejection_fraction_percent": 100.0 * stroke_ml / diastole_ml}


def myocardial_mass_g(wall_ml: float) -> float:
    """Mass of a wall of this volume."""
    return MYOCARDIUM_G_PER_ML * wall_ml


def body_surface_m2(height_cm: float, weight_kg: float) -> Mapping[str, float]:
    """Body surface area by the formulas of Du Bois and of Mosteller.

    Raises:
        PlannerError: height or weight is no person's.
    """
    if not (30.0 <= height_cm <= 250.0 and 1.0 <= weight_kg <= 400.0):
        raise PlannerError(
            "no body surface area",
            f"{height_cm:g} cm and {weight_kg:g} kg are no person's height and weight",
            "give the height in centimetres and the weight in kilograms",
        )
    return {
        "du_bois": 0.007184 * height_cm**0.725 * weight_kg**0.425,
        "mosteller": float(np.sqrt(height_cm * weight_kg / 3600.0)),
    }
