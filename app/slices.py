"""What one slice view shows, worked out from the state without Qt; the view only paints it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from app.state import State
from core.anatomy import Anatomy
from core.volume import Volume
from plan.handles import Handle, dragged, handles
from plan.items import CutPlane, Item, Point
from render.palette import CUT_PLANE, CUT_PLANE_LOCKED, LABEL, Colour
from render.scene import Label, Polyline
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
NEAR_MM = 3.0
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


@dataclass(frozen=True)
class Outline:
    """Closed or open lines of one structure in pixels (column, row)."""

    colour: Colour
    lines: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Mark:
    """One part of a plan item on a slice, in pixels: a line, its points and an optional text."""

    item_id: str
    pixels: np.ndarray
    colour: Colour
    text: str = ""
    is_dashed: bool = False
    has_balls: bool = True


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


def outlines(state: State, frame: Frame) -> tuple[Outline, ...]:
    """Where the visible structures of the reconstruction meet the slice."""
    from render.slicing import contours

    if state.anatomy is None:
        return ()
    found = []
    for key, mesh in state.anatomy.surfaces.items():
        look = state.view.structure(key)
        if look.is_visible and len(mesh.faces):
            lines = contours(mesh, frame.plane, frame.size_px, frame.spacing_mm)
            found.append(Outline(look.colour, tuple(lines)))
    return tuple(found)


def marks(state: State, frame: Frame) -> tuple[Mark, ...]:
    """The plan's measures that lie on or cross the slice, and the traces of its cut planes."""
    from render.compose import compose

    plan = state.shown_plan
    nothing = Anatomy({}, frame_of_reference_uid=plan.frame_of_reference_uid)
    scene = compose(nothing, plan, state.view)
    n_texts = Counter(label.item_id for label in scene.labels)
    # The one text of an item goes with its line; where there are several, each stands at its own place.
    texts = {label.item_id: label for label in scene.labels if n_texts[label.item_id] == 1}
    n_points = Counter(point.item_id for point in scene.points)
    # A line through an item's points shows them itself; a smooth curve does not.
    through = {line.item_id for line in scene.polylines if len(line.points_mm) == n_points[line.item_id]}
    lined = {line.item_id for line in scene.polylines}
    found = [_line_mark(line, texts, frame, line.item_id in through) for line in scene.polylines]
    for point in scene.points:
        alone = Polyline(point.item_id, (point.position_mm,), point.colour)
        if point.item_id not in through:
            found.append(_line_mark(alone, {} if point.item_id in lined else texts, frame))
    for label in scene.labels:
        if label.item_id not in texts:
            alone = Polyline(label.item_id, (label.position_mm,), LABEL)
            found.append(_line_mark(alone, {label.item_id: label}, frame, False))
    if state.view.show_cut_planes:
        found += [_trace(plane, frame) for plane in plan.of_type(CutPlane) if plane.is_active]
    return tuple(mark for mark in found if mark is not None)


def handle_at(state: State, frame: Frame, pixel: tuple[float, float], reach_px: float) -> Handle | None:
    """The point of the plan that is shown nearest to a pixel (column, row), within `reach_px`; None for none."""
    if not state.view.show_measures:
        return None
    found: list[tuple[float, Handle]] = []
    for item in state.plan.items:
        for handle in handles(item):
            place = np.array([handle.position_mm])
            away_px = float(np.linalg.norm(frame.to_px(place)[0] - pixel))
            if away_px <= reach_px and abs(frame.depth_mm(place)[0]) <= NEAR_MM:
                found.append((away_px, handle))
    return min(found, key=lambda near: near[0])[1] if found else None


def handle_dragged(state: State, frame: Frame, handle: Handle, pixel: tuple[float, float]) -> Item:
    """The handle's item with that point below a pixel (column, row), as deep behind the slice as it was."""
    depth_mm = frame.depth_mm(np.array([handle.position_mm]))[0]
    place = frame.to_mm(*pixel) + depth_mm * np.array(frame.plane.normal)
    return dragged(state.plan.find(handle.item_id), handle, place)


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


def _line_mark(line: Polyline, texts: Mapping[str, Label], frame: Frame, has_balls: bool = True) -> Mark | None:
    points = np.array(line.points_mm)
    depth = frame.depth_mm(points)
    if depth.min() > NEAR_MM or depth.max() < -NEAR_MM:
        return None
    label = texts.get(line.item_id)
    return Mark(line.item_id, frame.to_px(points), line.colour, label.text if label else "", False, has_balls)


def _trace(plane: CutPlane, frame: Frame) -> Mark | None:
    """The line in which a cut plane meets the slice, across the whole picture."""
    normal, through = np.array(plane.normal), np.array(frame.plane.normal)
    along = np.cross(normal, through)
    if np.linalg.norm(along) < 1e-3:
        return None
    origin = np.array(frame.plane.origin_mm)
    in_plane = normal - (normal @ through) * through
    offset = ((np.array(plane.origin_mm) - origin) @ normal) / (in_plane @ normal)
    middle = origin + offset * in_plane
    reach = sum(frame.size_px) * frame.spacing_mm * along / np.linalg.norm(along)
    pixels = frame.to_px(np.array([middle - reach, middle + reach]))
    colour = CUT_PLANE_LOCKED if plane.is_locked else CUT_PLANE
    return Mark(plane.item_id, pixels, colour, is_dashed=True)
