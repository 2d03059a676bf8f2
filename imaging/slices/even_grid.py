"""The even, perpendicular grid that the slices of one phase belong on, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.errors import Finding
from imaging.dicom.headers import Plane
from imaging.slices.order import (
    SIDE_TOLERANCE_MM,
    TILT_TOLERANCE_DEG,
    StackFit,
    fit_stack,
    stack_axes,
    stack_findings,
)

LARGEST_GAP_STEPS = 2.2
KNOWN_GAP_MM = 5.0
FARTHEST_GAP_MM = 12.0
"""What may be interpolated (docs/adr/0013): one missing slice, or what a routine 5 mm stack leaves out as well."""
ON_GRID_MM = 0.08
"""A slice this near to a plane of the grid is that plane, unblurred."""
MOST_PLANES_PER_SLICE = 4
MOST_VOXELS = 400_000_000
"""A resampled grid beyond this would not fit the memory of a small computer."""

NO_PLACE = Finding(
    "missing_orientation",
    "the images do not say where they lie in the patient",
    "position or orientation is absent or not valid",
    "export the original images from the scanner or archive",
)
NO_SPACING = Finding(
    "missing_spacing",
    "the images do not say how large they are",
    "their pixel spacing is absent or not valid",
    "export the original images; nothing can be measured in millimetres here",
)
NO_THICKNESS = Finding(
    "missing_spacing",
    "a single slice does not say how thick it is",
    "its slice thickness is absent",
    "export the original images, or open it with the slices beside it",
)
LARGEST_SKEW_MM = 0.1


@dataclass(frozen=True, eq=False)
class EvenGrid:
    """A grid for n slices, and where each of them lies on it.

    Attributes:
        order: the given slices, ascending along the normal.
        patient_from_index: (4, 4), (slice, row, column, 1) to LPS mm.
        shape: (slices, rows, columns) of the grid.
        along: (n,) slice index of each ordered slice, whole where the slice is a plane of the grid.
        shift_px: (n, 2) (row, column) index of each ordered slice's first pixel, from zero up.
        findings: what had to be resampled, for the user.
    """

    order: tuple[int, ...]
    patient_from_index: np.ndarray
    shape: tuple[int, int, int]
    along: np.ndarray
    shift_px: np.ndarray
    findings: tuple[Finding, ...] = ()

    @property
    def is_resampled(self) -> bool:
        """True when the voxels are not simply the pixels of the slices."""
        return bool(self.findings)

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Spacing (slice, row, column) of the grid."""
        slice_mm, row_mm, column_mm = (
            float(v) for v in np.linalg.norm(self.patient_from_index[:3, :3], axis=0)
        )
        return slice_mm, row_mm, column_mm


def grid_of(planes: Sequence[Plane]) -> EvenGrid | Finding:
    """The grid for the planes of one phase; a Finding that says why when there is none.

    Planes that lie evenly and upright keep their pixels. Tilted, shifted or uneven ones get a grid along their
    true normal that has every slice where DICOM places it, unless a gap is too wide to know what lies in it.
    """
    first = planes[0]
    if first.orientation is None or any(plane.position is None for plane in planes):
        return NO_PLACE
    if first.pixel_spacing_mm is None:
        return NO_SPACING
    if len(planes) == 1 and first.thickness_mm is None:
        return NO_THICKNESS
    down, along = _corner_from_centre(first).T
    skew_mm = float(max(np.linalg.norm(down + along), np.linalg.norm(down - along)))
    if skew_mm > LARGEST_SKEW_MM:
        return _skewed(skew_mm)
    fit = fit_stack(np.array([plane.position for plane in planes]), first.orientation)
    faults = stack_findings(fit)
    if not faults:
        return _as_it_is(fit, first)
    if faults[0].code == "repeated_position":
        return faults[0]
    positions = np.array([planes[i].position for i in fit.order], dtype=np.float64)
    return _too_far_apart(fit, faults) or _resampled(fit, positions, first, faults)


def _as_it_is(fit: StackFit, plane: Plane) -> EvenGrid:
    n = len(fit.order)
    step = fit.step_mm
    if n == 1:
        step = fit.normal * plane.thickness_mm
    origin = fit.origin_mm
    if fit.tilt_deg > TILT_TOLERANCE_DEG:
        # A lean of some hundredths of a millimetre in all is rounding; shared out, it is half of that.
        straight = (step @ fit.normal) * fit.normal
        origin, step = origin + (n - 1) / 2.0 * (step - straight), straight
    return EvenGrid(
        fit.order, affine_of(plane, step, origin), (n, *plane.shape), np.arange(n) * 1.0, np.zeros((n, 2))
    )


def _too_far_apart(fit: StackFit, faults: tuple[Finding, ...]) -> Finding | None:
    """The refusal of a gap across which nothing is known of the anatomy."""
    typical, widest = fit.typical_step_mm, float(fit.steps_mm.max())
    is_wide = widest > LARGEST_GAP_STEPS * typical and widest > KNOWN_GAP_MM
    if not is_wide and not (widest > FARTHEST_GAP_MM and widest > 1.5 * typical):
        return None
    code = next((f.code for f in faults if f.code in ("missing_slices", "uneven_spacing")), "missing_slices")
    missing = next((f"{f.why}; " for f in faults if f.code == "missing_slices"), "")
    return Finding(
        code,
        "slices are missing",
        f"{missing}nothing was imaged across {widest:.1f} mm where slices lie {typical:.2f} mm apart",
        "choose a complete series, or export the missing slices as well",
    )


def _resampled(
    fit: StackFit, positions_mm: np.ndarray, plane: Plane, faults: tuple[Finding, ...]
) -> EvenGrid | Finding:
    assert plane.pixel_spacing_mm is not None
    assert plane.orientation is not None
    axes = stack_axes(plane.orientation)
    is_even = not any(fault.code in ("missing_slices", "uneven_spacing") for fault in faults)
    start_mm, step_mm, along = _even_along(fit) if is_even else _uneven_along(positions_mm @ fit.normal)
    place_px = positions_mm @ axes[:, 1:] / np.array(plane.pixel_spacing_mm)
    place_px, low, high = _canvas(place_px, np.array(plane.pixel_spacing_mm))
    shape = (round(along[-1]) + 1, *(int(v) for v in np.array(plane.shape) + np.ceil(high - low - 1e-3)))
    if float(np.prod([float(v) for v in shape])) > MOST_VOXELS:
        return replace(
            faults[0],
            what=f"{faults[0].what}, too far for an even grid",
            fix="choose a series with even, complete slices",
        )
    lateral = axes[:, 1:] @ (low * np.array(plane.pixel_spacing_mm))
    return EvenGrid(
        fit.order,
        affine_of(plane, step_mm * fit.normal, start_mm * fit.normal + lateral),
        (shape[0], shape[1], shape[2]),
        along,
        place_px - low,
        tuple(_told(fault) for fault in faults),
    )


def _canvas(place_px: np.ndarray, pixel_spacing_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where slices (n, 2) lie in pixels, and the least and largest corner (2,) of a grid that holds them all.

    The middle slice keeps its pixels. When no slice lies beside the others by more than rounding, all do.
    """
    low, high = place_px.min(axis=0), place_px.max(axis=0)
    if np.linalg.norm((high - low) * pixel_spacing_mm) <= 2.0 * SIDE_TOLERANCE_MM:
        middle = (low + high) / 2.0
        return np.broadcast_to(middle, place_px.shape), middle, middle
    base = place_px[len(place_px) // 2]
    return place_px, base + np.floor(np.round(low - base, 3)), high


def _told(fault: Finding) -> Finding:
    """The same fault as a note: it was put right, and what that means for what is seen."""
    is_lateral = fault.code in ("gantry_tilt", "shifted_slices")
    made = (
        "each slice was shifted within its plane to where it lies"
        if is_lateral
        else "what lies between the slices is interpolated"
    )
    return Finding(
        fault.code,
        f"{fault.what}; they were resampled to an even, upright grid",
        f"{fault.why}; {made}",
        "nothing to do; for the finest detail choose a series that needs no resampling",
    )


def _even_along(fit: StackFit) -> tuple[float, float, np.ndarray]:
    """Place of the first plane along the normal, step, both mm, and the index of each slice."""
    return (
        float(fit.origin_mm @ fit.normal),
        float(fit.step_mm @ fit.normal),
        np.arange(len(fit.order)) * 1.0,
    )


def _uneven_along(along_mm: np.ndarray) -> tuple[float, float, np.ndarray]:
    """The coarsest even planes that hold every slice; half the smallest step when none do.

    Args:
        along_mm: places (n,) of the slices along the normal, ascending.
    """
    from_first = along_mm - along_mm[0]
    extent, smallest = float(from_first[-1]), float(np.diff(along_mm).min())
    fewest = max(round(extent / (smallest + 2.0 * ON_GRID_MM)), 1)
    for n_steps in range(fewest, MOST_PLANES_PER_SLICE * len(along_mm) + 1):
        index = from_first * (n_steps / extent)
        nearest = np.rint(index)
        is_on_grid = np.abs(index - nearest).max() * extent / n_steps <= ON_GRID_MM
        if is_on_grid and np.diff(nearest).min() > 0:
            return float(along_mm[0]), extent / n_steps, nearest
    n_steps = min(int(np.ceil(2.0 * extent / smallest)), MOST_PLANES_PER_SLICE * len(along_mm))
    return float(along_mm[0]), extent / n_steps, from_first * (n_steps / extent)


def affine_of(plane: Plane, step_mm: np.ndarray, origin_mm: np.ndarray) -> np.ndarray:
    """(4, 4) that takes (slice, row, column, 1) to LPS mm. Source: DICOM PS3.3 C.7.6.2.1.1.

    Where rounded direction cosines are not at right angles, the centre of the image is where they put it.
    """
    assert plane.orientation is not None
    assert plane.pixel_spacing_mm is not None
    axes = stack_axes(plane.orientation)
    matrix = np.eye(4)
    matrix[:3, 0] = step_mm
    matrix[:3, 1] = axes[:, 1] * plane.pixel_spacing_mm[0]
    matrix[:3, 2] = axes[:, 2] * plane.pixel_spacing_mm[1]
    matrix[:3, 3] = origin_mm + _corner_from_centre(plane).sum(axis=1)
    return matrix


def _corner_from_centre(plane: Plane) -> np.ndarray:
    """How far rounded cosines lead from perpendicular axes on the way from a corner to the centre, mm.

    One column (3,) for the way down half a column and one for the way along half a row.
    """
    assert plane.orientation is not None
    assert plane.pixel_spacing_mm is not None
    given = np.reshape(plane.orientation, (2, 3))[::-1].T
    half_mm = (np.array(plane.shape) - 1.0) / 2.0 * np.array(plane.pixel_spacing_mm)
    return (given - stack_axes(plane.orientation)[:, 1:]) * half_mm  # type: ignore[no-any-return]


def _skewed(skew_mm: float) -> Finding:
    return Finding(
        "skewed_orientation",
        "the rows and columns of the images are not at right angles",
        f"their direction cosines contradict each other by {skew_mm:.2f} mm at the edge of the image",
        "export the original images from the scanner or archive",
    )
