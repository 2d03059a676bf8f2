"""The reference surfaces of the real cine study made comparable with what the program makes: like with like.

Three things are unlike, and the rules are these. The reference's sheets are open where valves are: distances from it to
ours count the sheets only; those of both ways count the sheets closed by a flat lid over every valve. Its right
ventricle comes as two patches, free wall and septum, that face opposite ways: they are joined before anything is
enclosed. Its epicardium lies outside of a right ventricular wall that the program does not label: it is told apart by
which cavity of the reference is nearer, and only what lies over the left ventricle is compared as an epicardium.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.anatomy import Anatomy
from core.mesh import SurfaceMesh
from core.volume import LabelMap
from imaging.formats.legacy_vtk import read_legacy_vtk
from recon.quality import distances_to, points_on, surface_distances_mm
from recon.surface import conformal_surfaces_of_labels

SAME_PLACE_DECIMALS = 3
N_POINTS = 20_000


@dataclass(frozen=True, eq=False)
class Reference:
    """The reference surfaces of one frame, as they came and closed, LPS mm."""

    lv: SurfaceMesh
    rv: SurfaceMesh
    epicardium: SurfaceMesh


def read_reference(folder: Path, phase: int) -> Reference:
    """The surfaces of a frame from a folder of legacy VTK files."""
    names = ("LV_ENDOCARDIAL", "RV_ENDOCARDIAL", "EPICARDIAL")
    found = [read_legacy_vtk(next(folder.glob(f"*{name}_{phase:03d}.vtk"))) for name in names]
    return Reference(*(joined(mesh) for mesh in found))


def compared(anatomy: Anatomy, reference: Reference) -> dict[str, dict[str, float]]:
    """Distances in mm to each reference surface, the mean one from the reference first."""
    outer = outer_surface(anatomy, ("lv", "lv_myocardium", "rv"))
    rows = {
        "LV endocardium": _both_ways(anatomy.surfaces["lv"], reference.lv),
        "RV endocardium": _both_ways(anatomy.surfaces["rv"], reference.rv),
        "epicardium, both ventricles and a right wall": _both_ways(outer, reference.epicardium),
    }
    points = points_on(reference.epicardium, N_POINTS)
    to_left, to_right = distances_to(reference.lv, points), distances_to(reference.rv, points)
    is_left = to_left < to_right
    found = distances_to(outer, points)
    rows["epicardium over the left ventricle"] = {
        "found_from_reference_mm": float(found[is_left].mean()),
        "hd95_mm": float(np.percentile(found[is_left], 95)),
    }
    rows["epicardium over the right ventricle"] = {
        "found_from_reference_mm": float(found[~is_left].mean()),
        "hd95_mm": float(np.percentile(found[~is_left], 95)),
        "reference_wall_mm": float(to_right[~is_left].mean()),
    }
    return rows


def outer_surface(anatomy: Anatomy, keys: tuple[str, ...]) -> SurfaceMesh:
    """The surface around several labels taken as one."""
    labels = anatomy.labels
    assert labels is not None
    union = np.any([labels.mask(key) for key in keys], axis=0).astype(np.uint8)
    merged = LabelMap(union, labels.patient_from_index, {1: "outer"}, labels.frame_of_reference_uid)
    return conformal_surfaces_of_labels(merged)["outer"]


def _both_ways(found: SurfaceMesh, reference: SurfaceMesh) -> dict[str, float]:
    both = surface_distances_mm(found, with_lids(reference))
    from_sheet = distances_to(found, points_on(reference, N_POINTS))
    return {
        "found_from_reference_mm": float(from_sheet.mean()),
        "assd_mm": both.assd_mm,
        "hd95_mm": both.hd95_mm,
    }


def joined(mesh: SurfaceMesh) -> SurfaceMesh:
    """The mesh with vertices of one place made one, and all its patches facing outwards alike."""
    import trimesh

    places, number = np.unique(mesh.vertices.round(SAME_PLACE_DECIMALS), axis=0, return_inverse=True)
    faces = number.ravel()[mesh.faces]
    is_whole = (faces != np.roll(faces, 1, axis=1)).all(axis=1)
    sheet = trimesh.Trimesh(places, faces[is_whole], process=False)
    trimesh.repair.fix_winding(sheet)
    made = SurfaceMesh(np.array(sheet.vertices), np.array(sheet.faces))
    is_inside_out = with_lids(made).volume_ml < 0
    return SurfaceMesh(made.vertices, made.faces[:, ::-1]) if is_inside_out else made


def with_lids(mesh: SurfaceMesh) -> SurfaceMesh:
    """The surface with a fan over each of its openings, so that it encloses a volume."""
    edges = np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]], mesh.faces[:, [2, 0]]])
    known = {(int(a), int(b)) for a, b in edges}
    following = {b: a for a, b in known if (b, a) not in known}
    vertices, faces = [mesh.vertices], [mesh.faces]
    n_vertices = len(mesh.vertices)
    while following:
        start, ring = next(iter(following)), []
        while start in following:
            ring.append(start)
            start = following.pop(start)
        vertices.append(mesh.vertices[ring].mean(axis=0, keepdims=True))
        faces.append(np.array([(a, b, n_vertices) for a, b in zip(ring, np.roll(ring, -1), strict=True)]))
        n_vertices += 1
    return SurfaceMesh(np.concatenate(vertices), np.concatenate(faces))
