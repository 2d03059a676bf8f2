"""What one slice view shows, worked out from the state without Qt; the view only paints it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from app.state import State
from core.volume import Volume
from plan.items import Point
from render.window import window as grey_of

if TYPE_CHECKING:
    from render.slice_plane import Orientation, SlicePlane

ORIENTATIONS: tuple[Orientation, ...] = ("axial", "coronal", "sagittal")
IMAGE_AXES_TITLES: Mapping[str, str] = {
    "axial": "In plane",
    "coronal": "Along rows",
    "sagittal": "Along columns",
}
OBLIQUE_DEG = 10.0
FIT_MARGIN = 1.04


@dataclass(frozen=True)
class Framing:
    """How one view frames its slice: magnification over "fits the view", and a shift in the plane."""

    zoom: float = 1.0
    pan_mm: tuple[float, float] = (0.0, 0.0)

    def zoomed(self, factor: float) -> Framing:
        """The same framing, magnified."""
        return replace(self, zoom=float(np.clip(self.zoom * factor, 0.2, 40.0)))

    def panned(self, right_mm: float, down_mm: float) -> Framing:
        """The same framing with the picture dragged to the right and down."""
        return replace(self, pan_mm=(self.pan_mm[0] - right_mm, self.pan_mm[1] - down_mm))


@dataclass(frozen=True)
class Frame:
    """Where a slice picture lies: its plane, its size (width, height) in pixels, a pixel's side."""

    plane: SlicePlane
    size_px: tuple[int, int]
    spacing_mm: float

    def to_mm(self, column: float, row: float) -> np.ndarray:
        """LPS position (3,) in mm of one pixel."""
        from render.slicing import patient_from_pixels

        return patient_from_pixels(self.plane, self.size_px, self.spacing_mm, np.array([[column, row]]))[0]

    def to_px(self, points_mm: np.ndarray) -> np.ndarray:
        """Pixels (n, 2) as (column, row) of LPS positions (n, 3), seen along the normal."""
        from render.slicing import pixels_from_patient

        return pixels_from_patient(self.plane, self.size_px, self.spacing_mm, np.atleast_2d(points_mm))

    def depth_mm(self, points_mm: np.ndarray) -> np.ndarray:
        """How far (n,) LPS positions (n, 3) lie behind the plane, in mm."""
        return (np.atleast_2d(points_mm) - self.plane.origin_mm) @ np.array(self.plane.normal)


def is_oblique(volume: Volume) -> bool:
    """True when the volume's axes lie more than a little off the patient's."""
    best = np.abs(volume.axes).max(axis=0)
    return bool((best < np.cos(np.radians(OBLIQUE_DEG))).any())


def shown_orientations(state: State) -> tuple[Orientation, ...]:
    """The views that have something to show: of a single plane the plane itself, beside a picture none."""
    if state.clip is not None:
        return ()
    is_plane = state.volume is not None and state.volume.shape[0] == 1
    return ("axial",) if is_plane and state.along_image else ORIENTATIONS


def frame_of(
    volume: Volume,
    orientation: Orientation,
    at_mm: Point,
    size_px: tuple[int, int],
    framing: Framing,
    along_image: bool = False,
) -> Frame:
    """The picture of one orientation through a position, framed; along the image's own axes where wished."""
    from render.slicing import fitting_spacing_mm, orthogonal_plane

    plane = orthogonal_plane(volume, orientation, at_mm)
    if along_image:
        plane = _plane_along_image(volume, orientation, at_mm)
    spacing_mm = FIT_MARGIN * fitting_spacing_mm(volume, plane, size_px) / framing.zoom
    shift = np.array(plane.right) * framing.pan_mm[0] + np.array(plane.down) * framing.pan_mm[1]
    x, y, z = np.array(plane.origin_mm) + shift
    return Frame(replace(plane, origin_mm=(x, y, z)), size_px, spacing_mm)


def grey_picture(state: State, frame: Frame) -> np.ndarray | None:
    """The slice as grey uint8 (height, width); None when there is no volume."""
    from render.slicing import extract

    if state.volume is None or state.window is None:
        return None
    values = extract(state.volume, frame.plane, frame.size_px, frame.spacing_mm)
    return grey_of(values, state.window.level, state.window.width)


def scrolled(volume: Volume, at_mm: Point, frame: Frame, n_steps: int) -> np.ndarray:
    """The position (3,) `n_steps` slices further from the viewer, LPS mm; it stays inside the volume.

    A step is the volume's spacing along the nearest of its axes.
    """
    normal = np.array(frame.plane.normal)
    step_mm = float(volume.spacing_mm[np.abs(normal @ volume.axes).argmax()])
    index = volume.indices_from_patient(np.array([at_mm]) + n_steps * step_mm * normal)
    return volume.patient_from_indices(np.clip(index, 0.0, np.array(volume.shape) - 1.0))[0]


def readout(volume: Volume, at_mm: np.ndarray, is_in_patient: bool = True) -> str:
    """Where a position (3,) lies, in words of the patient where these are known, and the value of its voxel."""
    place = "  ".join(f"{value:.1f}" for value in at_mm)
    if is_in_patient:
        place = "  ".join(
            f"{letters[int(value > 0)]} {abs(value):.1f}"
            for letters, value in zip(("RL", "AP", "IS"), at_mm, strict=True)
        )
    index = np.rint(volume.indices_from_patient(np.atleast_2d(at_mm))[0]).astype(int)
    if (index < 0).any() or (index >= volume.shape).any():
        return f"{place} mm"
    unit = " HU" if volume.unit == "HU" else ""
    return f"{place} mm   {float(volume.voxels[tuple(index)]):.0f}{unit}"


def _plane_along_image(volume: Volume, orientation: Orientation, at_mm: Point) -> SlicePlane:
    from render.slicing import SlicePlane

    row, column = volume.axes[:, 1], volume.axes[:, 2]
    row = row - (row @ column) * column
    row /= np.linalg.norm(row)
    through = np.cross(column, row)
    # The stack runs up the picture when it leads towards the head, so that no view stands on its head.
    up = through if through[2] >= 0 else -through
    right, down = {"axial": (column, row), "coronal": (column, -up), "sagittal": (row, -up)}[orientation]
    normal = np.cross(right, down)
    centre = volume.centre_mm
    x, y, z = centre + ((np.asarray(at_mm) - centre) @ normal) * normal
    return SlicePlane((x, y, z), tuple(right), tuple(down))
