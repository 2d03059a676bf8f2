"""Cut planes applied to surfaces: what they hide is removed and the opening is closed with a flat cap.

VTK's plane clipper fills the cavity of a ring-shaped cut (a ventricle's wall) as well, so the cut is made here
and only the caps are triangulated by VTK.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.mesh import SurfaceMesh
from plan.items import CutPlane
from plan.section import Section, link, outline, section
from render.capping import cap


@dataclass(frozen=True, eq=False)
class CutSurface:
    """A cut surface; its last `n_cap_faces` faces are flat caps."""

    mesh: SurfaceMesh
    n_cap_faces: int = 0


@dataclass(frozen=True, eq=False)
class _Part:
    vertices: np.ndarray
    faces: np.ndarray
    is_cap: np.ndarray
    fields: dict[str, np.ndarray]


def cut(mesh: SurfaceMesh, planes: Sequence[CutPlane]) -> SurfaceMesh:
    """Remove what lies at ``(p - origin_mm) . normal > 0`` of each plane, one after the other.

    A closed surface stays closed, with caps that face along the planes' normals. Of an open surface only the
    openings whose outline is closed are capped. Per-vertex fields are interpolated. With no plane that meets
    the surface, `mesh` itself is returned.
    """
    return cut_with_caps(mesh, planes).mesh


def cut_with_caps(mesh: SurfaceMesh, planes: Sequence[CutPlane]) -> CutSurface:
    """As `cut`, also saying which faces are caps."""
    whole = _Part(mesh.vertices, mesh.faces, np.zeros(len(mesh.faces), dtype=bool), dict(mesh.fields))
    part = whole
    for plane in planes:
        part = _cut_once(part, np.array(plane.origin_mm), np.array(plane.normal))
    if part is whole:
        return CutSurface(mesh)
    n_caps = int(part.is_cap.sum())
    return CutSurface(SurfaceMesh(part.vertices, part.faces, part.fields), n_caps)


def cut_outline(mesh: SurfaceMesh, plane: CutPlane) -> list[np.ndarray]:
    """Polylines (n, 3) in LPS mm where a plane meets a surface; a closed one repeats its first point."""
    return outline(mesh.vertices, mesh.faces, np.array(plane.origin_mm), np.array(plane.normal))


def _cut_once(part: _Part, origin_mm: np.ndarray, normal: np.ndarray) -> _Part:
    met = section(part.vertices, part.faces, origin_mm, normal)
    if not met.is_above.any():
        return part
    below = np.flatnonzero(~met.is_above)
    kept = np.flatnonzero(met.n_above == 0)
    if not len(kept) and not len(met.crossed):
        return _nothing(part)
    rim = met.interpolate(part.vertices)
    lid = len(below) + cap(rim, [loop[::-1] for loop in link(met.segments)[0]], normal)
    new_ids = np.cumsum(~met.is_above) - 1
    pieces, piece_is_cap = _pieces(met, new_ids, len(below), part.is_cap)
    faces, is_cap = _caps_last(
        [new_ids.take(part.faces.take(kept, axis=0)), pieces, lid],
        [part.is_cap.take(kept), piece_is_cap, np.ones(len(lid), dtype=bool)],
    )
    fields = {name: _field(met, values, below) for name, values in part.fields.items()}
    return _Part(np.concatenate([part.vertices.take(below, axis=0), rim]), faces, is_cap, fields)


def _nothing(part: _Part) -> _Part:
    fields = {name: values[:0] for name, values in part.fields.items()}
    return _Part(part.vertices[:0], part.faces[:0], part.is_cap[:0], fields)


def _pieces(
    met: Section, new_ids: np.ndarray, n_below: int, is_cap: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What remains below the plane of the crossed faces, as triangles of the new ids."""
    up = met.lone_is_above
    first, last = met.exits.T + n_below
    lone, second, third = new_ids[met.corners].T
    triangles = [
        np.stack([lone, first, last], axis=1)[~up],
        np.stack([first, second, third], axis=1)[up],
        np.stack([first, third, last], axis=1)[up],
    ]
    flags = is_cap[met.crossed]
    return np.concatenate(triangles), np.concatenate([flags[~up], flags[up], flags[up]])


def _caps_last(faces: list[np.ndarray], is_cap: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    all_faces, flags = np.concatenate(faces), np.concatenate(is_cap)
    if is_cap[0].any() or is_cap[1].any():
        all_faces, flags = np.concatenate([all_faces[~flags], all_faces[flags]]), np.sort(flags)
    return all_faces, flags


def _field(met: Section, values: np.ndarray, below: np.ndarray) -> np.ndarray:
    at_rim = met.interpolate(np.asarray(values, dtype=np.float64))
    return np.concatenate([values.take(below, axis=0), at_rim])
