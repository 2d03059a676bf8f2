"""From arrays to VTK's polygons, without copying where VTK allows it."""

from __future__ import annotations

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray
from vtkmodules.vtkCommonCore import vtkPoints, vtkSMPTools
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData


def use_threads() -> None:
    """Let VTK's filters use every core; its wheels start sequential."""
    if vtkSMPTools.GetBackend() != "STDThread":
        vtkSMPTools.SetBackend("STDThread")


use_threads()


def poly_data(vertices: np.ndarray, faces: np.ndarray | None = None) -> vtkPolyData:
    """Polygons with points `vertices` (n, 3) in mm and triangles `faces` (m, 3)."""
    points = vtkPoints()
    points.SetData(numpy_to_vtk(np.ascontiguousarray(vertices), deep=True))
    data = vtkPolyData()
    data.SetPoints(points)
    if faces is not None:
        data.SetPolys(cell_array(faces))
    return data


def cell_array(cells: np.ndarray) -> vtkCellArray:
    """Cells of a fixed number of points (m, k)."""
    array = vtkCellArray()
    ids = np.ascontiguousarray(cells, dtype=np.int64).ravel()
    array.SetData(cells.shape[1], numpy_to_vtkIdTypeArray(ids, deep=True))
    return array
