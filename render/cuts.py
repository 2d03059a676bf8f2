"""All kinds of cuts applied to a surface: planes, boxes, and prisms of a closed curve; the openings are closed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.mesh import SurfaceMesh
from plan.contours import smooth_curve
from plan.items import Cut, CutBox, CutCurve, CutPlane, Point, as_point
from render.cutting import CutSurface, cut_with_caps
from render.plane_frame import in_plane_axes

if TYPE_CHECKING:
    from manifold3d import Manifold

Geometry = tuple[object, ...]
# Planes in one place are one plane: a box that touches a surface's side must not shave it.
_BEYOND_MM = 10.0
_FEWEST_FOR_A_CURVE = 3


def geometry_of(cut: Cut) -> Geometry:
    """What of a cut decides what it leaves; equal geometries leave the same."""
    if isinstance(cut, CutPlane):
        return cut.origin_mm, cut.normal
    if isinstance(cut, CutBox):
        return cut.first_mm, cut.second_mm
    return cut.points_mm, cut.direction, cut.keeps_inside


def cut_by(mesh: SurfaceMesh, cuts: Sequence[Cut]) -> CutSurface:
    """What the cuts leave of a surface. Planes and boxes first, then curves; a closed surface stays closed.

    A curve does not cut a surface that is open. With no cut that meets the surface, `mesh` itself is returned.
    """
    planes = [plane for cut in cuts for plane in planes_of(cut)]
    part = cut_with_caps(mesh, planes)
    for cut in cuts:
        if isinstance(cut, CutCurve):
            part = _cut_by_curve(part, cut)
    return part


def planes_of(cut: Cut) -> tuple[CutPlane, ...]:
    """The planes that make up a cut: itself, the six sides of a box, none for a curve."""
    if isinstance(cut, CutPlane):
        return (cut,)
    if isinstance(cut, CutCurve):
        return ()
    low, high = cut.bounds_mm
    outward = np.eye(3)
    return tuple(
        CutPlane("", as_point(corner), as_point(side * axis))
        for corner, side in ((low, -1.0), (high, 1.0))
        for axis in outward
    )


def rim_of_curve(cut: CutCurve) -> np.ndarray:
    """The smooth closed curve (k, 3) through the points of a cut curve, LPS mm; the points where there is none."""
    places = np.array(cut.points_mm)
    steps = np.linalg.norm(np.roll(places, -1, axis=0) - places, axis=1)
    return smooth_curve(places) if len(places) >= _FEWEST_FOR_A_CURVE and steps.min() > 0.0 else places


def _cut_by_curve(part: CutSurface, cut: CutCurve) -> CutSurface:
    """Source of the exact difference of two solids: manifold3d (E. Lalish)."""
    from manifold3d import Error, Manifold, Mesh64

    mesh = part.mesh
    if not mesh.is_closed:
        return part
    names = [name for name in mesh.fields if len(mesh.fields[name]) == len(mesh.vertices)]
    columns = [mesh.vertices, *(np.asarray(mesh.fields[name], dtype=np.float64)[:, None] for name in names)]
    n_body = len(mesh.faces) - part.n_cap_faces
    runs = np.array([0, 3 * n_body, 3 * len(mesh.faces)], dtype=np.uint64)
    body = Manifold.reserve_ids(2)
    ids = np.array([body, body + 1], dtype=np.uint32)
    faces = np.ascontiguousarray(mesh.faces, dtype=np.uint64)
    solid = Manifold(Mesh64(np.hstack(columns), faces, run_index=runs, run_original_id=ids))
    if solid.status() != Error.NoError:
        return part
    prism = _prism(cut, mesh)
    left = (solid ^ prism) if cut.keeps_inside else (solid - prism)
    return _back(left, body, names, mesh)


def _prism(cut: CutCurve, mesh: SurfaceMesh) -> Manifold:
    """The prism of a curve, long enough to pass through a surface."""
    from manifold3d import CrossSection, FillRule

    direction = np.array(cut.direction)
    first, second = in_plane_axes(direction)
    rim = rim_of_curve(cut)
    heights = np.concatenate([mesh.vertices @ direction, rim @ direction])
    low, high = heights.min() - _BEYOND_MM, heights.max() + _BEYOND_MM
    # Right-handed axes, so that the prism's solid is not turned inside out.
    if np.dot(np.cross(first, second), direction) < 0.0:
        first, second = second, first
    flat = np.stack([rim @ first, rim @ second], axis=1)
    outline = CrossSection([flat], FillRule.NonZero)
    axes = np.column_stack([first, second, direction, low * direction])
    prism: Manifold = outline.extrude(float(high - low)).transform(axes)
    return prism


def _back(solid: Manifold, body: int, names: list[str], mesh: SurfaceMesh) -> CutSurface:
    """A solid as a surface; what the prism and earlier planes made are caps and stand last."""
    found = solid.to_mesh64()
    faces = np.asarray(found.tri_verts, dtype=np.int64)
    values = np.asarray(found.vert_properties, dtype=np.float64)
    if not len(faces):
        empty = {name: np.asarray(mesh.fields[name])[:0] for name in names}
        return CutSurface(SurfaceMesh(np.empty((0, 3)), faces.reshape(-1, 3), empty))
    run_ends = np.asarray(found.run_index, dtype=np.int64) // 3
    ids = np.asarray(found.run_original_id)
    is_cap = np.ones(len(faces), dtype=bool)
    for start, end, origin in zip(run_ends[:-1], run_ends[1:], ids, strict=True):
        is_cap[start:end] = origin != body
    # Where values meet the prism's sides a vertex is there twice: joined again, so that the surface is closed.
    same = np.arange(len(values))
    same[np.asarray(found.merge_from_vert, dtype=np.int64)] = np.asarray(found.merge_to_vert, dtype=np.int64)
    faces = np.concatenate([same[faces[~is_cap]], same[faces[is_cap]]])
    used, faces = np.unique(faces, return_inverse=True)
    fields = {name: values[used, 3 + n] for n, name in enumerate(names)}
    return CutSurface(SurfaceMesh(values[used, :3], faces.reshape(-1, 3), fields), int(is_cap.sum()))


def box_edges_mm(low: np.ndarray, high: np.ndarray) -> tuple[tuple[Point, Point], ...]:
    """The twelve edges of a box between two corners (3,)."""
    found = []
    for axis in range(3):
        others = [other for other in range(3) if other != axis]
        for first in (low, high):
            for second in (low, high):
                start = low.copy()
                start[others[0]], start[others[1]] = first[others[0]], second[others[1]]
                end = start.copy()
                end[axis] = high[axis]
                found.append((as_point(start), as_point(end)))
    return tuple(found)
