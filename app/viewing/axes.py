"""Which way the three slices lie: along the patient, along the image, or turned freely, always at right angles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.frames import rotation_from_vector
from core.volume import Volume
from plan.items import Point, as_point

if TYPE_CHECKING:
    from render.slice_plane import Orientation

Directions = tuple[Point, Point]
SAME_DEG = 0.05
PATIENT_DIRECTIONS: Mapping[str, Directions] = {
    "axial": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    "coronal": ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    "sagittal": ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
}


@dataclass(frozen=True)
class SliceAxes:
    """The directions (right, down) of each slice picture, LPS unit vectors; the three normals are at right angles.

    Attributes:
        title: what the first picture shows, such as "Four-chamber view"; empty for a free position.
    """

    axial: Directions
    coronal: Directions
    sagittal: Directions
    title: str = ""

    def of(self, orientation: str) -> Directions:
        """Right and down of one picture."""
        found: Directions = getattr(self, orientation)
        return found

    def normal(self, orientation: str) -> np.ndarray:
        """Unit direction (3,) away from the viewer of one picture."""
        right, down = self.of(orientation)
        return np.cross(right, down)

    def turned(self, about: str, angle_deg: float) -> SliceAxes:
        """The axes after turning the crosshair of one picture clockwise: that picture stays, the other two turn."""
        turn = rotation_from_vector(self.normal(about) * np.radians(angle_deg))
        axial, coronal, sagittal = (
            self.of(name) if name == about else _turned(self.of(name), turn) for name in PATIENT_DIRECTIONS
        )
        return SliceAxes(axial, coronal, sagittal, self.title if about == "axial" else "")

    def angle_deg(self, other: SliceAxes, orientation: str) -> float:
        """How far one picture's plane is tilted against the same one of other axes, 0 to 90."""
        return _tilt_deg(self.normal(orientation), other.normal(orientation))


def patient_axes() -> SliceAxes:
    """Axial from the feet, coronal from the front, sagittal from the left, as radiologists read them."""
    axial, coronal, sagittal = PATIENT_DIRECTIONS.values()
    return SliceAxes(axial, coronal, sagittal)


def image_axes(volume: Volume) -> SliceAxes:
    """Along the rows, columns and stack of a volume."""
    row, column = volume.axes[:, 1], volume.axes[:, 2]
    row = row - (row @ column) * column
    row /= np.linalg.norm(row)
    through = np.cross(column, row)
    # The stack runs up the picture when it leads towards the head, so that no view stands on its head.
    up = through if through[2] >= 0 else -through
    return SliceAxes(
        (as_point(column), as_point(row)), (as_point(column), as_point(-up)), (as_point(row), as_point(-up))
    )


def axes_facing(normal: np.ndarray, up: np.ndarray, title: str = "") -> SliceAxes:
    """The first picture looked at from the side that `normal` (3,) points to, with `up` (3,) at its top.

    The other two lie to it as coronal and sagittal lie to axial. Both are unit vectors at right angles, LPS.
    """
    right, down, towards = np.cross(up, normal), -np.asarray(up), np.asarray(normal)
    return SliceAxes(
        (as_point(right), as_point(down)),
        (as_point(right), as_point(towards)),
        (as_point(down), as_point(towards)),
        title,
    )


def straight_axes(volume: Volume, along_image: bool) -> SliceAxes:
    """The axes of slices that nobody has turned."""
    return image_axes(volume) if along_image else patient_axes()


def title_of(orientation: Orientation, axes: SliceAxes | None, straight: SliceAxes) -> str:
    """What one picture of turned slices is called."""
    if axes is None:
        return orientation.capitalize()
    if axes.title and orientation == "axial":
        return axes.title
    names = sorted(PATIENT_DIRECTIONS, key=lambda one: one != orientation)
    # A picture that was turned into the place of another one is called by what it shows.
    tilts = {one: _tilt_deg(axes.normal(orientation), straight.normal(one)) for one in names}
    nearest = min(tilts, key=lambda one: tilts[one])
    angle_deg = tilts[nearest]
    return nearest.capitalize() if angle_deg < SAME_DEG else f"Oblique, {angle_deg:.0f}° off {nearest}"


def _tilt_deg(normal: np.ndarray, other: np.ndarray) -> float:
    return float(np.degrees(np.arccos(min(abs(float(normal @ other)), 1.0))))


def _turned(directions: Directions, turn: np.ndarray) -> Directions:
    right, down = (turn @ direction for direction in directions)
    right /= np.linalg.norm(right)
    # Turned a thousand times they are still at right angles.
    down = down - (down @ right) * right
    return as_point(right), as_point(down / np.linalg.norm(down))
