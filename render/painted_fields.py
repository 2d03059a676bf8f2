"""What a surface can be painted by: the field of its vertices, and how its scale reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class PaintedField:
    """One field in millimetres.

    Attributes:
        name: of the field of `SurfaceMesh`.
        title, words: heading of the legend and the lines that say what the number means.
        most_mm: everything from here on has the last colour.
        tick_mm: between the numbers of the scale.
    """

    name: str
    title: str
    words: tuple[str, ...]
    most_mm: float
    tick_mm: float


STEADINESS = PaintedField(
    "uncertainty_mm",
    "Uncertainty in mm",
    ("How far the surface moves between looks:", "steadiness, not distance from the truth"),
    4.0,
    1.0,
)
THICKNESS = PaintedField(
    "thickness_mm",
    "Wall thickness in mm",
    ("Shortest way across the wall;", "unknown up to 4 mm from its rim"),
    20.0,
    5.0,
)
FIELDS: Mapping[str, PaintedField] = {field.name: field for field in (STEADINESS, THICKNESS)}
