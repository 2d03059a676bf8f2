"""The diameters of the aorta where guidelines ask for them, at right angles to its middle line.

The places are those of the 2010 ACCF/AHA and 2014 ESC guidelines (L. F. Hiratzka et al., Circulation 121 (2010) e266;
R. Erbel et al., Eur Heart J 35 (2014) 2873). Where nobody has placed them they are proposed from the middle line and
the widths along it alone; branches are not seen, so that a proposal is a beginning and no finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from plan.formula import HALF_95, N_DRAWS, NO_BAND, Reading, draws
from plan.items import Point, ThoracicAorta, as_point

TITLES: Mapping[str, str] = {
    "sinuses_mm": "Sinuses of Valsalva",
    "sinotubular_mm": "Sinotubular junction",
    "ascending_mm": "Mid-ascending",
    "proximal_arch_mm": "Proximal arch",
    "arch_mm": "Mid-arch",
    "isthmus_mm": "Proximal descending",
    "descending_mm": "Mid-descending",
    "diaphragm_mm": "At the diaphragm",
}
# A place farther from the middle line than this is not in the aorta.
MOST_OFF_LINE_MM = 30.0
ROOT_MM = 30.0


@dataclass(frozen=True, eq=False)
class AortaProfile:
    """The widths of an aorta along its middle line, from the heart on.

    Attributes:
        along_mm: (n,); points_mm: (n, 3) LPS, evenly spaced.
        diameters_mm: (n,) from the area of the section, 2 sqrt(A / pi); NaN where none is across one vessel.
        least_mm, most_mm: (n,) smallest and largest diameter of the section.
    """

    along_mm: np.ndarray
    points_mm: np.ndarray
    diameters_mm: np.ndarray
    least_mm: np.ndarray
    most_mm: np.ndarray

    def place(self, points_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where on the line (...) mm the places (..., 3) are nearest to it, and how far off (...) they are."""
        apart = np.linalg.norm(points_mm[..., None, :] - self.points_mm, axis=-1)
        return self.along_mm[apart.argmin(axis=-1)], apart.min(axis=-1)


def aorta_readings(aorta: ThoracicAorta, profile: AortaProfile, sd_mm: float | None) -> tuple[Reading, ...]:
    """Diameter at each place and the largest of all; the bands hold what placing the landmark again changes.

    They hold, too, that each of the two walls may lie as far off as a person places a landmark.
    """
    found = [_at(aorta, profile, field, title, sd_mm) for field, title in TITLES.items()]
    known = np.flatnonzero(np.isfinite(profile.diameters_mm))
    if len(known):
        widest = known[profile.diameters_mm[known].argmax()]
        band = HALF_95 * np.sqrt(2.0) * sd_mm if sd_mm else None
        largest = float(profile.diameters_mm[widest])
        found.append(Reading("largest_diameter_mm", "Largest diameter", largest, band))
        found.append(
            Reading(
                "largest_along_mm", "Largest, along the line", float(profile.along_mm[widest]), note=NO_BAND
            )
        )
    found.append(Reading("line_mm", "Length of the middle line", float(profile.along_mm[-1]), note=NO_BAND))
    return tuple(found)


def widest_mm(profile: AortaProfile) -> Point | None:
    """Where the aorta is widest, LPS mm; None where no section is known."""
    known = np.flatnonzero(np.isfinite(profile.diameters_mm))
    return as_point(profile.points_mm[known[profile.diameters_mm[known].argmax()]]) if len(known) else None


def proposed(profile: AortaProfile) -> dict[str, Point]:
    """Field of a `ThoracicAorta` -> a first place for it, from the line's shape and widths; see the module's text."""
    along, z = profile.along_mm, profile.points_mm[:, 2]
    top = int(z.argmax())
    found: dict[str, int] = {}
    filled = _filled(profile)
    root = np.flatnonzero(along <= min(ROOT_MM, along[top] if along[top] > 20.0 else along[-1] / 3.0))
    found["sinuses_mm"] = int(root[filled[root].argmax()])
    after = np.flatnonzero(
        (along > along[found["sinuses_mm"]] + 8.0) & (along < along[found["sinuses_mm"]] + 25.0)
    )
    if len(after):
        found["sinotubular_mm"] = int(after[filled[after].argmin()])
    has_arch = 0.2 * along[-1] < along[top] < 0.8 * along[-1]
    if has_arch and "sinotubular_mm" in found:
        junction = along[found["sinotubular_mm"]]
        # The arch is the part within one and a half of its own widths of its top.
        half_arch = 1.0 * filled[top]
        found["arch_mm"] = top
        start = max(along[top] - half_arch, junction + 10.0)
        found["proximal_arch_mm"] = _index(along, start)
        found["ascending_mm"] = _index(along, (junction + start) / 2.0)
        end = along[top] + half_arch
        if end < along[-1]:
            found["isthmus_mm"] = _index(along, end)
            found["descending_mm"] = _index(along, (end + along[-1]) / 2.0)
    return {field: as_point(profile.points_mm[n]) for field, n in found.items()}


def _at(aorta: ThoracicAorta, profile: AortaProfile, field: str, title: str, sd_mm: float | None) -> Reading:
    key, place = f"{field.removesuffix('_mm')}_diameter_mm", getattr(aorta, field)
    if place is None:
        return Reading(key, title, None, None, "it is not placed yet")
    along, off_mm = profile.place(np.array(place))
    if float(off_mm) > MOST_OFF_LINE_MM:
        return Reading(key, title, None, None, f"it lies {float(off_mm):.0f} mm from the aorta's middle line")
    value = float(np.interp(along, profile.along_mm, profile.diameters_mm))
    if not np.isfinite(value):
        return Reading(key, title, None, None, "no section there is across the aorta alone")
    if not sd_mm:
        return Reading(key, title, value)
    places = draws({field: np.array(place)}, sd_mm)[field]
    assert places.shape == (N_DRAWS, 3)
    again = np.interp(profile.place(places)[0], profile.along_mm, _filled(profile))
    # A diameter ends at two walls.
    spread_mm2 = np.mean((again - value) ** 2) + 2.0 * sd_mm**2
    return Reading(key, title, value, float(HALF_95 * np.sqrt(spread_mm2)))


def _filled(profile: AortaProfile) -> np.ndarray:
    """The diameters with the gaps bridged; for looking for places, never for a value."""
    known = np.isfinite(profile.diameters_mm)
    if not known.any():
        return np.zeros(len(known))
    return np.interp(profile.along_mm, profile.along_mm[known], profile.diameters_mm[known])


def _index(along: np.ndarray, at: float) -> int:
    return int(np.abs(along - at).argmin())
