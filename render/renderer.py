"""A scene in a window: draws it into a pyvista plotter, whichever toolkit that lives in."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtkmodules.vtkInteractionStyle
import vtkmodules.vtkRenderingFreeType
import vtkmodules.vtkRenderingOpenGL2  # noqa: F401  (all three register VTK's drawing code)
from vtkmodules.vtkInteractionWidgets import vtkOrientationMarkerWidget
from vtkmodules.vtkRenderingAnnotation import vtkAnnotatedCubeActor

from render.camera import apply_view, fit, view_of
from render.palette import BACKGROUND, CUBE, LABEL
from render.picking import pick_surface
from render.plane_dragger import PlaneCallback, PlaneDragger
from render.point_dragger import PointCallback, PointDragger
from render.scene import CameraView, Scene
from render.stage import Stage
from render.steadiness import steadiness_under
from render.viewport import ray_through


class SceneRenderer:
    """Keeps one pyvista plotter (off-screen, or pyvistaqt's QtInteractor) showing one scene."""

    def __init__(self, plotter: Any) -> None:
        self._plotter = plotter
        self._renderer = plotter.renderer
        self._stage = Stage(self._renderer)
        self._given_camera: CameraView | None = None
        self._has_camera = False
        self._dragger: PlaneDragger | None = None
        self._point_dragger: PointDragger | None = None
        self._renderer.SetBackground(*BACKGROUND)
        # VTK draws nothing where both ways to smooth edges are on.
        plotter.render_window.SetMultiSamples(0)
        self._renderer.UseFXAAOn()
        self._marker = _orientation_marker(plotter)

    @property
    def scene(self) -> Scene:
        """What is shown now."""
        return self._stage.scene

    @property
    def camera(self) -> CameraView:
        """Where the scene is looked at from now."""
        return view_of(self._renderer.GetActiveCamera())

    def show(self, scene: Scene) -> None:
        """Show `scene`, touching only what changed; the camera stays unless the scene brings another one."""
        changed = self._stage.show(scene)
        if self._dragger is not None:
            self._dragger.planes = scene.planes
        if self._point_dragger is not None:
            self._point_dragger.scene = scene
        moved = self._place_camera(scene)
        if changed or moved:
            self._render()

    def look(self, camera: CameraView) -> None:
        """Look at the scene from `camera`."""
        self._aim(camera)
        self._render()

    def reset_camera(self) -> None:
        """Look at everything from the front, head up; without anything to see, stay."""
        bounds_mm = self.scene.bounds_mm
        if bounds_mm is not None:
            self.look(fit(bounds_mm))

    def show_orientation(self, is_known: bool) -> None:
        """Show the cube that says which way the patient lies, or none where nobody knows."""
        if bool(self._marker.GetEnabled()) != is_known:
            self._marker.SetEnabled(is_known)
            self._render()

    def pick(self, x: float, y: float) -> tuple[str, np.ndarray] | None:
        """What is under VTK's display pixel (x, y), counted from the lower left corner in device pixels.

        Returns the structure's key and the LPS point (3,) in mm on its visible surface, or None.
        """
        return pick_surface(self.scene, ray_through(self._renderer, x, y))

    def steadiness(self, x: float, y: float) -> tuple[str, float] | None:
        """Structure key and uncertainty in mm of the painted surface under a display pixel, as `pick` counts them.

        NaN where it is unknown; None where nothing painted is.
        """
        return steadiness_under(self.scene, ray_through(self._renderer, x, y))

    def drag_planes(self, on_moved: PlaneCallback, on_released: PlaneCallback) -> PlaneDragger:
        """Let the user drag the scene's unlocked planes; see `PlaneDragger` for the callbacks."""
        if self._dragger is not None:
            self._dragger.close()
        interactor = self._plotter.iren.interactor
        self._dragger = PlaneDragger(interactor, self._renderer, on_moved, on_released)
        self._dragger.planes = self.scene.planes
        return self._dragger

    def drag_points(self, on_moved: PointCallback, on_released: PointCallback) -> PointDragger:
        """Let the user drag the scene's points; see `PointDragger` for the callbacks."""
        if self._point_dragger is not None:
            self._point_dragger.close()
        interactor = self._plotter.iren.interactor
        self._point_dragger = PointDragger(interactor, self._renderer, on_moved, on_released)
        self._point_dragger.scene = self.scene
        return self._point_dragger

    def close(self) -> None:
        """Let go of the plotter; call before the plotter is closed."""
        if self._point_dragger is not None:
            self._point_dragger.close()
            self._point_dragger = None
        if self._dragger is not None:
            self._dragger.close()
            self._dragger = None
        self._marker.SetEnabled(0)
        self._stage.clear()

    def _place_camera(self, scene: Scene) -> bool:
        bounds_mm = scene.bounds_mm
        if scene.camera is not None and scene.camera != self._given_camera:
            self._given_camera = scene.camera
            self._aim(scene.camera)
        elif not self._has_camera and bounds_mm is not None:
            self._aim(fit(bounds_mm))
        else:
            return False
        return True

    def _aim(self, camera: CameraView) -> None:
        self._has_camera = True
        # Else pyvista would choose a view of its own at the first drawing.
        self._renderer.camera_set = True
        apply_view(self._renderer.GetActiveCamera(), camera)

    def _render(self) -> None:
        self._renderer.ResetCameraClippingRange()
        self._plotter.render()


def _orientation_marker(plotter: Any) -> vtkOrientationMarkerWidget:
    """A cube in the corner that says which way the patient lies: L R A P S I."""
    cube = vtkAnnotatedCubeActor()
    cube.SetXPlusFaceText("L")
    cube.SetXMinusFaceText("R")
    cube.SetYPlusFaceText("P")
    cube.SetYMinusFaceText("A")
    cube.SetZPlusFaceText("S")
    cube.SetZMinusFaceText("I")
    cube.SetZFaceTextRotation(90.0)
    cube.SetFaceTextScale(0.55)
    cube.GetCubeProperty().SetColor(*CUBE)
    cube.GetTextEdgesProperty().SetColor(*LABEL)
    marker = vtkOrientationMarkerWidget()
    marker.SetOrientationMarker(cube)
    marker.SetInteractor(plotter.iren.interactor)
    marker.SetCurrentRenderer(plotter.renderer)
    marker.SetViewport(0.0, 0.0, 0.16, 0.2)
    marker.SetEnabled(1)
    marker.InteractiveOff()
    return marker
