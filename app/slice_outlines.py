"""The structures on one slice: their outlines, the voxels of the one in hand, and a correction while it is drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from app.labels.edited import stale_keys
from app.labels.editing import WON, Contours, Touch, layer_at, n_layers_through, structure_in_hand, value_of
from app.slices import Frame
from app.state import State
from app.tools import Tool
from core.volume import LabelMap
from plan.items import as_point
from render.palette import Colour

TINT, CHANGE = 60, 170
"""How much of the image the voxels in hand hide, and those that a stroke would change; of 255."""
LOST_COLOUR: Colour = (0.05, 0.05, 0.05)
LEAST_PULLED = 3
MOST_PULLED_PX = 1024


@dataclass(frozen=True)
class Outline:
    """Closed or open lines of one structure in pixels (column, row)."""

    colour: Colour
    lines: tuple[np.ndarray, ...]
    is_dashed: bool = False


def outlines(state: State, frame: Frame) -> tuple[Outline, ...]:
    """Where the visible structures meet the slice.

    The structure that is corrected, and those whose surfaces are being made again, are drawn by their labels.
    """
    from render.slicing import contours

    anatomy = state.anatomy
    if anatomy is None:
        return ()
    by_labels = _drawn_by_labels(state)
    found = []
    # The one that is corrected comes last, over the outline of the neighbour it shares a wall with.
    for key in sorted(dict.fromkeys((*anatomy.surfaces, *sorted(by_labels))), key=_in_hand(state).__contains__):
        look = state.view.structure(key)
        if not look.is_visible:
            continue
        if key in by_labels and anatomy.labels is not None:
            lines = _label_lines(anatomy.labels, key, frame)
        else:
            lines = contours(anatomy.surfaces[key], frame.plane, frame.size_px, frame.spacing_mm)
        found.append(Outline(look.colour, tuple(lines)))
    return tuple(found)


def tint(state: State, frame: Frame) -> np.ndarray | None:
    """The voxels of the structure in hand as a veil: uint8 RGBA (height, width, 4); None without a label tool."""
    labels = state.anatomy.labels if state.anatomy is not None else None
    if not state.is_editing_labels or labels is None:
        return None
    key = structure_in_hand(labels, state.brush)
    veil = np.zeros((frame.size_px[1], frame.size_px[0], 4), dtype=np.uint8)
    _veil(veil, _nearest(labels, frame) == value_of(labels, key), state.view.structure(key).colour, TINT)
    return veil


def change_tint(state: State, frame: Frame) -> np.ndarray | None:
    """What the stroke that is held would change on this slice, uint8 RGBA (height, width, 4); None: nothing."""
    preview = state.stroke.preview if state.stroke is not None else None
    if state.stroke is None or preview is None or not _is_cut(preview, frame):
        return None
    found = _nearest(preview, frame)
    veil = np.zeros((*found.shape, 4), dtype=np.uint8)
    _veil(veil, found == WON, state.view.structure(state.stroke.brush.key).colour, CHANGE)
    _veil(veil, found > WON, LOST_COLOUR, CHANGE)
    return veil if veil.any() else None


def touch_at(frame: Frame, at_mm: np.ndarray) -> Touch:
    """The pointer at an LPS position of the frame's plane."""
    return Touch(np.asarray(at_mm, dtype=np.float64), np.array(frame.plane.normal))


def contours_to_pull(state: State, frame: Frame, touch: Touch) -> tuple[Contours, ...]:
    """The closed outlines of the structure in hand on the slice, and on the slices around that a pull is felt in."""
    labels = state.anatomy.labels if state.anatomy is not None else None
    if state.tool is not Tool.PULL or labels is None:
        return ()
    layer, key = layer_at(labels, touch), structure_in_hand(labels, state.brush)
    n_around = n_layers_through(layer, state.brush)
    whole = _whole(labels, frame)
    found = []
    for n in range(-n_around, n_around + 1):
        # Where the columns of the grid meet the layer; on planes along the grid that is a step along the normal.
        origin = as_point(np.array(whole.plane.origin_mm) + n * layer.along_mm)
        beside = replace(whole, plane=replace(whole.plane, origin_mm=origin))
        lines = [line for line in _label_lines(labels, key, beside) if _is_closed(line)]
        found.append(Contours(n, tuple(_in_mm(line, beside) for line in lines)))
    return tuple(found)


def _whole(labels: LabelMap, frame: Frame) -> Frame:
    """A picture of the whole label grid in the plane of a frame: a contour goes on beyond the view's rim."""
    from render.slicing import fitting_spacing_mm

    normal, origin = np.array(frame.plane.normal), np.array(frame.plane.origin_mm)
    middle = labels.centre_mm + ((origin - labels.centre_mm) @ normal) * normal
    plane = replace(frame.plane, origin_mm=as_point(middle))
    extent_mm = fitting_spacing_mm(labels, plane, (1, 1)) + 2.0 * float(labels.spacing_mm.max())
    spacing_mm = max(float(labels.spacing_mm.min()) / 2.0, extent_mm / MOST_PULLED_PX)
    side = int(np.ceil(extent_mm / spacing_mm))
    return Frame(plane, (side, side), spacing_mm)


def _in_mm(line: np.ndarray, frame: Frame) -> np.ndarray:
    from render.slicing import patient_from_pixels

    return patient_from_pixels(frame.plane, frame.size_px, frame.spacing_mm, line)


def _drawn_by_labels(state: State) -> frozenset[str]:
    labels = state.anatomy.labels if state.anatomy is not None else None
    if labels is None:
        return frozenset()
    return stale_keys(state.anatomy) | _in_hand(state)


def _in_hand(state: State) -> frozenset[str]:
    labels = state.anatomy.labels if state.anatomy is not None else None
    if labels is None or not state.is_editing_labels:
        return frozenset()
    return frozenset({structure_in_hand(labels, state.brush)})


def _label_lines(labels: LabelMap, key: str, frame: Frame) -> list[np.ndarray]:
    from render.label_contours import label_contours

    return label_contours(labels, value_of(labels, key), frame.plane, frame.size_px, frame.spacing_mm)


def _nearest(labels: LabelMap, frame: Frame) -> np.ndarray:
    from render.slicing import extract

    found = extract(labels, frame.plane, frame.size_px, frame.spacing_mm, interpolate=False)
    return np.nan_to_num(found).astype(np.uint8)


def _is_cut(box: LabelMap, frame: Frame) -> bool:
    """Whether the frame's plane passes through a box of voxels."""
    corners = np.array(list(product(*((-0.5, n - 0.5) for n in box.shape))))
    depth = frame.depth_mm(box.patient_from_indices(corners))
    return bool(depth.min() <= 0.0 <= depth.max())


def _veil(veil: np.ndarray, where: np.ndarray, colour: Colour, alpha: int) -> None:
    veil[where] = (*(round(255 * part) for part in colour), alpha)


def _is_closed(line: np.ndarray) -> bool:
    return len(line) > LEAST_PULLED and bool(np.allclose(line[0], line[-1]))
