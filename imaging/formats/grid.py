"""What the header of an image file says of its grid, and the refusals that NIfTI, NRRD and MHA share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import Finding, PlannerError

SHEAR_TOLERANCE = 2e-3


@dataclass(frozen=True)
class FileGrid:
    """Shape (slices, rows, columns), spacing in the same order, number of phases, and what is wrong with it."""

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float] | None
    n_phases: int = 1
    modality: str = "OT"
    frame_of_reference_uid: str = ""
    findings: tuple[Finding, ...] = ()


def finding_of(refusal: PlannerError, code: str) -> Finding:
    """The same message as a finding, for a list that goes on."""
    return Finding(code, refusal.what, refusal.why, refusal.fix)


def checked_affine(patient_from_index: np.ndarray, name: str) -> np.ndarray:
    """The affine (4, 4) when it is a grid of perpendicular axes. Raises PlannerError otherwise."""
    matrix = np.asarray(patient_from_index, dtype=np.float64)
    fix = "write the file again with its orientation, or open the original DICOM"
    if not np.isfinite(matrix).all():
        raise PlannerError(f"cannot place {name}", "its orientation is not finite numbers", fix)
    lengths = np.linalg.norm(matrix[:3, :3], axis=0)
    if lengths.min() < 1e-6:
        raise PlannerError(f"cannot place {name}", "it has a voxel spacing of zero", fix)
    axes = matrix[:3, :3] / lengths
    if np.abs(axes.T @ axes - np.eye(3)).max() > SHEAR_TOLERANCE:
        raise PlannerError(
            f"cannot place {name}", "its voxels are sheared", "resample it to perpendicular axes"
        )
    return matrix


def spacing_of(patient_from_index: np.ndarray) -> tuple[float, float, float]:
    """Spacing (slice, row, column) in mm of an affine (4, 4)."""
    slice_mm, row_mm, column_mm = (float(v) for v in np.linalg.norm(patient_from_index[:3, :3], axis=0))
    return slice_mm, row_mm, column_mm


def compact(voxels: np.ndarray) -> np.ndarray:
    """The same values in a small type: 8 and 16 bits as they are, other whole numbers int16 when they fit,
    all else float32.
    """
    if voxels.dtype in (np.int16, np.uint8, np.uint16, np.float32):
        return voxels
    is_int16 = voxels.dtype.kind in "iu" and voxels.min() >= -32768 and voxels.max() <= 32767
    return voxels.astype(np.int16 if is_int16 else np.float32)


def without_gaps(voxels: np.ndarray, name: str) -> np.ndarray:
    """The same values with the lowest of them where a voxel holds no number, as resampling leaves beyond an image.

    Raises PlannerError when no voxel holds a number.
    """
    if voxels.dtype.kind != "f":
        return voxels
    known = np.isfinite(voxels)
    if known.all():
        return voxels
    if not known.any():
        raise PlannerError(f"cannot read {name}", "none of its voxels holds a number", "choose another file")
    return np.where(known, voxels, voxels[known].min())
