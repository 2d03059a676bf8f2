"""The last cut of each surface: kept, made at once, or shown roughly until it has been made elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

import numpy as np

from core.mesh import SurfaceMesh
from plan.items import Cut, CutBox, CutCurve, CutPlane
from render.cuts import Geometry, cut_by, geometry_of, rim_of_curve
from render.cutting import CutSurface, cut_with_caps
from render.plane_frame import in_plane_axes

_Kept = WeakKeyDictionary[SurfaceMesh, tuple[tuple[Geometry, ...], CutSurface | None]]
# Dragging one plane or changing a colour composes many scenes of the same cut, and the renderer knows an unchanged
# surface by its identity. None: the cuts leave the surface as it is; keeping it would keep it alive for ever.
_exact: _Kept = WeakKeyDictionary()
_of_planes: _Kept = WeakKeyDictionary()
_rough: _Kept = WeakKeyDictionary()
# Of a curve's inside: finer than any triangle on the screen.
MASK_PX = 512


def known_cut(mesh: SurfaceMesh, cuts: Sequence[Cut]) -> CutSurface | None:
    """What the cuts leave of a surface, where that is the last cut that was made of it."""
    return _kept(_exact, mesh, cuts) if cuts else CutSurface(mesh)


def exact_cut(mesh: SurfaceMesh, cuts: Sequence[Cut]) -> CutSurface:
    """What the cuts leave of a surface, made now unless it is known."""
    known = known_cut(mesh, cuts)
    return known or _keep(_exact, mesh, cuts, cut_by(mesh, cuts))


def remember_cut(mesh: SurfaceMesh, cuts: Sequence[Cut], found: CutSurface) -> None:
    """Keep a cut that was made in another thread."""
    _keep(_exact, mesh, cuts, found)


def is_slow(cuts: Sequence[Cut]) -> bool:
    """Whether cuts of a large surface take longer than a picture may: boxes and curves do, planes do not."""
    return any(not isinstance(cut, CutPlane) for cut in cuts)


def rough_cut(mesh: SurfaceMesh, cuts: Sequence[Cut]) -> CutSurface:
    """As the exact cut, but of boxes and curves only whole triangles are hidden and the openings stay open."""
    return _kept(_rough, mesh, cuts) or _keep(_rough, mesh, cuts, _cut_roughly(mesh, cuts))


def _cut_roughly(mesh: SurfaceMesh, cuts: Sequence[Cut]) -> CutSurface:
    planes = tuple(cut for cut in cuts if isinstance(cut, CutPlane))
    part = _kept(_of_planes, mesh, planes) or _keep(_of_planes, mesh, planes, cut_with_caps(mesh, planes))
    vertices = part.mesh.vertices
    stays = np.ones(len(vertices), dtype=bool)
    for cut in cuts:
        if isinstance(cut, CutBox):
            low, high = cut.bounds_mm
            for axis in range(3):
                stays &= (vertices[:, axis] >= low[axis]) & (vertices[:, axis] <= high[axis])
        elif isinstance(cut, CutCurve) and mesh.is_closed:
            stays &= is_in_prism(vertices, cut) == cut.keeps_inside
    if stays.all():
        return part
    kept = np.asarray(stays.take(part.mesh.faces).all(axis=1))
    n_body = len(kept) - part.n_cap_faces
    faces = part.mesh.faces[kept]
    return CutSurface(SurfaceMesh(vertices, faces, part.mesh.fields), int(kept[n_body:].sum()))


def is_in_prism(points_mm: np.ndarray, cut: CutCurve) -> np.ndarray:
    """Which of points (n, 3) a cut curve encloses, seen along its direction, to a 512th of its width."""
    from PIL import Image, ImageDraw

    axes = in_plane_axes(np.array(cut.direction))
    rim = rim_of_curve(cut) @ axes.T
    low, extent = rim.min(axis=0), float(np.ptp(rim, axis=0).max())
    if extent <= 0.0:
        return np.zeros(len(points_mm), dtype=bool)
    picture = Image.new("1", (MASK_PX + 1, MASK_PX + 1))
    corners = (rim - low) * (MASK_PX / extent)
    ImageDraw.Draw(picture).polygon([(float(x), float(y)) for x, y in corners], fill=1)
    mask = np.asarray(picture)
    places = np.rint((points_mm @ axes.T - low) * (MASK_PX / extent)).astype(np.int64)
    is_near = ((places >= 0) & (places <= MASK_PX)).all(axis=1)
    found = np.zeros(len(points_mm), dtype=bool)
    found[is_near] = mask[places[is_near, 1], places[is_near, 0]]
    return found


def _kept(store: _Kept, mesh: SurfaceMesh, cuts: Sequence[Cut]) -> CutSurface | None:
    known = store.get(mesh)
    if known is None or known[0] != _geometries(cuts):
        return None
    return known[1] or CutSurface(mesh)


def _keep(store: _Kept, mesh: SurfaceMesh, cuts: Sequence[Cut], found: CutSurface) -> CutSurface:
    store[mesh] = _geometries(cuts), None if found.mesh is mesh else found
    return found


def _geometries(cuts: Sequence[Cut]) -> tuple[Geometry, ...]:
    return tuple(geometry_of(cut) for cut in cuts)
