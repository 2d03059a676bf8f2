"""Cutting a large closed surface with a cap, beside VTK's and pyvista's ways to do it."""

from __future__ import annotations

import numpy as np
import pyvista
from vtkmodules.vtkCommonDataModel import vtkPlane
from vtkmodules.vtkFiltersCore import vtkPolyDataPlaneClipper

from benchmarks.report import Comparison, Row, best_of
from core.mesh import SurfaceMesh
from plan.items import CutPlane
from render.cutting import cut
from render.polydata import poly_data

OUTER_MM, INNER_MM, HEIGHT_MM = 45.0, 33.0, 7.3


def compare(quick: bool) -> Comparison:
    """A ball with a cavity, as a ventricle's wall is one, cut off-centre; the exact rest is known."""
    n = 100 if quick else 354
    mesh = hollow_ball(n)
    plane = CutPlane("cut", (0.0, 0.0, HEIGHT_MM), (0.0, 0.0, 1.0))
    data = pyvista.wrap(poly_data(mesh.vertices, mesh.faces))
    ours_s, ours = best_of(5, lambda: cut(mesh, [plane]))
    clipper_s, clipped = best_of(5, lambda: plane_clipper(data))
    closed_s, closed = best_of(2, lambda: data.clip_closed_surface(normal="-z", origin=plane.origin_mm))
    return Comparison(
        f"One plane through a hollow ball of {len(mesh.faces):,} triangles, opening closed",
        (
            Row("Auricle, render.cutting.cut", ours_s, figures(ours.vertices, ours.faces)),
            Row("VTK vtkPolyDataPlaneClipper, capped", clipper_s, figures(*arrays(clipped))),
            Row("pyvista clip_closed_surface", closed_s, figures(*arrays(closed))),
        ),
        ("volume error: enclosed volume against the exact spherical segment, cavity left open",),
    )


def hollow_ball(n: int) -> SurfaceMesh:
    """Two concentric closed balls, the inner one facing inwards, of about 4 n^2 triangles."""
    ball = pyvista.Sphere(radius=1.0, theta_resolution=n, phi_resolution=n).clean()
    vertices, faces = np.asarray(ball.points, dtype=np.float64), ball.regular_faces
    both = np.concatenate([OUTER_MM * vertices, INNER_MM * vertices])
    return SurfaceMesh(both, np.concatenate([faces, faces[:, ::-1] + len(vertices)]))


def plane_clipper(data: pyvista.PolyData) -> pyvista.PolyData:
    """VTK's fastest clipper, its cap appended."""
    plane = vtkPlane()
    plane.SetOrigin(0.0, 0.0, HEIGHT_MM)
    plane.SetNormal(0.0, 0.0, -1.0)
    clipper = vtkPolyDataPlaneClipper()
    clipper.SetInputData(data)
    clipper.SetPlane(plane)
    clipper.SetCapping(True)
    clipper.Update()
    return pyvista.wrap(clipper.GetOutput(0)) + pyvista.wrap(clipper.GetOutput(1))


def arrays(data: pyvista.PolyData) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and triangles, points in one place joined."""
    surface = data.extract_surface(algorithm="dataset_surface").triangulate().clean(tolerance=0.0)
    return np.asarray(surface.points, dtype=np.float64), surface.regular_faces


def figures(vertices: np.ndarray, faces: np.ndarray) -> dict[str, float | str]:
    """What is left: is it closed, and how far is its volume from the exact one."""
    mesh = SurfaceMesh(vertices, faces)
    exact_ml = _segment_ml(OUTER_MM) - _segment_ml(INNER_MM)
    error = 100.0 * (abs(mesh.volume_ml) - exact_ml) / exact_ml
    return {"closed": "yes" if mesh.is_closed else "no", "volume error %": error, "triangles": len(faces)}


def _segment_ml(radius_mm: float) -> float:
    cap_mm = radius_mm - HEIGHT_MM
    ball = 4.0 / 3.0 * np.pi * radius_mm**3
    return float(ball - np.pi * cap_mm**2 * (radius_mm - cap_mm / 3.0)) / 1000.0
