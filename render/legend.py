"""The legend of painted surfaces, in the picture itself: colours without their millimetres mean nothing."""

from __future__ import annotations

import textwrap

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkPolyData
from vtkmodules.vtkRenderingCore import (
    vtkActor2D,
    vtkCoordinate,
    vtkPolyDataMapper2D,
    vtkProp,
    vtkTextActor,
)

from render.painted_fields import FIELDS
from render.palette import BACKGROUND, LABEL, Colour
from render.polydata import cell_array, poly_data
from render.scene import Legend
from render.steadiness_colours import MOST_MM, UNKNOWN, UNKNOWN_STRIPE, colours_of

# Fits the 3-D view of a window of 1280 x 800 pixels with the lists open.
WIDTH_PX = 270.0
MARGIN_PX, PAD_PX, LINE_PX, BAR_PX = 8.0, 6.0, 15.0, 12.0
BAR_LEFT_PX, BAR_WIDTH_PX = 12.0, 140.0
UNKNOWN_LEFT_PX, UNKNOWN_WIDTH_PX = 174.0, 28.0
TITLE_SIZE_PX, TEXT_SIZE_PX = 14, 12
LETTERS_A_LINE = 40
N_STEPS = 95


def legend_actors(legend: Legend) -> list[vtkProp]:
    """A plate in the upper left corner: the scale, what unknown looks like, and what is not painted."""
    field = FIELDS[legend.painted_by]
    rows = [*field.words, *_not_painted(legend)]
    height = 2.0 * PAD_PX + LINE_PX * (2.3 + len(rows)) + BAR_PX + 5.0
    plate = _quads(np.array([[0.0, -height, WIDTH_PX, 0.0]]), np.array([_bytes(BACKGROUND)]), 1)
    plate.GetProperty().SetOpacity(0.9)
    title_y = -PAD_PX - LINE_PX
    bar_y = title_y - BAR_PX - 5.0
    ticks_y = bar_y - LINE_PX
    texts = [_text(field.title, BAR_LEFT_PX, title_y, TITLE_SIZE_PX, is_bold=True)]
    for mm in np.arange(0.0, field.most_mm + field.tick_mm / 2.0, field.tick_mm):
        name = f"{mm:.0f}+" if mm >= field.most_mm else f"{mm:.0f}"
        left = BAR_LEFT_PX + BAR_WIDTH_PX * mm / field.most_mm
        texts.append(_text(name, left, ticks_y, TEXT_SIZE_PX, is_centred=True))
    texts.append(_text("unknown", UNKNOWN_LEFT_PX + UNKNOWN_WIDTH_PX + 6.0, bar_y, TEXT_SIZE_PX))
    for n, row in enumerate(rows):
        texts.append(_text(row, BAR_LEFT_PX, ticks_y - LINE_PX * (1.2 + n), TEXT_SIZE_PX))
    return [plate, _bar(bar_y), _stripes(bar_y), *texts]


def _not_painted(legend: Legend) -> list[str]:
    if not legend.not_painted:
        return []
    return textwrap.wrap(f"No values, own colour: {', '.join(legend.not_painted)}", LETTERS_A_LINE)


def _bar(bottom: float) -> vtkActor2D:
    edges = BAR_LEFT_PX + np.linspace(0.0, BAR_WIDTH_PX, N_STEPS + 1)
    return _quads(_upright(edges, bottom), colours_of(np.linspace(0.0, MOST_MM, N_STEPS)), 2)


def _stripes(bottom: float) -> vtkActor2D:
    edges = UNKNOWN_LEFT_PX + np.linspace(0.0, UNKNOWN_WIDTH_PX, 8)
    colours = np.array([_bytes((UNKNOWN, UNKNOWN_STRIPE)[n % 2]) for n in range(7)])
    return _quads(_upright(edges, bottom), colours, 2)


def _upright(edges: np.ndarray, bottom: float) -> np.ndarray:
    level = np.full(len(edges) - 1, bottom)
    return np.stack([edges[:-1], level, edges[1:], level + BAR_PX], axis=1)


def _quads(boxes_px: np.ndarray, colours: np.ndarray, layer: int) -> vtkActor2D:
    """Boxes (n, 4) as left, bottom, right, top from the upper left corner, each of one colour, uint8 (n, 3)."""
    corners = boxes_px[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 2)
    data: vtkPolyData = poly_data(np.column_stack([corners, np.zeros(len(corners))]))
    data.SetPolys(cell_array(np.arange(len(corners)).reshape(-1, 4)))
    data.GetCellData().SetScalars(numpy_to_vtk(np.ascontiguousarray(colours, dtype=np.uint8), deep=True))
    mapper = vtkPolyDataMapper2D()
    mapper.SetInputData(data)
    mapper.SetTransformCoordinate(_from_corner())
    actor = vtkActor2D()
    actor.SetMapper(mapper)
    actor.SetLayerNumber(layer)
    actor.SetPickable(False)
    return actor


def _text(
    words: str, left: float, bottom: float, size: int, *, is_bold: bool = False, is_centred: bool = False
) -> vtkTextActor:
    actor = vtkTextActor()
    actor.SetInput(words)
    actor.SetTextScaleModeToNone()
    place = actor.GetPositionCoordinate()
    place.SetCoordinateSystemToViewport()
    place.SetReferenceCoordinate(_corner())
    place.SetValue(MARGIN_PX + left, -MARGIN_PX + bottom, 0.0)
    style = actor.GetTextProperty()
    style.SetFontFamilyToArial()
    style.SetFontSize(size)
    style.SetBold(is_bold)
    style.SetColor(*LABEL)
    style.SetVerticalJustificationToBottom()
    if is_centred:
        style.SetJustificationToCentered()
    actor.SetLayerNumber(3)
    actor.SetPickable(False)
    return actor


def _from_corner() -> vtkCoordinate:
    """Pixels counted from a margin inside the upper left corner, to the right and up."""
    moved = vtkCoordinate()
    moved.SetCoordinateSystemToViewport()
    moved.SetReferenceCoordinate(_corner())
    moved.SetValue(MARGIN_PX, -MARGIN_PX, 0.0)
    pixels = vtkCoordinate()
    pixels.SetCoordinateSystemToViewport()
    pixels.SetReferenceCoordinate(moved)
    return pixels


def _corner() -> vtkCoordinate:
    corner = vtkCoordinate()
    corner.SetCoordinateSystemToNormalizedViewport()
    corner.SetValue(0.0, 1.0, 0.0)
    return corner


def _bytes(colour: Colour) -> tuple[int, ...]:
    return tuple(round(255 * part) for part in colour)
