"""What one slice view shows, worked out from the state without Qt; the view only paints it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from app.state import State
from app.viewing.axes import SliceAxes, straight_axes, title_of
from app.viewing.slab import PLAIN, SLAB_TITLES, Slab
from core.volume import Volume
from plan.items import Point, as_point
from render.window import window as grey_of

if TYPE_CHECKING:
    from render.slice_plane import Orientation, SlicePlane

ORIENTATIONS: tuple[Orientation, ...] = ("axial", "coronal", "sagittal")
IMAGE_AXES_TITLES = {
    "axial": "In plane",
    "coronal": "Along rows",
    "sagittal": "Along columns",
}
OBLIQUE_DEG = 10.0
FIT_MARGIN = 1.04
SAME_DIRECTION = 1e-6


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
    """Where a slice picture lies: its plane, its size (width, height) in pixels, a pixel's side, its thickness."""

    plane: SlicePlane
    size_px: tuple[int, int]
    spacing_mm: float
    slab: Slab = PLAIN

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
    axes: SliceAxes | None = None,
    slab: Slab = PLAIN,
) -> Frame:
    """The picture of one orientation through a position, framed; along the image's own axes or turned where wished."""
    from render.slicing import SlicePlane, fitting_spacing_mm

    right, down = (axes or straight_axes(volume, along_image)).of(orientation)
    normal = np.cross(right, down)
    # The volume's middle stays in the middle of the picture, so that nothing jumps while one scrolls.
    centre = volume.centre_mm
    through = centre + ((np.asarray(at_mm, dtype=np.float64) - centre) @ normal) * normal
    plane = SlicePlane(as_point(through), right, down)
    spacing_mm = FIT_MARGIN * fitting_spacing_mm(volume, plane, size_px) / framing.zoom
    shift = np.array(right) * framing.pan_mm[0] + np.array(down) * framing.pan_mm[1]
    return Frame(replace(plane, origin_mm=as_point(through + shift)), size_px, spacing_mm, slab)


def frame_in(
    state: State, orientation: Orientation, size_px: tuple[int, int], framing: Framing
) -> Frame | None:
    """The picture of one orientation as the state wants it; None when there is nothing to show."""
    volume, arrangement = state.volume, state.arrangement
    if volume is None or state.crosshair_mm is None:
        return None
    axes, slab = shown_axes(state), arrangement.slab(orientation)
    return frame_of(volume, orientation, state.crosshair_mm, size_px, framing, state.along_image, axes, slab)


def shown_axes(state: State) -> SliceAxes | None:
    """The axes of turned slices; None where they are straight. A single plane cannot be turned."""
    return state.arrangement.axes if can_turn(state) else None


def can_turn(state: State) -> bool:
    """True when there is a stack of slices that can be cut at any tilt."""
    return state.clip is None and state.volume is not None and min(state.volume.shape) > 1


def lies_along_axes(state: State, orientation: Orientation, frame: Frame) -> bool:
    """Whether a picture is one of the three slices; one in a plane of its own, such as an annulus', is not."""
    if state.volume is None or not can_turn(state):
        return False
    axes = shown_axes(state) or straight_axes(state.volume, state.along_image)
    return bool(np.allclose(axes.normal(orientation), frame.plane.normal, atol=SAME_DIRECTION))


def slice_title(state: State, orientation: Orientation) -> str:
    """What one slice picture is called."""
    axes = shown_axes(state)
    if axes is not None and state.volume is not None:
        return title_of(orientation, axes, straight_axes(state.volume, state.along_image))
    return IMAGE_AXES_TITLES[orientation] if state.along_image else orientation.capitalize()


def framing_on(frame: Frame, middle_mm: Point, reach_mm: float) -> Framing:
    """The framing that brings a position to the middle of a whole slice (`frame`), with `reach_mm` around it."""
    plane = frame.plane
    away = np.array(middle_mm) - np.array(plane.origin_mm)
    spacing_mm = 2.0 * reach_mm / min(frame.size_px)
    pan = float(away @ np.array(plane.right)), float(away @ np.array(plane.down))
    return replace(Framing().zoomed(frame.spacing_mm / spacing_mm), pan_mm=pan)


def grey_picture(state: State, frame: Frame) -> np.ndarray | None:
    """The slice as grey uint8 (height, width); None when there is no volume."""
    from render.slicing import extract

    if state.volume is None or state.window is None:
        return None
    values = extract(
        state.volume,
        frame.plane,
        frame.size_px,
        frame.spacing_mm,
        slab_mode=frame.slab.mode,
        slab_mm=frame.slab.thickness_mm,
    )
    return grey_of(values, state.window.level, state.window.width)


def scrolled(volume: Volume, at_mm: Point, frame: Frame, n_steps: int) -> np.ndarray:
    """The position (3,) `n_steps` slices further from the viewer, LPS mm; it stays inside the volume.

    A step is the volume's spacing along the nearest of its axes.
    """
    normal = np.array(frame.plane.normal)
    step_mm = float(volume.spacing_mm[np.abs(normal @ volume.axes).argmax()])
    start, end = volume.indices_from_patient(np.array([at_mm, at_mm + n_steps * step_mm * normal]))
    most = np.array(volume.shape) - 1.0
    way = end - start
    # Straight along the normal as far as the volume goes: a slice at a tilt must not slide sideways at its rim.
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(way > 0, (most - start) / way, np.where(way < 0, -start / way, np.inf))
    there = np.clip(start, 0.0, most) + float(np.clip(share.min(), 0.0, 1.0)) * way
    return volume.patient_from_indices(there[None])[0]


def readout(volume: Volume, at_mm: np.ndarray, is_in_patient: bool = True, frame: Frame | None = None) -> str:
    """Where a position (3,) lies, in words of the patient where these are known, and the value of its voxel.

    On a slab the value is that of the picture, and the slab is named beside it.
    """
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
    if frame is not None and frame.slab.is_thick:
        return f"{place} mm   {SLAB_TITLES[frame.slab.mode]} {_slab_value(volume, at_mm, frame):.0f}{unit}"
    return f"{place} mm   {float(volume.voxels[tuple(index)]):.0f}{unit}"


def depth_placed(volume: Volume | None, at_mm: np.ndarray, frame: Frame) -> np.ndarray:
    """Where a click at a position (3,) of the slice's plane lies in the patient, LPS mm.

    On a MIP or MinIP it is the place on the line of sight that the picture shows there, not one on the middle plane:
    a length between two such points is the one in space. On a mean nothing says where; the plane is kept.
    """
    slab = frame.slab
    if volume is None or not slab.is_thick or slab.mode == "mean":
        return np.asarray(at_mm)
    offsets, values = _through(volume, at_mm, frame)
    if not np.isfinite(values).any():
        return np.asarray(at_mm)
    found = np.nanargmax(values) if slab.mode == "max" else np.nanargmin(values)
    return np.asarray(at_mm) + offsets[found] * np.array(frame.plane.normal)


def _slab_value(volume: Volume, at_mm: np.ndarray, frame: Frame) -> float:
    from render.slicing import extract

    plane = replace(frame.plane, origin_mm=as_point(at_mm))
    slab = frame.slab
    found = extract(volume, plane, (1, 1), frame.spacing_mm, slab_mode=slab.mode, slab_mm=slab.thickness_mm)
    return float(found[0, 0])


def _through(volume: Volume, at_mm: np.ndarray, frame: Frame) -> tuple[np.ndarray, np.ndarray]:
    """Offsets (n,) in mm along the normal through a slab, and the values (n,) there."""
    from render.slicing import SlicePlane, extract

    plane, thickness_mm = frame.plane, frame.slab.thickness_mm
    n_steps = 2 * int(np.ceil(thickness_mm / float(volume.spacing_mm.min()) / 2.0))
    step_mm = thickness_mm / n_steps
    line = SlicePlane(as_point(at_mm), plane.right, plane.normal)
    values = extract(volume, line, (1, n_steps + 1), step_mm)[:, 0]
    return (np.arange(n_steps + 1) - n_steps / 2.0) * step_mm, values
