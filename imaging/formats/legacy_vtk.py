"""Surfaces from VTK's legacy files (.vtk), as research tools exchange them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.errors import PlannerError
from core.mesh import SurfaceMesh


def read_legacy_vtk(path: Path, unit_mm: float = 1.0) -> SurfaceMesh:
    """Read the triangles of a legacy polydata file; its coordinates are taken as LPS in `unit_mm`.

    The file itself names neither unit nor frame: the caller has to know them.
    Raises PlannerError when it is no polydata of triangles.
    """
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkIOLegacy import vtkPolyDataReader

    reader = vtkPolyDataReader()
    reader.SetFileName(str(path))
    if not path.is_file() or not reader.IsFilePolyData():
        raise PlannerError(f"cannot read {path.name}", "it is no VTK polydata file", "give a surface")
    reader.Update()
    data = reader.GetOutput()
    polygons = data.GetPolys()
    if polygons.GetNumberOfCells() == 0 or polygons.IsHomogeneous() != 3:
        raise PlannerError(
            f"cannot use {path.name}", "it does not consist of triangles", "triangulate it first"
        )
    faces = vtk_to_numpy(polygons.GetConnectivityArray()).reshape(-1, 3)
    return SurfaceMesh(vtk_to_numpy(data.GetPoints().GetData()).astype(np.float64) * unit_mm, faces)
