"""Correcting labels on a slice, without Qt: what a brush, a drawn line or a pulled contour does to which voxels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from app.tools import Tool
from core.anatomy import HEART_BY_KEY
from core.errors import PlannerError
from core.frames import apply_affine
from core.volume import LabelMap
from plan.label_edits import LabelEdit, edit_of_voxels
from plan.label_layers import Layer, layer_through
from plan.label_pulling import evened, pull
from plan.label_shapes import ball_voxels, disc_voxels, is_inside

LABEL_TOOLS = (Tool.PAINT, Tool.ERASE, Tool.FILL, Tool.PULL)
ANYTHING, BACKGROUND = "", "background"
RADII_MM = (0.5, 40.0)
REACHES_MM = (3.0, 60.0)
LARGEST_THROUGH_MM = 30.0
WON, LOST = 1, 2
"""What a voxel of a preview says: it would come to the structure, it would leave it."""
_VERBS = {Tool.PAINT: "Paint", Tool.ERASE: "Erase", Tool.FILL: "Fill", Tool.PULL: "Pull contour of"}


@dataclass(frozen=True)
class LabelBrush:
    """How labels are corrected.

    Attributes:
        key: the structure in hand; empty: the first one of the map.
        radius_mm: of the brush.
        is_ball: the brush reaches through slices, as a ball; else it is a disc in the slice.
        only_over: paint only over this structure, over `BACKGROUND`, or over `ANYTHING`.
        reach_mm: how far along a contour a pull is felt.
        through_mm: how far into the slices on both sides a pull is felt; 0: in this slice alone.
    """

    key: str = ""
    radius_mm: float = 5.0
    is_ball: bool = False
    only_over: str = ANYTHING
    reach_mm: float = 15.0
    through_mm: float = 0.0

    def resized(self, tool: Tool, n_steps: float) -> LabelBrush:
        """The brush, or the reach of a pull, some steps larger (negative: smaller); a step is 15 percent."""
        if tool is Tool.PULL:
            return replace(self, reach_mm=_sized(self.reach_mm, n_steps, REACHES_MM))
        return replace(self, radius_mm=_sized(self.radius_mm, n_steps, RADII_MM))


@dataclass(frozen=True, eq=False)
class Touch:
    """Where the pointer is on a slice: a point of a plane and the plane's unit normal, (3,) each, LPS mm."""

    at_mm: np.ndarray
    normal: np.ndarray


@dataclass(frozen=True, eq=False)
class Contours:
    """The closed outlines of the structure in hand in one layer: its number from the slice's own, and lines in mm."""

    n_layers: int
    lines_mm: tuple[np.ndarray, ...]


@dataclass(frozen=True, eq=False)
class Stroke:
    """A correction while the button is held; nothing of the labels has changed yet.

    Attributes:
        labels: what is corrected.
        layer: the voxels of the slice it began on.
        path_mm: (k, 3) where the pointer was.
        flat: voxels (n,) that would change, ascending, and `after`: the values (n,) they would get.
        contours: of a pull: the outlines before it.
        line_mm: the line to be shown: of a pull the outline as it would be, of a filling the line that is drawn.
    """

    tool: Tool
    brush: LabelBrush
    labels: LabelMap
    layer: Layer
    path_mm: np.ndarray
    flat: np.ndarray
    after: np.ndarray
    contours: tuple[Contours, ...] = ()
    line_mm: tuple[np.ndarray, ...] = ()

    @property
    def name(self) -> str:
        """What undo will call it."""
        kind = HEART_BY_KEY.get(self.brush.key)
        return f"{_VERBS[self.tool]} {kind.title if kind else self.brush.key}"

    @property
    def volume_ml(self) -> float:
        """What the structure would win, negative: lose."""
        value = value_of(self.labels, self.brush.key)
        before = np.count_nonzero(self.labels.labels.ravel()[self.flat] == value)
        return (np.count_nonzero(self.after == value) - before) * self.labels.voxel_ml

    @cached_property
    def preview(self) -> LabelMap | None:
        """The box around the voxels that would change, each `WON` or `LOST`; None where there is none."""
        if not len(self.flat):
            return None
        places = np.stack(np.unravel_index(self.flat, self.labels.shape))
        start = places.min(axis=1)
        box = np.zeros(places.max(axis=1) + 1 - start, dtype=np.uint8)
        value = value_of(self.labels, self.brush.key)
        box[tuple(places - start[:, None])] = np.where(self.after == value, WON, LOST)
        matrix = self.labels.patient_from_index.copy()
        matrix[:3, 3] = apply_affine(matrix, start[None].astype(np.float64))[0]
        return LabelMap(box, matrix, {}, self.labels.frame_of_reference_uid)

    def edit(self, map_id: str, phase: int) -> LabelEdit:
        """The step that it becomes. Raises PlannerError when no voxel would change."""
        return edit_of_voxels(self.labels, map_id, phase, self.flat, self.after)


def value_of(labels: LabelMap, key: str) -> int:
    """The label value of a structure. Raises PlannerError when the map has no such name."""
    for value, name in labels.names.items():
        if name == key and value:
            return value
    raise PlannerError(
        "nothing is painted", f"the label map knows no structure {key}", "choose one of the list"
    )


def structure_in_hand(labels: LabelMap, brush: LabelBrush) -> str:
    """The structure that a brush is about in this map: its own, or the map's first."""
    keys = [key for value, key in sorted(labels.names.items()) if value]
    return brush.key if brush.key in keys or not keys else keys[0]


def layer_at(labels: LabelMap, touch: Touch) -> Layer:
    """The voxels of the slice that is touched. Raises PlannerError where it misses the label grid."""
    layer = layer_through(labels, touch.at_mm, touch.normal)
    if not layer.meets_grid():
        raise PlannerError(
            "nothing is painted here",
            "this slice lies outside of the grid that the labels were made on",
            "go to a slice that crosses the reconstruction",
        )
    return layer


def n_layers_through(layer: Layer, brush: LabelBrush) -> int:
    """Into how many layers on either side a pull is felt."""
    return int(np.ceil(brush.through_mm / layer.thickness_mm)) - 1 if brush.through_mm > 0.0 else 0


def begin(
    tool: Tool, brush: LabelBrush, labels: LabelMap, touch: Touch, contours: tuple[Contours, ...] = ()
) -> Stroke:
    """The stroke that begins where the button was pressed.

    Raises:
        PlannerError: the slice misses the labels, or there is no contour to pull.
    """
    if tool is Tool.PULL and not any(part.lines_mm for part in contours if part.n_layers == 0):
        raise PlannerError(
            "no contour was pulled",
            "the structure has no outline on this slice",
            "choose another structure or slice",
        )
    brush = replace(brush, key=structure_in_hand(labels, brush))
    value_of(labels, brush.key)
    nothing = np.empty(0, dtype=np.int64)
    start = np.atleast_2d(touch.at_mm)
    layer = layer_at(labels, touch)
    contours = tuple(
        replace(part, lines_mm=tuple(evened(line, layer.shifted(part.n_layers)) for line in part.lines_mm))
        for part in contours
    )
    stroke = Stroke(tool, brush, labels, layer, start, nothing, nothing.astype(np.uint8), contours)
    return moved(stroke, touch)


def moved(stroke: Stroke, touch: Touch) -> Stroke:
    """The stroke with the pointer further on."""
    longer = replace(stroke, path_mm=np.vstack([stroke.path_mm, touch.at_mm]))
    if stroke.tool is Tool.PULL:
        return _pulled(longer)
    if stroke.tool is Tool.FILL:
        return _filled(longer)
    return _brushed(longer)


def _brushed(stroke: Stroke) -> Stroke:
    step, brush = stroke.path_mm[-2:], stroke.brush
    if brush.is_ball:
        met = ball_voxels(stroke.labels, step, brush.radius_mm)
    else:
        met = disc_voxels(stroke.layer, step, brush.radius_mm)
    value = value_of(stroke.labels, brush.key)
    if stroke.tool is Tool.ERASE:
        met = met[stroke.labels.labels.ravel()[met] == value]
        value = 0
    else:
        met = _permitted(stroke, met)
    flat = np.union1d(stroke.flat, met)
    return replace(stroke, flat=flat, after=np.full(len(flat), value, dtype=np.uint8))


def _filled(stroke: Stroke) -> Stroke:
    layer = stroke.layer
    columns = layer.columns_around(stroke.path_mm, 0.0)
    inside = is_inside(columns.astype(np.float64), [layer.columns_of(stroke.path_mm)])
    flat = np.unique(_permitted(stroke, layer.voxels(columns[inside])))
    value = value_of(stroke.labels, stroke.brush.key)
    line = np.vstack([stroke.path_mm, stroke.path_mm[:1]])
    return replace(stroke, flat=flat, after=np.full(len(flat), value, dtype=np.uint8), line_mm=(line,))


def _pulled(stroke: Stroke) -> Stroke:
    grab, brush = stroke.path_mm[0], stroke.brush
    by_mm = stroke.path_mm[-1] - grab
    value = value_of(stroke.labels, brush.key)
    flat, after = [], []
    shown: tuple[np.ndarray, ...] = ()
    for part in stroke.contours:
        share = (
            _felt(abs(part.n_layers) * stroke.layer.thickness_mm, brush.through_mm) if part.n_layers else 1.0
        )
        layer = stroke.layer.shifted(part.n_layers)
        lines, won, lost, instead = pull(
            stroke.labels, layer, part.lines_mm, grab, share * by_mm, brush.reach_mm, value
        )
        won = _permitted(stroke, won)
        flat += [won, lost]
        after += [np.full(len(won), value, dtype=np.uint8), instead]
        shown = lines if part.n_layers == 0 else shown
    found, first = np.unique(np.concatenate(flat), return_index=True)
    return replace(stroke, flat=found, after=np.concatenate(after)[first], line_mm=shown)


def _permitted(stroke: Stroke, flat: np.ndarray) -> np.ndarray:
    """Of the voxels those that may be painted over, and are not of the structure already."""
    labels, over = stroke.labels, stroke.brush.only_over
    now = labels.labels.ravel()[flat]
    allowed = now != value_of(labels, stroke.brush.key)
    if over != ANYTHING:
        allowed &= now == (0 if over == BACKGROUND else value_of(labels, over))
    return flat[allowed]


def _felt(away_mm: float, reach_mm: float) -> float:
    return 0.5 * (1.0 + float(np.cos(np.pi * min(away_mm / reach_mm, 1.0))))


def _sized(size: float, n_steps: float, limits: tuple[float, float]) -> float:
    return round(float(np.clip(size * 1.15**n_steps, *limits)), 2)
