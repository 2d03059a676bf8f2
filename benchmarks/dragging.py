"""One step of dragging a cut plane, from the plan to what the 3-D view draws, beside pyvista's own filters."""

from __future__ import annotations

from dataclasses import replace

import pyvista
from vtkmodules.vtkRenderingCore import vtkRenderer

from app.state import State
from app.viewing.in_space import ImagesInSpace
from app.windowing import Window
from benchmarks.cutting import hollow_ball
from benchmarks.report import Comparison, Row, best_of
from benchmarks.slicing import noisy_volume
from core.anatomy import Anatomy
from plan.items import CutPlane
from plan.plan import Plan
from render.compose import compose
from render.polydata import poly_data
from render.stage import Stage
from render.view import ViewState


def compare(quick: bool) -> Comparison:
    """A wall of 500,000 triangles in a volume: cut and capped, the image on the plane, actors brought up to date."""
    mesh = hollow_ball(100 if quick else 354)
    volume = noisy_volume((100, 128, 128) if quick else (400, 512, 512))
    middle = volume.centre_mm
    mesh = replace(mesh, vertices=mesh.vertices + middle)
    anatomy, view = Anatomy({"lv_myocardium": mesh}, volume.frame_of_reference_uid), ViewState()
    state = State(volume=volume, window=Window(0.0, 1000.0), anatomy=anatomy)
    stage, images = Stage(vtkRenderer()), ImagesInSpace()
    height = [0.0]

    def plane() -> CutPlane:
        height[0] += 0.37
        at = middle + [0.0, 0.0, height[0]]
        return CutPlane("cut", tuple(at), (0.1, 0.2, 1.0), item_id="one")

    def step(with_image: bool = True) -> None:
        plan = Plan(volume.frame_of_reference_uid, (plane(),))
        scene = compose(anatomy, plan, view)
        stage.show(images.added(scene, state, anatomy, plan) if with_image else scene)

    step()
    ours_s, _ = best_of(8, step)
    surface_s, _ = best_of(8, lambda: step(with_image=False))
    data = pyvista.wrap(poly_data(mesh.vertices, mesh.faces))
    grid = pyvista.ImageData(
        dimensions=volume.shape[::-1], spacing=volume.spacing_mm[::-1], origin=volume.origin_mm
    )
    grid.point_data["values"] = volume.voxels.ravel()

    def theirs() -> None:
        cut = plane()
        away = tuple(-part for part in cut.normal)
        data.clip_closed_surface(normal=away, origin=cut.origin_mm)
        grid.slice(normal=cut.normal, origin=cut.origin_mm)

    theirs_s, _ = best_of(2, theirs)
    return Comparison(
        f"One step of dragging a plane through {len(mesh.faces):,} triangles, with the image on it; drawing left out",
        (
            Row("Auricle, compose + image + stage", ours_s, {"without the image, ms": 1000.0 * surface_s}),
            Row("pyvista clip_closed_surface + ImageData.slice", theirs_s, {}),
        ),
        ("pyvista's way makes no normals for light and no actors; Auricle's time has both in it",),
    )
