"""Muscle that would be taken away inside a drawn outline, and the wall that would be left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import PlannerError
from core.mesh import SurfaceMesh
from core.volume import LabelMap
from plan.contours import flattened, smooth_curve, vector_area_mm2, why_no_area
from plan.label_shapes import is_inside
from recon.measures.nearest import nearest_on
from recon.measures.thickness import Wall

LEAST_DEPTH_MM, MOST_DEPTH_MM = 0.5, 30.0
# The muscle is counted in cells not smaller than this, and not more than so many.
LEAST_CELL_MM, MOST_CELLS = 0.25, 400_000


@dataclass(frozen=True, eq=False)
class PlannedResection:
    """What a resection would take and leave.

    Attributes:
        flat: voxels (n,) of the label map that are taken, as flat indices.
        volume_ml: of the muscle itself, between the wall's surfaces, the outline and the depth.
        voxels_ml: what the voxels count, which are taken whole.
        wall_left_mm: the thinnest wall left; negative where the depth reaches through it.
        thinnest_mm: (3,) where that is, on the outer side, LPS mm.
        known_share: how much of the inner side within the outline has a known thickness, 0 to 1.
    """

    flat: np.ndarray
    volume_ml: float
    voxels_ml: float
    wall_left_mm: float
    thinnest_mm: np.ndarray
    known_share: float


@dataclass(frozen=True, eq=False)
class _Outline:
    """The prism of an outline, on the side of the cavity that it was drawn on."""

    middle: np.ndarray
    normal: np.ndarray
    flat: np.ndarray
    axes: np.ndarray
    reach_mm: float

    def holds(self, points_mm: np.ndarray) -> np.ndarray:
        """(n,) which points (n, 3) lie in it."""
        away = points_mm - self.middle
        near = np.abs(away @ self.normal) <= self.reach_mm
        inside = np.zeros(len(points_mm), dtype=bool)
        inside[near] = is_inside(away[near] @ self.axes, [self.flat])
        return inside


def planned_resection(
    labels: LabelMap, value: int, wall: Wall, cavity: SurfaceMesh, outline_mm: np.ndarray, depth_mm: float
) -> PlannedResection:
    """Voxels of the wall inside an outline that lie less than a depth below the inner side.

    The outline cuts at a right angle to its own plane, into the wall that it was drawn on and no other. The wall left
    is the thickness at each vertex of both sides less the depth.

    Args:
        value: label value of the wall.
        wall: its thickness; cavity: the surface of its inner side.
        outline_mm: points (k, 3) of the outline, LPS mm.

    Raises:
        PlannerError: the outline has no area, the depth is none, or there is no wall of known thickness inside.
    """
    if not LEAST_DEPTH_MM <= depth_mm <= MOST_DEPTH_MM:
        raise _nothing(
            f"a depth lies between {LEAST_DEPTH_MM:g} and {MOST_DEPTH_MM:g} mm", "choose another depth"
        )
    outline = _outline(outline_mm, depth_mm)
    places, flat = _candidates(labels, value, outline)
    inside = outline.holds(places)
    places, flat = places[inside], flat[inside]
    if len(places):
        depth = nearest_on(cavity.vertices, cavity.faces, places).distances_mm
        flat = flat[depth <= depth_mm]
    if not len(flat):
        raise _nothing("no muscle lies inside the outline", "draw it on the inner side of the wall")
    left_mm, thinnest, share = _left(wall, outline, depth_mm)
    voxels_ml = len(flat) * labels.voxel_ml
    # An open wall encloses nothing: there the voxels are all that is known.
    exact_ml = _volume_ml(wall.mesh, cavity, outline, depth_mm) if wall.mesh.is_closed else voxels_ml
    return PlannedResection(flat, exact_ml, voxels_ml, left_mm, thinnest, share)


def _volume_ml(wall: SurfaceMesh, cavity: SurfaceMesh, outline: _Outline, depth_mm: float) -> float:
    """How much of the wall lies in an outline's prism and less than a depth below the cavity's surface.

    One place is drawn at random in each cell of a fine grid: layers of a grid would be taken or left as a whole.
    """
    low, high = outline.flat.min(axis=0), outline.flat.max(axis=0)
    size = np.array([*(high - low), 2.0 * outline.reach_mm])
    step = size / np.ceil(size / max(LEAST_CELL_MM, float(np.cbrt(np.prod(size) / MOST_CELLS))))
    n_cells = np.round(size / step).astype(np.int64)
    cells = np.stack(np.meshgrid(*(np.arange(n) for n in n_cells), indexing="ij"), axis=-1).reshape(-1, 3)
    at = (cells + np.random.default_rng(0).random(cells.shape)) * step
    flat = at[:, :2] + low
    inside = is_inside(flat, [outline.flat])
    flat, height = flat[inside], at[inside, 2] - outline.reach_mm
    places = outline.middle + flat @ np.linalg.pinv(outline.axes) + height[:, None] * outline.normal
    places = places[_in_wall(wall, places)]
    if not len(places):
        return 0.0
    taken = nearest_on(cavity.vertices, cavity.faces, places).distances_mm <= depth_mm
    return float(taken.sum() * np.prod(step)) / 1000.0


def _in_wall(wall: SurfaceMesh, places: np.ndarray) -> np.ndarray:
    """(n,) which places (n, 3) a closed surface encloses."""
    from open3d.core import Tensor
    from open3d.t.geometry import RaycastingScene

    middle = wall.vertices.mean(axis=0)
    scene = RaycastingScene(1)
    corners = Tensor.from_numpy(np.ascontiguousarray(wall.vertices - middle, dtype=np.float32))
    scene.add_triangles(corners, Tensor.from_numpy(np.ascontiguousarray(wall.faces, dtype=np.uint32)))
    points = Tensor.from_numpy(np.ascontiguousarray(places - middle, dtype=np.float32))
    return np.asarray(scene.compute_occupancy(points, nthreads=1, nsamples=1).numpy() > 0)


def _outline(points_mm: np.ndarray, depth_mm: float) -> _Outline:
    why = why_no_area(points_mm)
    if why:
        raise _nothing(why, "draw the outline again")
    curve = smooth_curve(points_mm)
    area = vector_area_mm2(curve)
    size_mm2 = float(np.linalg.norm(area))
    normal, middle = area / size_mm2, curve.mean(axis=0)
    axes = _axes(curve, normal)
    # The inner side may bulge inside the outline by about its half width; farther away is another wall.
    reach = float(np.abs((curve - middle) @ normal).max()) + np.sqrt(size_mm2 / np.pi) + depth_mm
    return _Outline(middle, normal, (curve - middle) @ axes, axes, reach)


def _axes(curve: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Two axes (3, 2) across the normal: those of `flattened`, found by flattening the patient's own."""
    around = np.concatenate([curve, curve.mean(axis=0) + np.eye(3), curve.mean(axis=0) - np.eye(3)])
    flat = flattened(around, normal)
    return (flat[-6:-3] - flat[-3:]) / 2.0


def _candidates(labels: LabelMap, value: int, outline: _Outline) -> tuple[np.ndarray, np.ndarray]:
    """Voxel centres (n, 3) of a label near the outline, and their flat indices (n,)."""
    flat = np.flatnonzero(labels.labels == value)
    places = labels.patient_from_indices(np.stack(np.unravel_index(flat, labels.shape), axis=1))
    around_mm = float(np.hypot(np.abs(outline.flat).max() * np.sqrt(2.0), outline.reach_mm))
    near = np.linalg.norm(places - outline.middle, axis=1) <= around_mm
    return places[near], flat[near]


def _left(wall: Wall, outline: _Outline, depth_mm: float) -> tuple[float, np.ndarray, float]:
    vertices, thickness = wall.mesh.vertices, wall.thickness_mm
    # What lies under the outline is told by the inner end of each way across.
    inner_end = np.where(wall.is_outer[:, None], wall.across_mm, vertices)
    outer_end = np.where(wall.is_outer[:, None], vertices, wall.across_mm)
    known = np.flatnonzero(np.isfinite(thickness))
    known = known[outline.holds(inner_end[known])]
    if not len(known):
        raise _nothing(
            "the wall inside the outline has no known thickness", "stay away from the rim of the wall"
        )
    thinnest = known[thickness[known].argmin()]
    on_inner = outline.holds(vertices) & ~wall.is_outer & _is_near_inner(wall)
    share = float(wall.is_inner[on_inner].mean()) if on_inner.any() else 1.0
    return float(thickness[thinnest]) - depth_mm, outer_end[thinnest], share


def _is_near_inner(wall: Wall) -> np.ndarray:
    """(n,) vertices of the inner side, and those of unknown thickness that touch it."""
    faces = wall.mesh.faces
    touching = np.zeros(len(wall.mesh.vertices), dtype=bool)
    touching[faces[wall.is_inner[faces].any(axis=1)]] = True
    return touching


def _nothing(why: str, fix: str) -> PlannerError:
    return PlannerError("nothing is resected", why, fix)
