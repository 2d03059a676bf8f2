"""What a guided sheet begins with: rings and places read from the reconstruction's surfaces and landmarks."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.found_root import MOST_SD_MM
from app.sheets.joining import between
from core.anatomy import Anatomy
from core.errors import Finding, PlannerError
from plan.clinical.aorta import proposed
from plan.clinical.mitral import why_no_d
from plan.contours import perimeter_mm
from plan.cross_section import cross_section
from plan.edits import next_name
from plan.items import (
    Appendage,
    Item,
    MitralAnnulus,
    Point,
    ThoracicAorta,
    VirtualValve,
    as_point,
)
from plan.plan import Plan
from plan.readings import readings
from plan.sheet_items import LIMITS

N_RING = 16
# A ring read from triangles is smooth but for their size: so many waves around it are its own.
N_WAVES = 4
# Without the aorta's ring the trigones are guessed so far to either side of the direction to the aorta.
TRIGONE_DEG = 42.0
DEEPEST_MM = 60.0


def begun(kind: type, plan: Plan, anatomy: Anatomy | None) -> tuple[Item, Finding | None]:
    """A new item of a sheet with all that the reconstruction tells of it, and what is to be said of that.

    Raises:
        PlannerError: a virtual valve has no mitral annulus to stand in.
    """
    name = next_name(plan, kind)
    if kind is VirtualValve:
        return _valve(name, plan, anatomy)
    found: dict[str, Any] = {}
    if anatomy is not None and kind is MitralAnnulus:
        found = mitral_places(anatomy)
    elif anatomy is not None and kind is Appendage:
        found = appendage_places(anatomy)
    elif anatomy is not None and kind is ThoracicAorta:
        found = aorta_places(anatomy)
    return kind(name, **found), _told(kind, found) if found else None


def mitral_places(anatomy: Anatomy) -> dict[str, Any]:
    """Ring, trigones and apex of the mitral annulus, as far as surfaces and landmarks tell them."""
    line = between(anatomy, "la", "lv")
    if line is None:
        return {}
    ring = smooth_ring(line)
    found: dict[str, Any] = {"annulus_mm": tuple(as_point(place) for place in ring)}
    apex = _landmark(anatomy, "lv_apex")
    if apex is None and "lv" in anatomy.surfaces:
        vertices = anatomy.surfaces["lv"].vertices
        apex = vertices[np.linalg.norm(vertices - ring.mean(axis=0), axis=1).argmax()]
    if apex is not None:
        found["apex_mm"] = as_point(apex)
    aorta = outflow_place(anatomy)
    if aorta is not None:
        found |= _trigones(line, aorta, between(anatomy, "lv", "aorta"))
    return found


def outflow_place(anatomy: Anatomy) -> np.ndarray | None:
    """The middle (3,) of the aortic annulus, LPS mm: of the wall between ventricle and aorta, or the landmark."""
    line = between(anatomy, "lv", "aorta")
    return line.mean(axis=0) if line is not None else _landmark(anatomy, "aortic_valve")


def appendage_places(anatomy: Anatomy) -> dict[str, Any]:
    """The appendage's mouth where its landmark and direction cut the left atrium, and the deepest place beyond."""
    at, way = _landmark(anatomy, "appendage_ostium"), anatomy.directions.get("appendage_ostium")
    mesh = anatomy.surfaces.get("la")
    if at is None or way is None or mesh is None:
        return {}
    way = np.asarray(way, dtype=np.float64) / np.linalg.norm(way)
    try:
        loop = cross_section(mesh, at, way).loop_around(at)
    except PlannerError:
        return {}
    if loop is None or float(perimeter_mm(loop)) > 200.0:
        return {}
    found: dict[str, Any] = {"ostium_mm": tuple(as_point(place) for place in smooth_ring(loop))}
    apart = mesh.vertices - loop.mean(axis=0)
    beyond = np.flatnonzero((apart @ way > 3.0) & (np.linalg.norm(apart, axis=1) < DEEPEST_MM))
    if len(beyond):
        found["tip_mm"] = as_point(mesh.vertices[beyond[(apart[beyond] @ way).argmax()]])
    return found


def aorta_places(anatomy: Anatomy) -> dict[str, Point]:
    """First places of the aorta's diameters; empty where there is no aorta or no middle line of it."""
    from app.sheets.on_surfaces import aorta_profile

    try:
        return proposed(aorta_profile(anatomy))
    except PlannerError:
        return {}


def smooth_ring(line_mm: np.ndarray, n_points: int = N_RING) -> np.ndarray:
    """Points (n, 3) evenly along a closed line (k, 3), without the unrest of triangles."""
    step = np.linalg.norm(np.roll(line_mm, -1, axis=0) - line_mm, axis=1)
    along = np.concatenate([[0.0], np.cumsum(step)])
    closed = np.concatenate([line_mm, line_mm[:1]])
    places = along[-1] * np.arange(256) / 256
    even = np.stack([np.interp(places, along, part) for part in closed.T], axis=1)
    waves = np.fft.rfft(even, axis=0)
    waves[N_WAVES + 1 :] = 0.0
    smooth = np.fft.irfft(waves, 256, axis=0)
    return np.asarray(smooth[np.round(256 * np.arange(n_points) / n_points).astype(int)])


def _trigones(line_mm: np.ndarray, aorta_mm: np.ndarray, aortic_ring_mm: np.ndarray | None) -> dict[str, Any]:
    """Two places of the ring's front, as far apart as the aortic ring is wide; the lateral one is more to the left.

    Between the trigones the mitral ring hangs on the left and non-coronary sides of the aortic one. They are
    ligament and have no edge in a surface: this is a guess, and is kept as one.
    """
    ring = smooth_ring(line_mm, 128)
    middle = ring.mean(axis=0)
    _, _, axes = np.linalg.svd(ring - middle)
    ahead = (aorta_mm - middle) - ((aorta_mm - middle) @ axes[2]) * axes[2]
    ahead /= np.linalg.norm(ahead)
    side = np.cross(axes[2], ahead)
    turn = np.degrees(np.arctan2((ring - middle) @ side, (ring - middle) @ ahead))
    places = [ring[np.abs(turn - degrees).argmin()] for degrees in (TRIGONE_DEG, -TRIGONE_DEG)]
    if aortic_ring_mm is not None:
        across, front = (aortic_ring_mm - middle) @ side, ring[(ring - middle) @ ahead > 0.0]
        places = [front[np.abs((front - middle) @ side - to).argmin()] for to in (across.max(), across.min())]
    lateral, medial = sorted(places, key=lambda place: -float(place[0]))
    found = as_point(lateral), as_point(medial)
    return {"lateral_trigone_mm": found[0], "medial_trigone_mm": found[1], "guessed": found}


def _valve(name: str, plan: Plan, anatomy: Anatomy | None) -> tuple[Item, Finding | None]:
    annuli = plan.of_type(MitralAnnulus)
    if not annuli:
        raise PlannerError(
            "no virtual valve", "it needs a mitral annulus to stand in", "place the mitral annulus first"
        )
    annulus = annuli[-1]
    found: dict[str, Any] = {}
    outflow = outflow_place(anatomy) if anatomy is not None else None
    if outflow is not None:
        found["outflow_mm"] = as_point(outflow)
    if not why_no_d(annulus):
        low, high = LIMITS["diameter_mm"]
        size = float(np.clip(round(_d_diameter_mm(annulus)), low, high))
        found |= {"diameter_mm": size, "outlet_diameter_mm": size}
    return VirtualValve(name, annulus.item_id, **found), None


def _d_diameter_mm(annulus: MitralAnnulus) -> float:
    found = {one.key: one.value for one in readings(annulus, Plan())}
    return found["d_area_diameter_mm"] or VirtualValve.diameter_mm


def _landmark(anatomy: Anatomy, key: str) -> np.ndarray | None:
    """A landmark that is sure enough, or whose error nobody told."""
    place = anatomy.landmarks.get(key)
    told = anatomy.report.get("landmarks")
    facts = told.get(key) if isinstance(told, dict) else None
    sd_mm = facts.get("sd_mm") if isinstance(facts, dict) else None
    if place is None or (isinstance(sd_mm, int | float) and sd_mm > 2.0 * MOST_SD_MM):
        return None
    return np.asarray(place, dtype=np.float64)


def _told(kind: type, found: dict[str, Any]) -> Finding:
    what = {
        MitralAnnulus: "the mitral annulus is read from the wall between atrium and ventricle",
        Appendage: "the ostium of the appendage is read from a landmark and the atrium's surface",
        ThoracicAorta: "the places along the aorta are proposed from its middle line and widths",
    }[kind]
    why = {
        MitralAnnulus: "the trigones are only guessed from the aorta, and all that depends on them says so",
        Appendage: "nobody has confirmed its plane, and the tip is only the deepest place of the surface",
        ThoracicAorta: "the branches of the arch are not seen",
    }[kind]
    return Finding(
        f"{kind.__name__.lower()}_from_surfaces",
        what,
        why,
        "check each point on the slices and drag it to its place",
    )
