"""A scene as pure data: what a renderer, the overlay and the headset draw. Every position is LPS mm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.mesh import SurfaceMesh
from core.volume import Volume
from plan.items import Point as Position
from render.palette import Colour


@dataclass(frozen=True)
class Surface:
    """One structure's surface, already cut.

    Meshes compare by identity, so a scene composed twice from the same anatomy and planes is equal.

    Attributes:
        key: structure key.
        mesh: closed where the anatomy's surface was; normals outward, LPS mm.
        colour: RGB 0-1. opacity: 0-1, never 0.
        n_cap_faces: how many of the mesh's last faces are flat caps of cut planes (shaded with an edge).
        is_painted: coloured by its field `painted_by`; caps keep `colour`.
        painted_by: a name of `render.painted_fields`.
    """

    key: str
    mesh: SurfaceMesh
    colour: Colour
    opacity: float = 1.0
    n_cap_faces: int = 0
    is_painted: bool = False
    painted_by: str = "uncertainty_mm"


@dataclass(frozen=True)
class Polyline:
    """A line of constant width through points, of one plan item; two points make a segment."""

    item_id: str
    points_mm: tuple[Position, ...]
    colour: Colour
    width_px: float = 3.0


@dataclass(frozen=True)
class Point:
    """A ball at a position, of one plan item."""

    item_id: str
    position_mm: Position
    colour: Colour
    radius_mm: float = 1.5


@dataclass(frozen=True)
class Label:
    """Text beside a position, of one plan item; upright and of constant size in the picture."""

    item_id: str
    position_mm: Position
    text: str


@dataclass(frozen=True)
class PlaneWidget:
    """The frame and handle of a cut plane: a square of side `size_mm` around `origin_mm`.

    Attributes:
        normal: unit direction towards what is cut away.
    """

    item_id: str
    origin_mm: Position
    normal: Position
    size_mm: float
    is_locked: bool = False


@dataclass(frozen=True)
class FoundLandmark:
    """A place that the network found, with its title and, in words, its spread; no part of the plan, never dragged."""

    key: str
    position_mm: Position
    title: str
    spread: str

    @property
    def text(self) -> str:
        """Title and spread in one line."""
        return f"{self.title} ({self.spread})"


@dataclass(frozen=True)
class Legend:
    """That surfaces are painted by a field; `not_painted` are the titles of visible ones that have no values."""

    not_painted: tuple[str, ...] = ()
    painted_by: str = "uncertainty_mm"


@dataclass(frozen=True, eq=False)
class CutImage:
    """The image on a cut plane. Compared by identity: who makes it keeps it as long as it stays the same.

    Attributes:
        corners_mm: (k, 3) LPS, a flat convex polygon. places: (k, 2) of its corners in the picture, (right, down), 0-1.
        picture: uint8 (rows, columns), grey. is_shown: (rows, columns) False where nothing is drawn; None: everywhere.
    """

    item_id: str
    corners_mm: np.ndarray
    places: np.ndarray
    picture: np.ndarray
    is_shown: np.ndarray | None = None


@dataclass(frozen=True)
class VolumeLook:
    """A volume drawn as a whole; `planes` (origin, normal) cut away what their normals point to.

    Attributes:
        preset: key of `render.volume_looks.VOLUME_PRESETS`.
    """

    volume: Volume
    preset: str
    planes: tuple[tuple[Position, Position], ...] = ()


@dataclass(frozen=True)
class CameraView:
    """Where a scene is looked at from: eye and focal point in LPS mm, up direction, full vertical angle."""

    position_mm: Position
    focal_mm: Position
    up: Position
    view_angle_deg: float = 30.0


@dataclass(frozen=True)
class Scene:
    """All that is drawn. Equal scenes draw equal pictures.

    Attributes:
        camera: None leaves the choice to the renderer, which shows everything from the front.
        images: those on cut planes; where there is one, the rims of the cut surfaces are drawn on it.
        rendering: the volume itself.
    """

    surfaces: tuple[Surface, ...] = ()
    polylines: tuple[Polyline, ...] = ()
    points: tuple[Point, ...] = ()
    labels: tuple[Label, ...] = ()
    planes: tuple[PlaneWidget, ...] = ()
    found: tuple[FoundLandmark, ...] = ()
    legend: Legend | None = None
    camera: CameraView | None = None
    images: tuple[CutImage, ...] = ()
    rendering: VolumeLook | None = None

    @property
    def bounds_mm(self) -> np.ndarray | None:
        """Lowest and highest corner (2, 3) over surfaces, lines and points in LPS mm; None when empty."""
        corners = [s.mesh.bounds_mm for s in self.surfaces if len(s.mesh.vertices)]
        corners += [np.asarray(line.points_mm) for line in self.polylines if line.points_mm]
        corners += [np.asarray([point.position_mm]) for point in self.points]
        if not corners:
            return None
        stacked = np.concatenate(corners)
        return np.stack([stacked.min(axis=0), stacked.max(axis=0)])
