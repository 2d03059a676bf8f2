"""Surfaces of a label map, beside VTK's two ways, with the defects of all three counted alike."""

from __future__ import annotations

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPolyData
from vtkmodules.vtkFiltersCore import vtkPolyDataNormals, vtkSurfaceNets3D, vtkWindowedSincPolyDataFilter
from vtkmodules.vtkFiltersGeneral import vtkDiscreteFlyingEdges3D

from benchmarks.report import Comparison, Row, best_of
from core.frames import apply_affine
from core.mesh import SurfaceMesh
from core.volume import LabelMap
from recon.anatomy.patient import sample_patient
from recon.mesh_report import mesh_report
from recon.simulate.study import simulate_ct
from recon.surface import conformal_surfaces_of_labels

SEED = 2_000_020


def compare(quick: bool) -> Comparison:
    """All structures of one synthetic heart."""
    spacing_mm = 3.0 if quick else 1.0
    labels = simulate_ct(sample_patient(SEED), "1.2.3", spacing_mm).truth
    ours_s, ours = best_of(1, lambda: conformal_surfaces_of_labels(labels))
    nets_s, nets = best_of(1, lambda: {k: surface_nets(labels, v) for v, k in labels.names.items()})
    edges_s, edges = best_of(1, lambda: {k: flying_edges(labels, v) for v, k in labels.names.items()})
    return Comparison(
        f"{len(ours)} structures of a {'x'.join(map(str, labels.shape[::-1]))} label map at {spacing_mm:g} mm",
        (
            Row("Auricle, recon.surface.conformal_surfaces_of_labels", ours_s, defects(ours, labels)),
            Row("VTK SurfaceNets3D, its own smoothing", nets_s, defects(nets, labels)),
            Row("VTK discrete flying edges, windowed sinc", edges_s, defects(edges, labels)),
        ),
        (
            "defects are sums over all structures; crossings: an edge that pierces a triangle",
            "volume error, and shape p01 (1st percentile; 1 is equal sides): the worst structure",
        ),
    )


def defects(surfaces: dict[str, SurfaceMesh], labels: LabelMap) -> dict[str, float | int]:
    """The health of a set of surfaces."""
    reports = {key: mesh_report(mesh) for key, mesh in surfaces.items()}
    truth = labels.volumes_ml()
    errors = [100.0 * (report.volume_ml - truth[key]) / truth[key] for key, report in reports.items()]
    return {
        "triangles": sum(len(mesh.faces) for mesh in surfaces.values()),
        "open edges": sum(report.n_open_edges for report in reports.values()),
        "non-manifold edges": sum(report.n_nonmanifold_edges for report in reports.values()),
        "crossings": sum(report.n_self_intersections for report in reports.values()),
        "shape p01": min(report.quality_p01 for report in reports.values()),
        "volume error %": max(errors, key=abs),
    }


def surface_nets(labels: LabelMap, value: int) -> SurfaceMesh:
    """VTK's SurfaceNets of one label, with the smoothing it comes with."""
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


def flying_edges(labels: LabelMap, value: int) -> SurfaceMesh:
    """Discrete flying edges, then 20 rounds of windowed sinc at a pass band of 0.1."""
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
    mesh = SurfaceMesh(apply_affine(labels.patient_from_index, index), faces)
    return mesh if mesh.volume_ml > 0 else SurfaceMesh(mesh.vertices, mesh.faces[:, ::-1])
