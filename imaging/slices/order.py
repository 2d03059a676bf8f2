"""Where the slices of a stack lie, judged by their positions alone: order, step, gaps, tilt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import Finding

PLACE_TOLERANCE_MM = 0.06
"""A slice may lie this far from the even grid; files round positions to 0.1 mm at worst."""
SIDE_TOLERANCE_MM = 0.07
DRIFT_TOLERANCE_MM = 0.06
TILT_TOLERANCE_DEG = 0.1
SAME_PLACE_MM = 0.04
"""Positions of one place in two phases differ by rounding only; no scanner makes slices as thin as this."""
COSINE_TOLERANCE = 2e-3

_RESAMPLE = "choose a series with even, complete slices"


@dataclass(frozen=True, eq=False)
class StackFit:
    """Parallel planes as the even stack that fits them best.

    Attributes:
        order: indices into the given positions, ascending along the normal.
        normal: unit normal (3,), LPS: row direction x column direction.
        origin_mm: position (3,) of the first plane of the even stack, LPS mm.
        step_mm: vector (3,) from one plane to the next; zero for a single plane.
        steps_mm: distances (n - 1,) along the normal between neighbours.
        place_error_mm: largest distance along the normal between a plane and its place on the even stack.
        side_error_mm: largest sideways distance between a plane and the straight line through the stack.
        tilt_deg: angle between the line through the stack and the normal.
    """

    order: tuple[int, ...]
    normal: np.ndarray
    origin_mm: np.ndarray
    step_mm: np.ndarray
    steps_mm: np.ndarray
    place_error_mm: float
    side_error_mm: float
    tilt_deg: float

    @property
    def typical_step_mm(self) -> float:
        """The step that half of the neighbours do not exceed."""
        return float(np.sort(self.steps_mm)[(len(self.steps_mm) - 1) // 2])


def is_orientation(cosines: tuple[float, ...] | np.ndarray) -> bool:
    """True when the six direction cosines are two perpendicular unit vectors."""
    values = np.asarray(cosines, dtype=np.float64)
    if values.shape != (6,) or not np.isfinite(values).all():
        return False
    row, column = values[:3], values[3:]
    lengths = np.linalg.norm([row, column], axis=1)
    return bool(np.abs(lengths - 1.0).max() < COSINE_TOLERANCE and abs(row @ column) < COSINE_TOLERANCE)


def stack_axes(orientation: tuple[float, ...] | np.ndarray) -> np.ndarray:
    """Unit directions (3, 3), one per column, of the (slice, row, column) index, LPS.

    Args:
        orientation: ImageOrientationPatient: cosines (6,) of the direction along a row, then down a column.

    Source: DICOM PS3.3 C.7.6.2.1.1; the row index runs down a column and the column index along a row.
    """
    row, column = (_unit(cosines) for cosines in np.asarray(orientation, dtype=np.float64).reshape(2, 3))
    # What rounding took from a right angle is shared by both; all of it in one would be twice as far off.
    lean = float(row @ column) / 2.0
    along_row, down_column = _unit(row - lean * column), _unit(column - lean * row)
    return np.stack([_unit(np.cross(along_row, down_column)), down_column, along_row], axis=1)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)  # type: ignore[no-any-return]


def fit_stack(positions_mm: np.ndarray, orientation: tuple[float, ...] | np.ndarray) -> StackFit:
    """Order parallel planes along their normal and fit an even stack to them by least squares.

    Args:
        positions_mm: centres (n, 3) of the first pixel of each plane, LPS mm, in any order, n >= 1.
        orientation: direction cosines (6,) that all planes share.
    """
    positions = np.asarray(positions_mm, dtype=np.float64).reshape(-1, 3)
    normal = stack_axes(orientation)[:, 0]
    along = positions @ normal
    order = np.argsort(along, kind="stable")
    positions, along = positions[order], along[order]
    n = len(positions)
    from_middle = np.arange(n) - (n - 1) / 2.0
    rise = float(from_middle @ along) / (float(from_middle @ from_middle) or 1.0)
    place = along - along.mean() - from_middle * rise
    beside = positions - positions.mean(axis=0) - np.outer(along - along.mean(), normal)
    spread = along - along.mean()
    slope = spread @ beside / (float(spread @ spread) or 1.0)
    step = rise * (normal + slope)
    return StackFit(
        order=tuple(int(i) for i in order),
        normal=normal,
        origin_mm=positions.mean(axis=0) - (n - 1) / 2.0 * step,
        step_mm=step,
        steps_mm=np.diff(along),
        place_error_mm=float(np.abs(place).max()),
        side_error_mm=float(np.linalg.norm(beside - np.outer(spread, slope), axis=1).max()),
        tilt_deg=float(np.degrees(np.arctan(np.linalg.norm(slope)))) if n > 1 else 0.0,
    )


def stack_findings(fit: StackFit) -> tuple[Finding, ...]:
    """Every reason why the planes are not one even, straight stack; empty when they are."""
    if len(fit.order) < 2:
        return ()
    if fit.steps_mm.min() < SAME_PLACE_MM:
        return (
            Finding(
                "repeated_position", "two slices lie in the same place", "their positions are equal", _RESAMPLE
            ),
        )
    found = _spacing_findings(fit)
    drift_mm = float(np.linalg.norm(fit.step_mm - (fit.step_mm @ fit.normal) * fit.normal)) * (
        len(fit.order) - 1
    )
    # One slice far beside the others makes the line lean as well; that is no tilt of the gantry.
    is_tilt = fit.tilt_deg > TILT_TOLERANCE_DEG and drift_mm > max(DRIFT_TOLERANCE_MM, 2.0 * fit.side_error_mm)
    if is_tilt:
        why = f"the stack leans {fit.tilt_deg:.1f} degrees from its slices' normal"
        found.append(Finding("gantry_tilt", "the slices are sheared", why, _RESAMPLE))
    if fit.side_error_mm > SIDE_TOLERANCE_MM:
        why = f"a slice lies {fit.side_error_mm:.1f} mm beside the line of the others"
        found.append(Finding("shifted_slices", "the slices do not form a straight stack", why, _RESAMPLE))
    return tuple(found)


def _spacing_findings(fit: StackFit) -> list[Finding]:
    typical = fit.typical_step_mm
    if fit.place_error_mm <= min(PLACE_TOLERANCE_MM, 0.1 * typical):
        return []
    multiples = fit.steps_mm / typical
    n_missing = int((np.round(multiples) - 1.0).clip(min=0.0).sum())
    if n_missing and np.abs(multiples - np.round(multiples)).max() < 0.1:
        why = f"{n_missing} of {len(fit.order) + n_missing} slices at {typical:.2f} mm are absent"
        return [Finding("missing_slices", "slices are missing", why, _RESAMPLE)]
    why = f"the distance between slices goes from {fit.steps_mm.min():.2f} to {fit.steps_mm.max():.2f} mm"
    return [Finding("uneven_spacing", "the slices are unevenly spaced", why, _RESAMPLE)]
