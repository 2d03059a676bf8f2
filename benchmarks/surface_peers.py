"""The ways that others make surfaces of a label map, structure by structure."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPolyData
from vtkmodules.vtkFiltersCore import vtkPolyDataNormals, vtkSurfaceNets3D, vtkWindowedSincPolyDataFilter
from vtkmodules.vtkFiltersGeneral import vtkDiscreteFlyingEdges3D

from core.frames import apply_affine
from core.mesh import SurfaceMesh
from core.volume import LabelMap


def surface_nets(labels: LabelMap) -> dict[str, SurfaceMesh]:
    """VTK's SurfaceNets of each label, with the smoothing it comes with."""
    return {key: _surface_nets(labels, value) for value, key in _present(labels).items()}


def flying_edges(labels: LabelMap) -> dict[str, SurfaceMesh]:
    """VTK's discrete flying edges, then 20 rounds of windowed sinc at a pass band of 0.1."""
    return {key: _flying_edges(labels, value) for value, key in _present(labels).items()}


def marching_cubes(labels: LabelMap) -> dict[str, SurfaceMesh]:
    """scikit-image's marching cubes of each label's mask, blurred by one voxel."""
    return {key: _marching_cubes(labels, value) for value, key in _present(labels).items()}


def _present(labels: LabelMap) -> dict[int, str]:
    return {value: key for value, key in labels.names.items() if (labels.labels == value).any()}


def _surface_nets(labels: LabelMap, value: int) -> SurfaceMesh:
    nets = vtkSurfaceNets3D()
    nets.SetInputData(_image(labels))
    nets.SetValue(0, value)
    nets.SetOutputMeshTypeToTriangles()
    oriented = vtkPolyDataNormals()  # SurfaceNets turns its faces towards the other label, not outward
    oriented.SetInputConnection(nets.GetOutputPort())
    oriented.AutoOrientNormalsOn()
    oriented.SplittingOff()
    oriented.Update()
    return _mesh(oriented.GetOutput(), labels)


def _flying_edges(labels: LabelMap, value: int) -> SurfaceMesh:
    edges = vtkDiscreteFlyingEdges3D()
    edges.SetInputData(_image(labels))
    edges.SetValue(0, value)
    smooth = vtkWindowedSincPolyDataFilter()
    smooth.SetInputConnection(edges.GetOutputPort())
    smooth.SetNumberOfIterations(20)
    smooth.SetPassBand(0.1)
    smooth.NormalizeCoordinatesOn()
    smooth.Update()
    return _mesh(smooth.GetOutput(), labels)


def _marching_cubes(labels: LabelMap, value: int) -> SurfaceMesh:
    from skimage.measure import marching_cubes as skimage_marching_cubes

    mask = np.pad((labels.labels == value).astype(np.float32), 4)
    vertices, faces, _, _ = skimage_marching_cubes(ndimage.gaussian_filter(mask, 1.0), 0.5)
    return _outward(apply_affine(labels.patient_from_index, vertices - 4.0), faces)


def _image(labels: LabelMap) -> vtkImageData:
    padded = np.ascontiguousarray(np.pad(labels.labels, 1))
    image = vtkImageData()
    image.SetDimensions(*padded.shape[::-1])
    image.SetOrigin(-1.0, -1.0, -1.0)
    image.GetPointData().SetScalars(numpy_to_vtk(padded.ravel(), deep=True))
    return image


def _mesh(data: vtkPolyData, labels: LabelMap) -> SurfaceMesh:
    index = vtk_to_numpy(data.GetPoints().GetData())[:, ::-1]
    faces = vtk_to_numpy(data.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    return _outward(apply_affine(labels.patient_from_index, index), faces)


def _outward(vertices: np.ndarray, faces: np.ndarray) -> SurfaceMesh:
    mesh = SurfaceMesh(vertices, faces)
    return mesh if mesh.volume_ml > 0 else SurfaceMesh(vertices, faces[:, ::-1])
