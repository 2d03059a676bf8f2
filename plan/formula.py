"""From placed points to values with their repeatability band: the one way every measure of a plan is worked out."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from plan.items import Item

# How far, per axis, a person places a landmark from where another one does: one standard deviation.
# Two observers' diameters of the aortic annulus in CT differ by 1.2 mm on average (X. Gao et al., Quantification of
# aortic annulus in computed tomography angiography, Eur J Radiol 2017); for a diameter between two such landmarks
# the mean difference is 2 sqrt(2 / pi) times this.
LANDMARK_SD_MM = 0.75
N_DRAWS = 500
# Half the width of the interval that holds 95 % of a normal distribution.
HALF_95 = 1.96

Points = Mapping[str, np.ndarray]
Values = Mapping[str, np.ndarray]
NO_BAND = "no band"
"""Note of a value whose error nobody has estimated: it is not an exact one."""
# How a cardiologist says the sign of a C-arm's angle.
SIDES = {"_lao_deg": ("LAO ", "RAO "), "_cranial_deg": ("CRA ", "CAU ")}
UNITS = {
    "_mm": "mm",
    "_mm2": "mm²",
    "_deg": "°",
    "_ml": "ml",
    "_percent": "%",
    "_g": "g",
    "_m2": "m²",
    "_per_m2_ml": "ml/m²",
    "_per_m2_g": "g/m²",
}


@dataclass(frozen=True)
class Formula:
    """How some measures follow from points.

    Attributes:
        titles: key of each measure, its unit at the end, to what people call it.
        compute: points by field, (..., 3) or (..., n, 3) in LPS mm, to values (...) by key.
        why_not: why the points give no value; empty when they do.
        note: what has to be known with each value; see `Reading`.
    """

    titles: Mapping[str, str]
    compute: Callable[[Points], Values]
    why_not: str = ""
    note: str = ""


@dataclass(frozen=True)
class Reading:
    """One measured value as it is shown.

    Attributes:
        key: stable name with its unit at the end, "area_mm2".
        value: None where there is none; then `why_not` says why.
        plus_minus: half the band that holds 95 % of the values when the points are placed again; None: unknown.
        note: what has to be known with the value, parts between semicolons, each "word: explanation".
    """

    key: str
    title: str
    value: float | None
    plus_minus: float | None = None
    why_not: str = ""
    note: str = ""

    @property
    def unit(self) -> str:
        """The unit as people write it."""
        return unit_of(self.key)

    @property
    def text(self) -> str:
        """Value, band, unit and note: "62.3 ± 1.1 mm"; a dash where there is no value."""
        if self.value is None:
            return "–"
        return f"{self._number}, {self.note}" if self.note else self._number

    @property
    def short(self) -> str:
        """As `text`, with the short note, for lists and pictures."""
        return replace(self, note=self.short_note).text

    @property
    def short_note(self) -> str:
        """Of the note no more than what stands before its colons."""
        parts = (part.partition(":")[0].strip() for part in self.note.split(";"))
        return ", ".join(part for part in parts if part)

    @property
    def _number(self) -> str:
        assert self.value is not None
        digits = 0 if self.unit == "mm²" else 1
        band = "" if self.plus_minus is None else f" ± {self.plus_minus:.{digits}f}"
        value = round(self.value, digits) + 0.0  # no minus before a zero
        for end, (positive, negative) in SIDES.items():
            if self.key.endswith(end):
                return f"{positive if value >= 0.0 else negative}{abs(value):.{digits}f}{band}{self.unit}"
        return f"{value:.{digits}f}{band}{'' if self.unit == '°' else ' '}{self.unit}"


def unit_of(key: str) -> str:
    """The unit that a key's end names."""
    return UNITS[max((end for end in UNITS if key.endswith(end)), key=len)]


def points_of(item: Item) -> dict[str, np.ndarray]:
    """The placed points of an item by field, (3,) or (n, 3) LPS mm; without those that are not placed."""
    values = {field.name: getattr(item, field.name) for field in fields(item) if field.name.endswith("_mm")}
    return {name: np.array(value) for name, value in values.items() if isinstance(value, tuple) and value}


def read(formulas: Sequence[Formula], points: Points, sd_mm: float | None = None) -> tuple[Reading, ...]:
    """All values of some formulas, with a band for landmarks of standard deviation `sd_mm` per axis."""
    found: list[Reading] = []
    for formula in formulas:
        if formula.why_not:
            found += [Reading(key, title, None, None, formula.why_not) for key, title in formula.titles.items()]
            continue
        values = formula.compute(points)
        drawn = formula.compute(draws(points, sd_mm)) if sd_mm else {}
        for key, title in formula.titles.items():
            value = float(values[key])
            band = _half_width(key, value, drawn) if sd_mm else None
            found.append(Reading(key, title, value, band, note=formula.note))
    return tuple(found)


def draws(points: Points, sd_mm: float) -> dict[str, np.ndarray]:
    """The points placed again `N_DRAWS` times, each field (N_DRAWS, ..., 3); the same ones at every call."""
    return {
        # A seed for each field: placing one more landmark leaves the bands of the others as they are.
        name: place
        + np.random.default_rng(zlib.crc32(name.encode())).normal(0.0, sd_mm, (N_DRAWS, *place.shape))
        for name, place in points.items()
    }


def _half_width(key: str, value: float, drawn: Values) -> float:
    apart = drawn[key] - value
    if key.endswith("_deg"):
        apart = (apart + 180.0) % 360.0 - 180.0
    # About the value that was measured, so that a bias of the redrawn ones widens the band.
    return float(HALF_95 * np.sqrt(np.mean(apart**2)))
