"""The mitral annulus as it is measured before a valve is implanted or a ring is chosen: its D-shape and its saddle.

The D-shape is the ring without the aorto-mitral continuity: cut off along the straight line between the two fibrous
trigones (P. Blanke et al., A simplified D-shaped model of the mitral annulus, J Cardiovasc Comput Tomogr 8 (2014) 459;
P. Blanke et al., JACC Cardiovasc Imaging 8 (2015) 612). It is measured as it is seen along the normal of the plane
nearest, by least squares, to the part of the ring behind the trigones (M. Abdelghani et al., Eur Heart J Cardiovasc
Imaging 18 (2017) 697). The septal-lateral diameter stands at right angles to the line of the trigones and the
intercommissural one runs along it; both go through the middle of the D's area. The height of the saddle is the extent
of the whole ring across its own nearest plane, and is set in relation to the intercommissural diameter
(I. S. Salgo et al., Effect of annular shape on leaflet curvature, Circulation 106 (2002) 711).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plan.contours import curve_from_points, flattened, perimeter_mm, shape_values, why_no_area
from plan.formula import Formula, Points, Values, points_of
from plan.items import MitralAnnulus

TRIGONES = ("lateral_trigone_mm", "medial_trigone_mm")
# A trigone lies on the ring; farther from it than this, one of the two is misplaced.
MOST_OFF_RING_MM = 5.0
LEAST_INTERTRIGONAL_MM = 8.0
GUESSED = "guessed: place the trigones"
"""Note of all that depends on trigones that nobody has placed."""

D_TITLES = {
    "d_area_mm2": "D-shape area",
    "d_perimeter_mm": "D-shape perimeter",
    "d_area_diameter_mm": "D-shape D-area",
    "d_perimeter_diameter_mm": "D-shape D-perimeter",
    "ic_diameter_mm": "Intercommissural diameter (IC)",
    "sl_diameter_mm": "Septal-lateral diameter (SL)",
    "sl_to_ic_percent": "SL to IC",
    "height_to_ic_percent": "Saddle height to IC",
}
RING_TITLES = {
    "ring_area_mm2": "Saddle area, projected",
    "ring_perimeter_mm": "Saddle perimeter in space",
    "ring_projected_perimeter_mm": "Saddle perimeter, projected",
    "annular_height_mm": "Annular height",
}


@dataclass(frozen=True, eq=False)
class DPlane:
    """The plane of one or many D-shapes and its axes, LPS.

    Attributes:
        origin_mm: (..., 3), the lateral trigone seen along the normal.
        normal: (..., 3) unit, into the ventricle where the apex is known.
        medially, backwards: (..., 3) unit, along the line of the trigones and from it to the posterior ring.
        middle_mm: (..., 3), the middle of the D's area.
    """

    origin_mm: np.ndarray
    normal: np.ndarray
    medially: np.ndarray
    backwards: np.ndarray
    middle_mm: np.ndarray


def formulas(annulus: MitralAnnulus) -> tuple[Formula, ...]:
    """How all measures of an annulus follow from what is placed of it; those that lack points say so."""
    places = points_of(annulus)
    why_ring, why_d = why_no_ring(annulus), why_no_d(annulus)
    between = "" if all(name in places for name in TRIGONES) else "the two trigones are not placed yet"
    ring = _Ring(places) if not why_ring else None
    dee = _Ring(places, is_cut=True) if not why_d else None

    def saddle(points: Points) -> Values:
        assert ring is not None
        return ring.saddle_values(points)

    def d_shape(points: Points) -> Values:
        assert dee is not None
        assert ring is not None
        values = dee.d_values(points)
        height = ring.saddle_values(points)["annular_height_mm"]
        return {**values, "height_to_ic_percent": 100.0 * height / values["ic_diameter_mm"]}

    note = note_of(annulus)
    return (
        Formula(D_TITLES, d_shape, why_d, note),
        Formula({"intertrigonal_mm": "Intertrigonal distance"}, _between, between, note),
        Formula(RING_TITLES, saddle, why_ring),
    )


def note_of(annulus: MitralAnnulus) -> str:
    """What has to be known with all that depends on the trigones; empty when a person placed both."""
    return GUESSED if annulus.is_guessed else ""


def why_no_ring(annulus: MitralAnnulus) -> str:
    """Why the points enclose no annulus; empty when they do."""
    places = points_of(annulus).get("annulus_mm")
    return "the annulus is not drawn yet" if places is None else why_no_area(places)


def why_no_d(annulus: MitralAnnulus) -> str:
    """Why there is no D-shape; empty when there is one."""
    places = points_of(annulus)
    if why := why_no_ring(annulus):
        return why
    if any(name not in places for name in TRIGONES):
        return "the two trigones are not placed yet"
    lateral, medial = (places[name] for name in TRIGONES)
    if np.linalg.norm(medial - lateral) < LEAST_INTERTRIGONAL_MM:
        return "the two trigones lie in almost one place"
    curve = curve_from_points(places["annulus_mm"]) @ places["annulus_mm"]
    off_mm = max(float(np.linalg.norm(curve - place, axis=1).min()) for place in (lateral, medial))
    return "" if off_mm <= MOST_OFF_RING_MM else f"a trigone lies {off_mm:.0f} mm from the ring"


def d_plane(annulus: MitralAnnulus, points: Points | None = None) -> DPlane:
    """The plane of the D-shape; only where `why_no_d` is empty.

    Args:
        points: the annulus's points, perhaps moved or drawn again many times; None: as they are placed.
    """
    places = points_of(annulus)
    return _Ring(places, is_cut=True).plane(places if points is None else points)


def ring_plane(annulus: MitralAnnulus) -> tuple[np.ndarray, np.ndarray]:
    """Middle (3,) and unit normal (3,), into the ventricle where the apex is placed, of the whole ring's plane."""
    places = points_of(annulus)
    ring = _Ring(places)
    middle, normal = _nearest_plane(ring.curve(places), ring.weights)
    return middle, _towards(normal, places, middle)


def _between(points: Points) -> Values:
    return {"intertrigonal_mm": np.linalg.norm(points[TRIGONES[1]] - points[TRIGONES[0]], axis=-1)}


class _Ring:
    """The smooth curve through a ring's points, and how much each of its samples counts for the nearest plane.

    Both are fixed by the points as they are placed: points drawn again only move them.
    """

    def __init__(self, places: Points, is_cut: bool = False) -> None:
        self._matrix = curve_from_points(places["annulus_mm"])
        curve = self.curve(places)
        step = np.linalg.norm(np.roll(curve, -1, axis=0) - curve, axis=1)
        self.weights = (step + np.roll(step, 1)) / 2.0
        if is_cut:
            middle, normal = _nearest_plane(curve, self.weights)
            backwards = _axes(places, normal, middle)[1]
            self.weights = self.weights * ((curve - places[TRIGONES[0]]) @ backwards >= 0.0)

    def curve(self, points: Points) -> np.ndarray:
        """Samples (..., m, 3) of the ring."""
        return self._matrix @ points["annulus_mm"]

    def plane(self, points: Points) -> DPlane:
        """The plane of the D-shape."""
        return self._plane_and_cut(points)[0]

    def saddle_values(self, points: Points) -> Values:
        """Area, perimeters and height of the whole ring."""
        curve = self.curve(points)
        middle, normal = _nearest_plane(curve, self.weights)
        height = ((curve - middle[..., None, :]) * normal[..., None, :]).sum(axis=-1)
        shape = shape_values(flattened(curve, normal))
        return {
            "ring_area_mm2": shape["area_mm2"],
            "ring_perimeter_mm": perimeter_mm(curve),
            "ring_projected_perimeter_mm": shape["perimeter_mm"],
            "annular_height_mm": height.max(axis=-1) - height.min(axis=-1),
        }

    def d_values(self, points: Points) -> Values:
        """Area, perimeter and diameters of the D-shape."""
        _, flat, (area, around, middle) = self._plane_and_cut(points)
        across = _chord(flat, middle[..., 1], along=0)
        posterior = _chord_top(flat, middle[..., 0])
        return {
            "d_area_mm2": area,
            "d_perimeter_mm": around,
            "d_area_diameter_mm": 2.0 * np.sqrt(area / np.pi),
            "d_perimeter_diameter_mm": around / np.pi,
            "ic_diameter_mm": across,
            "sl_diameter_mm": posterior,
            "sl_to_ic_percent": 100.0 * posterior / across,
        }

    def _plane_and_cut(
        self, points: Points
    ) -> tuple[DPlane, np.ndarray, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        curve = self.curve(points)
        middle, normal = _nearest_plane(curve, self.weights)
        normal = _towards(normal, points, middle)
        medially, backwards = _axes(points, normal, curve.mean(axis=-2))
        lateral = points[TRIGONES[0]]
        origin = lateral - ((lateral - middle) * normal).sum(axis=-1)[..., None] * normal
        flat = (curve - origin[..., None, :]) @ np.stack([medially, backwards], axis=-1)
        cut = _cut_off(flat)
        place = origin + cut[2][..., :1] * medially + cut[2][..., 1:] * backwards
        return DPlane(origin, normal, medially, backwards, place), flat, cut


def _nearest_plane(curve: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Middle (..., 3) and unit normal (..., 3) of the plane nearest to samples (..., m, 3) by least squares."""
    middle = (curve * weights[:, None]).sum(axis=-2) / weights.sum()
    apart = (curve - middle[..., None, :]) * np.sqrt(weights)[:, None]
    return middle, np.linalg.eigh(np.swapaxes(apart, -1, -2) @ apart)[1][..., 0]


def _towards(normal: np.ndarray, points: Points, middle: np.ndarray) -> np.ndarray:
    """The normal turned to the apex; without an apex, as it is."""
    if "apex_mm" not in points:
        return normal
    side = ((points["apex_mm"] - middle) * normal).sum(axis=-1)
    return np.where(side[..., None] < 0.0, -normal, normal)


def _axes(points: Points, normal: np.ndarray, middle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unit directions (..., 3) in the plane: from lateral to medial trigone, and from their line to `middle`."""
    lateral, medial = (points[name] for name in TRIGONES)
    along = medial - lateral
    along = along - (along * normal).sum(axis=-1)[..., None] * normal
    medially = along / np.linalg.norm(along, axis=-1, keepdims=True)
    backwards = np.cross(normal, medially)
    side = ((middle - lateral) * backwards).sum(axis=-1)
    return medially, np.where(side[..., None] < 0.0, -backwards, backwards)


def _cut_off(flat: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Area (...), perimeter (...) and middle (..., 2) of what of a curve (..., m, 2) lies at y > 0.

    The origin lies on the cut, so that the straight side adds nothing to the area.
    """
    start, end = flat, np.roll(flat, -1, axis=-2)
    y0, y1 = start[..., 1], end[..., 1]
    step = np.where(y1 == y0, 1.0, y1 - y0)
    meets = np.clip(-y0 / step, 0.0, 1.0)
    first = np.where((y0 < 0.0) & (y1 > 0.0), meets, 0.0)
    last = np.where((y0 > 0.0) & (y1 < 0.0), meets, 1.0)
    kept = (y0 > 0.0) | (y1 > 0.0)
    p = start + first[..., None] * (end - start)
    q = start + last[..., None] * (end - start)
    wedge = np.where(kept, p[..., 0] * q[..., 1] - q[..., 0] * p[..., 1], 0.0)
    twice = wedge.sum(axis=-1)
    middle = ((p + q) * wedge[..., None]).sum(axis=-2) / (3.0 * twice[..., None])
    curved = np.where(kept, np.linalg.norm(q - p, axis=-1), 0.0).sum(axis=-1)
    crossing = start[..., 0] + meets * (end - start)[..., 0]
    sign = np.sign(y1) - np.sign(y0)
    straight = np.abs((crossing * sign).sum(axis=-1)) / 2.0
    return np.abs(twice) / 2.0, curved + straight, middle


def _chord(flat: np.ndarray, at: np.ndarray, along: int) -> np.ndarray:
    """Distance (...) between the outermost crossings of curves (..., m, 2) with the line through `at` along an axis."""
    crossings = _crossings(flat, at, along)
    return np.nanmax(crossings, axis=-1) - np.nanmin(crossings, axis=-1)


def _chord_top(flat: np.ndarray, at: np.ndarray) -> np.ndarray:
    """How far (...) curves (..., m, 2) reach to y > 0 at x = `at`."""
    return np.nanmax(_crossings(flat, at, 1), axis=-1)


def _crossings(flat: np.ndarray, at: np.ndarray, along: int) -> np.ndarray:
    across = 1 - along
    start, end = flat, np.roll(flat, -1, axis=-2)
    low, high = start[..., across] - at[..., None], end[..., across] - at[..., None]
    is_met = (low > 0.0) != (high > 0.0)
    share = low / np.where(is_met, low - high, 1.0)
    return np.where(is_met, start[..., along] + share * (end - start)[..., along], np.nan)
