"""How two images of one patient lie to each other: a registration between two frames of reference, with its error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from core.errors import Finding
from core.frames import Transform, apply_affine

FIXED, MOVING = "fixed patient", "moving patient"
"""The two frames of a registration. They are named by their part in it: both may have one UID."""


@dataclass(frozen=True)
class ImageKey:
    """Which image takes part in a registration: its series, the phase of it, its patient space and modality."""

    series_uid: str
    phase: int = 0
    frame_of_reference_uid: str = ""
    modality: str = "OT"


@dataclass(frozen=True, eq=False)
class DisplacementField:
    """A smooth shift of positions of one patient space, given on a grid and zero beyond it.

    Attributes:
        shift_mm: float32 (slices, rows, columns, 3), LPS mm, zero on the grid's outermost layer.
        patient_from_index: (4, 4), takes (slice, row, column, 1) of the grid to LPS mm.
    """

    shift_mm: np.ndarray
    patient_from_index: np.ndarray

    def __post_init__(self) -> None:
        shift = np.ascontiguousarray(self.shift_mm, dtype=np.float32)
        if shift.ndim != 4 or shift.shape[3] != 3 or min(shift.shape[:3]) < 2 or not np.isfinite(shift).all():
            raise ValueError(
                "a displacement field is finite, of shape (slices, rows, columns, 3), each 2 or more"
            )
        affine = np.array(self.patient_from_index, dtype=np.float64)
        if affine.shape != (4, 4) or not np.isfinite(affine).all() or abs(np.linalg.det(affine)) < 1e-9:
            raise ValueError("patient_from_index is an invertible 4x4 matrix")
        shift = shift.view()
        for values in (shift, affine):
            values.setflags(write=False)
        object.__setattr__(self, "shift_mm", shift)
        object.__setattr__(self, "patient_from_index", affine)

    def at(self, points: np.ndarray) -> np.ndarray:
        """Shift (n, 3) in mm at LPS positions (n, 3), trilinear between the grid's points."""
        index = apply_affine(np.linalg.inv(self.patient_from_index), points)
        shape = np.array(self.shift_mm.shape[:3])
        low = np.clip(np.floor(index).astype(np.int64), 0, shape - 2)
        part = index - low
        is_inside = np.all((index >= 0) & (index <= shape - 1), axis=1, keepdims=True)
        total = np.zeros((len(index), 3))
        for corner in np.ndindex(2, 2, 2):
            weight = np.where(corner, part, 1.0 - part).prod(axis=1)
            z, y, x = (low + corner).T
            total += weight[:, None] * self.shift_mm[z, y, x]
        return np.where(is_inside, total, 0.0)


@dataclass(frozen=True, eq=False)
class Warp:
    """A smooth, invertible deformation of one patient space, both ways.

    Attributes:
        forward: added to a position of the fixed image; what is there lies, rigidly moved, in the moving image.
        backward: the inverse: added to a position of the moving image that was rigidly moved to the fixed one.
    """

    forward: DisplacementField
    backward: DisplacementField


@dataclass(frozen=True)
class RegistrationError:
    """What is known of a registration's error. None of these is an error measured at a target of this patient.

    Attributes:
        residual_mm: structure -> mean distance between its two surfaces after the registration. How well it fits
            what it was fitted to: a lower limit.
        rigid_residual_mm: the same after the rigid part alone.
        left_out_mm: structure -> mean distance between its two surfaces when it had no part in the registration.
        estimated_tre_mm: the error to expect at the heart's surfaces: the root mean square of `left_out_mm`, times the
            square root of 3, because a distance to a surface sees one of three directions. NaN when too few
            structures are there to leave one out.
        inverse_mm: largest distance by which forth and back misses a position of the surfaces.
        jacobian: smallest and largest change of volume of the warp, 1 for none; positive where nothing folds.
    """

    residual_mm: Mapping[str, float]
    rigid_residual_mm: Mapping[str, float]
    left_out_mm: Mapping[str, float]
    estimated_tre_mm: float
    inverse_mm: float = 0.0
    jacobian: tuple[float, float] = (1.0, 1.0)


@dataclass(frozen=True, eq=False)
class ImageRegistration:
    """The map between the patient spaces of a fixed and a moving image.

    Attributes:
        fixed_from_moving: the rigid part, frames `FIXED` and `MOVING`.
        warp: the smooth part on top of it, in the fixed image's space; None where there is none.
        method: what was done, in words.
        provenance: plain JSON-ready facts: structures, device, seconds, weights, who said that it is one patient.
        findings: what the user should know about it.
    """

    fixed: ImageKey
    moving: ImageKey
    fixed_from_moving: Transform
    warp: Warp | None
    error: RegistrationError
    method: str
    provenance: Mapping[str, object] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        rigid = self.fixed_from_moving
        if (rigid.to_frame, rigid.from_frame) != (FIXED, MOVING):
            raise ValueError(f"a registration leads to {FIXED!r} from {MOVING!r}")
        turn = rigid.matrix[:3, :3]
        if not np.allclose(turn @ turn.T, np.eye(3), atol=1e-6) or np.linalg.det(turn) < 0:
            raise ValueError("the rigid part of a registration turns and shifts, nothing else")

    def moving_from_fixed(self, points: np.ndarray) -> np.ndarray:
        """Where positions (n, 3) of the fixed image lie in the moving one, both LPS mm."""
        points = np.asarray(points, dtype=np.float64)
        if self.warp is not None:
            points = points + self.warp.forward.at(points)
        return self.fixed_from_moving.inverse().apply(points)

    def fixed_points(self, points: np.ndarray) -> np.ndarray:
        """Where positions (n, 3) of the moving image lie in the fixed one, both LPS mm."""
        moved = self.fixed_from_moving.apply(points)
        return moved if self.warp is None else moved + self.warp.backward.at(moved)
