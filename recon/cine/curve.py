"""What the volumes through the cycle say: end-diastole, end-systole, ejection, and where they cannot be right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from core.errors import Finding
from core.motion import Ejection, MovingAnatomy, SliceShift

MYOCARDIUM_G_PER_ML = 1.05
CREDIBLE_EF_PERCENT = (5.0, 90.0)
MOST_UNLIKE_STROKES = 0.40
# Of the stroke volume, between neighbours of 25 phases; the steepest part of a healthy curve changes by about 0.2.
LARGEST_JUMP = 0.40
USUAL_PHASES = 25
LARGEST_MESH_ERROR = 0.05
MOST_UNLIKE_EF_POINTS = 3.0
LARGE_SHIFT_MM = 8.0
FARTHEST_FROM_R_PEAK = 0.15
VENTRICLES = {"lv": "LV", "rv": "RV"}
CHECK = "check the contours on the slices through the cycle before using these numbers"


def ends_of_cycle(volumes_ml: np.ndarray) -> tuple[int, int]:
    """Phases of the largest and the smallest volume of a curve (phases,)."""
    return int(np.argmax(volumes_ml)), int(np.argmin(volumes_ml))


def function_report(moving: MovingAnatomy) -> dict[str, object]:
    """Volumes, ejection and mass, ready for JSON; numbers rounded to what they are worth."""
    report: dict[str, object] = {
        "end_diastole": moving.end_diastole,
        "end_systole": moving.end_systole,
        "volumes_ml_by_phase": {
            key: [round(float(v), 2) for v in values] for key, values in moving.volumes_ml.items()
        },
    }
    for key in VENTRICLES:
        ejected = moving.ejection(key)
        if ejected is not None:
            report[key] = {
                "end_diastolic_ml": round(ejected.end_diastolic_ml, 1),
                "end_systolic_ml": round(ejected.end_systolic_ml, 1),
                "stroke_ml": round(ejected.stroke_ml, 1),
                "ejection_fraction_percent": round(ejected.fraction_percent, 1),
            }
    if "lv_myocardium" in moving.surfaces:
        mass = MYOCARDIUM_G_PER_ML * float(moving.volumes_ml["lv_myocardium"][moving.end_diastole])
        report["lv_mass_g"] = round(mass, 1)
    return report


def curve_findings(moving: MovingAnatomy) -> tuple[Finding, ...]:
    """What of the curves a heart cannot do."""
    found = []
    for key, title in VENTRICLES.items():
        ejected = moving.ejection(key)
        if ejected is None:
            continue
        fraction = ejected.fraction_percent
        low, high = CREDIBLE_EF_PERCENT
        if not low <= fraction <= high:
            why = f"a living heart ejects {low:.0f} to {high:.0f} %"
            found.append(
                Finding("implausible-ef", f"{title} ejection fraction is {fraction:.0f} %", why, CHECK)
            )
        if _largest_jump(moving.volumes_ml[key]) > LARGEST_JUMP:
            what = f"{title} volume jumps between two phases"
            found.append(Finding("volume-jump", what, "a ventricle fills and empties smoothly", CHECK))
    return (*found, *_unlike_strokes(moving), *_late_diastole(moving))


def motion_findings(
    moving: MovingAnatomy, label_volumes_ml: Mapping[str, np.ndarray], least_jacobian: float
) -> tuple[Finding, ...]:
    """Where the moving surfaces are not what was labelled at each phase."""
    found = []
    for key, volumes in moving.volumes_ml.items():
        worst = float(np.max(np.abs(volumes / np.maximum(label_volumes_ml[key], 1e-6) - 1.0)))
        if worst > LARGEST_MESH_ERROR:
            found.append(
                Finding(
                    "motion-off",
                    f"the moving surface of {key} misses its labels by up to {100.0 * worst:.0f} % of its volume",
                    "its border changes in a way that no smooth motion makes",
                    "look at the labels of that phase",
                )
            )
    for key, title in VENTRICLES.items():
        moved = moving.ejection(key)
        if moved is None:
            continue
        labelled = Ejection(float(label_volumes_ml[key].max()), float(label_volumes_ml[key].min()))
        if abs(moved.fraction_percent - labelled.fraction_percent) > MOST_UNLIKE_EF_POINTS:
            what = (
                f"{title} ejects {moved.fraction_percent:.0f} % by its moving surface "
                f"and {labelled.fraction_percent:.0f} % by its labels"
            )
            found.append(Finding("unlike-ef", what, "the motion does not follow its border everywhere", CHECK))
    if least_jacobian <= 0.0:
        found.append(
            Finding("motion-folds", "the motion folds somewhere", "neighbouring borders moved unlike", CHECK)
        )
    return tuple(found)


def shift_findings(shifts: Sequence[SliceShift]) -> tuple[Finding, ...]:
    """Which slices were moved far, and which could not be judged."""
    found = []
    left = [shift.name for shift in shifts if not shift.is_reliable]
    if left:
        found.append(
            Finding(
                "slices-not-realigned",
                f"{len(left)} of {len(shifts)} slices were left where their headers have them",
                f"the images did not tell whether breathing had moved {', '.join(left)}",
                "check the contours on them",
            )
        )
    far = [shift for shift in shifts if shift.distance_mm > LARGE_SHIFT_MM]
    if far:
        names = ", ".join(f"{shift.name} by {shift.distance_mm:.0f} mm" for shift in far)
        found.append(
            Finding(
                "slices-far-off",
                f"slices were realigned far: {names}",
                "they were taken in a deeper or shallower breath than the others",
                "surfaces lie where the others show the heart; these slices show it shifted",
            )
        )
    return tuple(found)


def _largest_jump(volumes: np.ndarray) -> float:
    """The largest change between neighbours as a share of the stroke volume, as if there were 25 phases."""
    stroke = float(np.ptp(volumes))
    steps = np.abs(np.diff(volumes, append=volumes[0]))
    return float(steps.max()) / max(stroke, 1e-6) * min(1.0, len(volumes) / USUAL_PHASES)


def _unlike_strokes(moving: MovingAnatomy) -> tuple[Finding, ...]:
    left, right = moving.ejection("lv"), moving.ejection("rv")
    if left is None or right is None:
        return ()
    mean = 0.5 * (left.stroke_ml + right.stroke_ml)
    if mean <= 0.0 or abs(left.stroke_ml - right.stroke_ml) <= MOST_UNLIKE_STROKES * mean:
        return ()
    what = f"LV ejects {left.stroke_ml:.0f} ml and RV {right.stroke_ml:.0f} ml"
    why = "without a shunt or a leaking valve they eject the same"
    return (Finding("unlike-strokes", what, why, CHECK),)


def _late_diastole(moving: MovingAnatomy) -> tuple[Finding, ...]:
    if not moving.times_ms:
        return ()
    times = np.array(moving.times_ms)
    cycle_ms = times[-1] - times[0] + float(np.median(np.diff(times)))
    at = float((times[moving.end_diastole] - times[0]) / cycle_ms)
    if min(at, 1.0 - at) <= FARTHEST_FROM_R_PEAK:
        return ()
    what = f"the left ventricle is largest {times[moving.end_diastole]:.0f} ms after the trigger"
    return (Finding("late-diastole", what, "end-diastole lies at the R peak, where gating starts", CHECK),)
