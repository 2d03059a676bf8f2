"""Outlines of a structure on a slice, straight from its labels: there at once, while a surface takes a moment."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkFiltersCore import vtkFlyingEdges2D, vtkStripper

from core.frames import apply_affine
from core.volume import LabelMap, Volume
from render.slice_plane import SlicePlane, patient_from_pixel
from render.slicing import extract

INSIDE = 200
"""What a voxel of the structure counts in the picture that is contoured; the line runs at half of it."""


def label_contours(
    label_map: LabelMap, value: int, plane: SlicePlane, size_px: tuple[int, int], spacing_mm: float
) -> list[np.ndarray]:
    """Polylines (n, 2) in pixels (column, row) half way between voxels inside and outside; closed ones repeat a point.

    Args:
        value: the label of the structure.
        size_px, spacing_mm: of the picture, as in `render.slicing.extract`; what lies beyond its rim is left out.
    """
    box = _box_around(label_map, plane, size_px, spacing_mm)
    part = label_map.labels[box]
    if not part.size or not (part == value).any():
        return []
    # A layer of nothing around it closes the lines where the structure leaves the grid.
    mask = np.pad(np.where(part == value, np.uint8(INSIDE), np.uint8(0)), 1)
    matrix = label_map.patient_from_index.copy()
    start = np.array([side.start - 1 for side in box])
    matrix[:3, 3] = apply_affine(label_map.patient_from_index, start[None])[0]
    picture = np.nan_to_num(extract(Volume(mask, matrix), plane, size_px, spacing_mm))
    return lines_at(picture, INSIDE / 2.0)


def _box_around(
    label_map: LabelMap, plane: SlicePlane, size_px: tuple[int, int], spacing_mm: float
) -> tuple[slice, slice, slice]:
    """The part of the grid that the picture can meet."""
    width, height = size_px
    corners = np.array([[0, 0, 0], [width, 0, 0], [0, height, 0], [width, height, 0]], dtype=np.float64)
    places = apply_affine(patient_from_pixel(plane, size_px, spacing_mm), corners)
    index = label_map.indices_from_patient(places)
    low = np.clip(np.floor(index.min(axis=0) - 1e-6), 0, label_map.shape).astype(int)
    high = np.clip(np.ceil(index.max(axis=0) + 1e-6) + 1, 0, label_map.shape).astype(int)
    first, second, third = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return first, second, third


def lines_at(picture: np.ndarray, level: float) -> list[np.ndarray]:
    """Polylines (n, 2) in pixels (column, row) where a picture (height, width) crosses a level."""
    image = vtkImageData()
    image.SetDimensions(picture.shape[1], picture.shape[0], 1)
    image.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(picture).ravel()))
    edges = vtkFlyingEdges2D()
    edges.SetInputData(image)
    edges.SetValue(0, level)
    joined = vtkStripper()
    joined.SetInputConnection(edges.GetOutputPort())
    joined.SetMaximumLength(10_000_000)
    joined.JoinContiguousSegmentsOn()
    joined.Update()
    found = joined.GetOutput()
    if not found.GetNumberOfLines():
        return []
    points = vtk_to_numpy(found.GetPoints().GetData())[:, :2].astype(np.float64)
    offsets = vtk_to_numpy(found.GetLines().GetOffsetsArray())
    ids = vtk_to_numpy(found.GetLines().GetConnectivityArray())
    return [_without_straight(points[ids[a:b]]) for a, b in pairwise(offsets)]


def _without_straight(line: np.ndarray) -> np.ndarray:
    """The line without the points that its neighbours draw as well: along a voxel's side there are dozens."""
    if len(line) < 3:
        return line
    back, on = line[1:-1] - line[:-2], line[2:] - line[1:-1]
    bends = np.abs(back[:, 0] * on[:, 1] - back[:, 1] * on[:, 0]) > 1e-3
    return line[np.concatenate([[True], bends, [True]])]
