"""The scene's surfaces, lines, balls and labels at one pose."""

from __future__ import annotations

import numpy as np

from ar.overlay.gl import GL
from ar.overlay.lines import LinePass, line_in_camera, ribbon
from ar.overlay.meshes import MeshBuffer, ball
from ar.overlay.program import Program
from ar.overlay.shaders import SURFACE_FRAGMENT, SURFACE_VERTEX
from ar.overlay.text import TextPass
from core.frames import apply_affine
from core.projection import CameraModel
from render.scene import Scene, Surface

NEAR_MM = 10.0
# A measure inside the heart must stay readable: what a surface hides of it shines through this much.
HIDDEN_ALPHA = 0.45
# The one field that is painted over the patient: its legend stands beside the picture.
TRE_FIELD = "tre_mm"
LABEL_HEIGHT_PX = 24
LABEL_COLOUR = (1.0, 1.0, 1.0)
# Left, top, width and height in window pixels.
Box = tuple[float, float, int, int]


class AnatomyPass:
    """Draws scenes; surfaces stay on the graphics card while they stay in the scene."""

    def __init__(self) -> None:
        self._program = Program(SURFACE_VERTEX, SURFACE_FRAGMENT)
        self._lines = LinePass()
        self._text = TextPass()
        self._ball = MeshBuffer(ball())
        self._buffers: dict[int, tuple[Surface, MeshBuffer]] = {}

    def draw(
        self,
        scene: Scene,
        camera: CameraModel,
        camera_from_scene: np.ndarray,
        window: tuple[int, int],
        alpha: float,
    ) -> None:
        """Draw a scene through a perfect lens; `alpha` (0-1) fades all of it."""
        clip = camera.clip_from_camera(*_depth_range(scene, camera_from_scene))
        self._forget_all_but(scene)
        GL.glEnable(GL.GL_DEPTH_TEST)
        GL.glEnable(GL.GL_BLEND)
        GL.glBlendFuncSeparate(GL.GL_SRC_ALPHA, GL.GL_ONE_MINUS_SRC_ALPHA, GL.GL_ONE, GL.GL_ONE_MINUS_SRC_ALPHA)
        self._draw_surfaces(scene, clip, camera_from_scene, alpha)
        for depth_test, share in ((GL.GL_GREATER, HIDDEN_ALPHA), (GL.GL_LEQUAL, 1.0)):
            GL.glDepthFunc(depth_test)
            GL.glDepthMask(depth_test == GL.GL_LEQUAL)
            self._draw_balls(scene, clip, camera_from_scene, alpha * share)
            self._draw_lines(scene, clip, camera_from_scene, window, alpha * share)
        GL.glDepthFunc(GL.GL_LESS)
        self._draw_labels(scene, camera, camera_from_scene, window)

    def _draw_surfaces(
        self, scene: Scene, clip: np.ndarray, camera_from_scene: np.ndarray, alpha: float
    ) -> None:
        self._program.use()
        self._program.set("clip_from_camera", clip)
        self._program.set("camera_from_model", camera_from_scene)
        GL.glDepthFunc(GL.GL_LEQUAL)
        for surface in _back_to_front(scene, camera_from_scene):
            opacity = surface.opacity * alpha
            self._program.set("colour", np.array([*surface.colour, opacity]))
            buffer = self._buffer(surface)
            if opacity < 1.0:
                # Depth first, so that of a see-through surface its front alone is blended.
                GL.glColorMask(False, False, False, False)
                buffer.draw()
                GL.glColorMask(True, True, True, True)
            buffer.draw()

    def _draw_balls(self, scene: Scene, clip: np.ndarray, camera_from_scene: np.ndarray, alpha: float) -> None:
        self._program.use()
        self._program.set("clip_from_camera", clip)
        for point in scene.points:
            model = np.diag([point.radius_mm] * 3 + [1.0])
            model[:3, 3] = point.position_mm
            self._program.set("camera_from_model", camera_from_scene @ model)
            self._program.set("colour", np.array([*point.colour, alpha]))
            self._ball.draw()

    def _draw_lines(
        self,
        scene: Scene,
        clip: np.ndarray,
        camera_from_scene: np.ndarray,
        window: tuple[int, int],
        alpha: float,
    ) -> None:
        for line in scene.polylines:
            points = line_in_camera(np.array(line.points_mm), camera_from_scene)
            triangles = ribbon(points, clip, NEAR_MM, window, line.width_px)
            self._lines.draw(triangles, np.array([*line.colour, alpha]))

    def _draw_labels(
        self, scene: Scene, camera: CameraModel, camera_from_scene: np.ndarray, window: tuple[int, int]
    ) -> None:
        perfect = camera.undistorted()
        scale = np.array(window) / (camera.width, camera.height)
        taken: list[Box] = []
        for label in scene.labels:
            point = apply_affine(camera_from_scene, np.array([label.position_mm]))
            if point[0, 2] <= NEAR_MM:
                continue
            x, y = (perfect.project(point)[0] + 0.5) * scale
            size = self._text.size_px(label.text, LABEL_HEIGHT_PX, LABEL_COLOUR)
            place = free_place((float(x) + 8.0, float(y) - LABEL_HEIGHT_PX), size, taken)
            taken.append((*place, *size))
            self._text.draw_text(label.text, place, LABEL_HEIGHT_PX, LABEL_COLOUR, window)

    def _buffer(self, surface: Surface) -> MeshBuffer:
        key = id(surface.mesh)
        if key not in self._buffers:
            painted_by = TRE_FIELD if surface.is_painted and surface.painted_by == TRE_FIELD else ""
            self._buffers[key] = surface, MeshBuffer(surface.mesh, surface.n_cap_faces, painted_by)
        return self._buffers[key][1]

    def _forget_all_but(self, scene: Scene) -> None:
        kept = {id(surface.mesh) for surface in scene.surfaces}
        for key in [key for key in self._buffers if key not in kept]:
            self._buffers.pop(key)[1].delete()

    def delete(self) -> None:
        """Free what it holds; its context must be current."""
        self._forget_all_but(Scene())
        self._ball.delete()
        self._lines.delete()
        self._text.delete()
        self._program.delete()


def free_place(wanted: tuple[float, float], size: tuple[int, int], taken: list[Box]) -> tuple[float, float]:
    """The wanted place (x, y) of a label of (width, height), moved down past the boxes that are taken."""
    x, y = wanted
    # From the top down, one pass meets every box that moving down can run into.
    for left, top, width, height in sorted(taken, key=lambda box: box[1]):
        if x < left + width and left < x + size[0] and y < top + height and top < y + size[1]:
            y = top + height
    return x, y


def _depth_range(scene: Scene, camera_from_scene: np.ndarray) -> tuple[float, float]:
    """Near and far plane in mm around the scene; a narrow range keeps the depth buffer exact."""
    bounds = scene.bounds_mm
    if bounds is None:
        return NEAR_MM, 10_000.0
    corners = np.array(np.meshgrid(*bounds.T)).reshape(3, -1).T
    depths = apply_affine(camera_from_scene, corners)[:, 2]
    near = max(NEAR_MM, float(depths.min()) - 20.0)
    return near, max(near + 100.0, float(depths.max()) + 20.0)


def _back_to_front(scene: Scene, camera_from_scene: np.ndarray) -> list[Surface]:
    """Opaque surfaces, then see-through ones from far to near."""

    def depth_mm(surface: Surface) -> float:
        centre = surface.mesh.bounds_mm.mean(axis=0, keepdims=True)
        return float(apply_affine(camera_from_scene, centre)[0, 2])

    drawn = [surface for surface in scene.surfaces if len(surface.mesh.faces)]
    return sorted(drawn, key=lambda surface: (surface.opacity < 1.0, -depth_mm(surface)))
