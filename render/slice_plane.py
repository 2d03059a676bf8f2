"""Where a slice lies in the patient and where its pixels are, in the convention radiologists read.

The patient's right is on the picture's left; axial pictures are seen from the feet with anterior up, coronal
ones from the front and sagittal ones from the patient's left, both with the head up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.frames import apply_affine
from core.volume import LabelMap, Volume
from plan.items import Point as Position
from plan.items import as_point

Orientation = Literal["axial", "coronal", "sagittal"]
_AXES: dict[Orientation, tuple[Position, Position]] = {
    "axial": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    "coronal": ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    "sagittal": ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
}


@dataclass(frozen=True)
class SlicePlane:
    """Where a slice lies: unit directions in LPS, `normal` = right x down points away from the viewer.

    Attributes:
        origin_mm: LPS position shown in the middle of the picture.
        right, down: directions of growing column and growing row, at right angles.
    """

    origin_mm: Position
    right: Position
    down: Position

    def __post_init__(self) -> None:
        for name in ("origin_mm", "right", "down"):
            object.__setattr__(self, name, as_point(getattr(self, name)))
        axes = np.array([self.right, self.down])
        if not np.allclose(axes @ axes.T, np.eye(2), atol=1e-6):
            raise ValueError("right and down are unit directions at right angles")

    @property
    def normal(self) -> Position:
        """Unit direction (LPS) away from the viewer."""
        # By hand: asked for dozens of times in one picture, and numpy's takes a hundred times as long for one vector.
        (a, b, c), (d, e, f) = self.right, self.down
        return b * f - c * e, c * d - a * f, a * e - b * d

    def moved(self, distance_mm: float) -> SlicePlane:
        """The parallel plane `distance_mm` further from the viewer."""
        origin_mm = np.array(self.origin_mm) + distance_mm * np.array(self.normal)
        return SlicePlane(as_point(origin_mm), self.right, self.down)


def orthogonal_plane(
    volume: Volume | LabelMap, orientation: Orientation, position_mm: np.ndarray | Position
) -> SlicePlane:
    """The plane of the patient's axes through `position_mm` (3,), its middle in line with the volume's."""
    right, down = _AXES[orientation]
    normal = np.cross(right, down)
    centre = volume.centre_mm
    through = centre + ((np.asarray(position_mm, dtype=np.float64) - centre) @ normal) * normal
    return SlicePlane(as_point(through), right, down)


def patient_from_pixel(plane: SlicePlane, size_px: tuple[int, int], spacing_mm: float) -> np.ndarray:
    """Matrix (4, 4) from (column, row, depth, 1) to LPS mm; pixel centres at integers, all three in pixels."""
    width, height = size_px
    matrix = np.eye(4)
    matrix[:3, :3] = np.array([plane.right, plane.down, plane.normal]).T * spacing_mm
    middle = np.array([(width - 1) / 2.0, (height - 1) / 2.0, 0.0])
    matrix[:3, 3] = np.array(plane.origin_mm) - matrix[:3, :3] @ middle
    return matrix


def patient_from_pixels(
    plane: SlicePlane, size_px: tuple[int, int], spacing_mm: float, pixels: np.ndarray
) -> np.ndarray:
    """LPS positions (n, 3) in mm of pixels (n, 2) as (column, row)."""
    flat = np.column_stack([np.asarray(pixels, dtype=np.float64), np.zeros(len(pixels))])
    return apply_affine(patient_from_pixel(plane, size_px, spacing_mm), flat)


def pixels_from_patient(
    plane: SlicePlane, size_px: tuple[int, int], spacing_mm: float, points_mm: np.ndarray
) -> np.ndarray:
    """Pixels (n, 2) as (column, row) below LPS positions (n, 3), along the plane's normal."""
    matrix = np.linalg.inv(patient_from_pixel(plane, size_px, spacing_mm))
    return apply_affine(matrix, points_mm)[:, :2]


def fitting_spacing_mm(volume: Volume | LabelMap, plane: SlicePlane, size_px: tuple[int, int]) -> float:
    """The pixel side in mm with which the whole volume, seen along the plane's normal, fills the picture."""
    corners = np.array(np.meshgrid(*[(-0.5, n - 0.5) for n in volume.shape])).reshape(3, -1).T
    offsets = volume.patient_from_indices(corners) - plane.origin_mm
    extent_mm = 2.0 * np.abs(offsets @ np.array([plane.right, plane.down]).T).max(axis=0)
    return float((extent_mm / size_px).max())


def orientation_letters(plane: SlicePlane) -> tuple[str, str, str, str]:
    """Letters at the picture's (left, right, top, bottom): R L A P S I, two for a tilt beyond 20 degrees."""
    right, down = np.array(plane.right), np.array(plane.down)
    return _letters(-right), _letters(right), _letters(-down), _letters(down)


def _letters(direction: np.ndarray) -> str:
    order = np.argsort(-np.abs(direction))
    names = [("LPS" if direction[axis] > 0 else "RAI")[axis] for axis in order]
    is_named = np.abs(direction[order]) > np.sin(np.radians(20.0))
    return "".join(name for name, named in zip(names, is_named, strict=True) if named)
