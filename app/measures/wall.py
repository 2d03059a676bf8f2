"""The left ventricle's wall as the window paints it and the command line writes it: worked out once per surface."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from app.labels.edited import stale_keys
from core.anatomy import RESECTED, Anatomy
from core.errors import PlannerError
from core.mesh import SurfaceMesh
from plan.aha import SEGMENTS, LongAxis, segments_of
from render.view import ViewState

if TYPE_CHECKING:
    from recon.measures.thickness import Wall

WALL = "lv_myocardium"
CAVITIES = ("lv", RESECTED.key)
"""What lies inside the wall; muscle that a plan has resected belongs to the cavity."""
TOUCHING_MM = 2.0
_known: WeakKeyDictionary[SurfaceMesh, tuple[tuple[SurfaceMesh, ...], Wall]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Segment:
    """One of the seventeen: number, title, and thickness in mm on its outer side; None where nothing is known."""

    number: int
    title: str
    mean_mm: float | None
    least_mm: float | None
    most_mm: float | None


def why_no_wall(anatomy: Anatomy | None) -> str:
    """Why the thickness cannot be told; empty when it can."""
    if anatomy is None or WALL not in anatomy.surfaces or "lv" not in anatomy.surfaces:
        return "there is no left ventricle with its muscle: reconstruct the series"
    if stale_keys(anatomy) & {WALL, *CAVITIES}:
        return "its surfaces are being made again"
    return ""


def known_wall(anatomy: Anatomy | None) -> Wall | None:
    """The wall of an anatomy, if it was worked out before."""
    if anatomy is None or why_no_wall(anatomy):
        return None
    found = _known.get(anatomy.surfaces[WALL])
    return found[1] if found is not None and found[0] == _cavities(anatomy) else None


def measured_wall(anatomy: Anatomy) -> Wall:
    """The wall of an anatomy; takes up to a few seconds the first time.

    Raises:
        PlannerError: there is no wall, or its surfaces are older than its labels.
    """
    why = why_no_wall(anatomy)
    if why:
        raise PlannerError("the wall's thickness is not told", why, "reconstruct, or wait for the surfaces")
    known = known_wall(anatomy)
    if known is None:
        from recon.measures.thickness import wall_of

        cavities = _cavities(anatomy)
        known = wall_of(anatomy.surfaces[WALL], cavities)
        _known[anatomy.surfaces[WALL]] = cavities, known
    return known


def with_thickness(anatomy: Anatomy) -> Anatomy:
    """The anatomy whose wall carries its thickness, where that is known already."""
    wall = known_wall(anatomy)
    return anatomy if wall is None else replace(anatomy, surfaces={**anatomy.surfaces, WALL: wall.mesh})


def with_painted(anatomy: Anatomy | None, view: ViewState) -> Anatomy | None:
    """The anatomy with what a view paints on it, where that is known already."""
    return anatomy if anatomy is None or not view.paint_thickness else with_thickness(anatomy)


def long_axis(anatomy: Anatomy) -> LongAxis:
    """Base, apex and septum, from landmarks where they were found, else from where the surfaces touch.

    Raises:
        PlannerError: neither tells them.
    """
    surfaces, found = anatomy.surfaces, anatomy.landmarks
    base = found.get("mitral_valve")
    if base is None and "la" in surfaces and "lv" in surfaces:
        base = _contact_mm(surfaces["lv"], surfaces["la"])
    insertions = [found[name] for name in ("anterior_rv_insertion", "inferior_rv_insertion") if name in found]
    septum = np.mean(insertions, axis=0) if len(insertions) == 2 else None
    if septum is None and "rv" in surfaces and WALL in surfaces:
        septum = _contact_mm(surfaces[WALL], surfaces["rv"])
    if base is None or septum is None or "lv" not in surfaces:
        raise PlannerError(
            "the segments are not told",
            "mitral valve and septum were not found",
            "reconstruct the left atrium and the right ventricle as well",
        )
    apex = found.get("lv_apex")
    if apex is None:
        cavity = surfaces["lv"].vertices
        apex = cavity[np.linalg.norm(cavity - base, axis=1).argmax()]
    return LongAxis(np.asarray(base), np.asarray(apex), np.asarray(septum))


def axis_words(anatomy: Anatomy) -> tuple[str, ...]:
    """What the segments are told by where a landmark was not found; empty where all were."""
    found = anatomy.landmarks
    guessed = []
    if "mitral_valve" not in found:
        guessed.append("base where ventricle and atrium touch")
    if "lv_apex" not in found:
        guessed.append("apex at the cavity's farthest place")
    if not {"anterior_rv_insertion", "inferior_rv_insertion"} <= set(found):
        guessed.append("septum where the ventricles touch")
    return tuple(guessed)


def segment_table(anatomy: Anatomy) -> tuple[Segment, ...]:
    """Thickness by segment, each the mean over the area of its outer side.

    Raises:
        PlannerError: as `measured_wall` and `long_axis`.
    """
    wall = measured_wall(anatomy)
    values, area = wall.thickness_mm, _vertex_areas(wall.mesh)
    numbers = np.where(wall.is_outer, segments_of(wall.mesh.vertices, long_axis(anatomy)), 0)
    table = []
    for number, title in enumerate(SEGMENTS, start=1):
        here = numbers == number
        if here.any():
            mean = float(np.average(values[here], weights=area[here]))
            table.append(Segment(number, title, mean, float(values[here].min()), float(values[here].max())))
        else:
            table.append(Segment(number, title, None, None, None))
    return tuple(table)


def _cavities(anatomy: Anatomy) -> tuple[SurfaceMesh, ...]:
    return tuple(anatomy.surfaces[key] for key in CAVITIES if key in anatomy.surfaces)


def _contact_mm(mesh: SurfaceMesh, other: SurfaceMesh) -> np.ndarray | None:
    """The middle (3,) of where a surface touches another; None where it does not."""
    from recon.measures.nearest import nearest_on

    away = nearest_on(other.vertices, other.faces, mesh.vertices).distances_mm
    touching = away < TOUCHING_MM
    return mesh.vertices[touching].mean(axis=0) if touching.any() else None


def _vertex_areas(mesh: SurfaceMesh) -> np.ndarray:
    corners = mesh.vertices[mesh.faces]
    twice = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    areas = np.zeros(len(mesh.vertices))
    for corner in range(3):
        areas += np.bincount(mesh.faces[:, corner], twice / 6.0, len(areas))
    return areas
