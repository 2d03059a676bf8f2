"""How the items of the guided sheets are drawn: their rings and points with a letter, and the virtual valve."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from plan.clinical.virtual_valve import annulus_of, frustum_of, why_no_valve
from plan.items import Item, VirtualValve, as_point
from plan.items import Point as Position
from plan.plan import Plan
from plan.sheet_items import SHEET_TITLES, forms_of
from render.drawn_items import SMALL_MM, Drawn, ring_of
from render.palette import SHEET, VIRTUAL_VALVE
from render.scene import Label, Point
from render.scene import Polyline as Line

LETTERS: Mapping[str, str] = {
    "lateral_trigone_mm": "LT",
    "medial_trigone_mm": "MT",
    "apex_mm": "Apex",
    "centre_mm": "",
    "outflow_mm": "LVOT",
    "tip_mm": "Tip",
    "sinuses_mm": "SoV",
    "sinotubular_mm": "STJ",
    "ascending_mm": "Asc",
    "proximal_arch_mm": "Prox. arch",
    "arch_mm": "Arch",
    "isthmus_mm": "Prox. desc",
    "descending_mm": "Desc",
    "diaphragm_mm": "Diaphragm",
}
N_STRUTS = 8


def is_sheet_item(item: Item) -> bool:
    """Whether an item belongs to a guided sheet that this module draws."""
    return type(item) in SHEET_TITLES


def drawn_sheet(item: Item, plan: Plan) -> Drawn:
    """What shows an item of a guided sheet: all that is placed of it."""
    found = Drawn()
    for field, form in forms_of(type(item)).items():
        value = getattr(item, field)
        if form == "points" and field.endswith("_mm") and value:
            found += ring_of(item.item_id, value, SHEET)
        elif form == "place" and value is not None:
            ball = Point(item.item_id, value, SHEET, SMALL_MM)
            letters = LETTERS[field] + ("?" if value in getattr(item, "guessed", ()) else "")
            found += Drawn((), (ball,), (Label(item.item_id, value, letters),) if letters else ())
    return found + _valve(item, plan) if isinstance(item, VirtualValve) else found


def _valve(valve: VirtualValve, plan: Plan) -> Drawn:
    annulus = annulus_of(valve, plan)
    if annulus is None or why_no_valve(annulus):
        return Drawn()
    rings = frustum_of(valve, annulus).rings_mm()
    lines = [_closed(ring) for ring in rings]
    step = len(rings[0]) // N_STRUTS
    lines += [tuple(as_point(ring[k]) for ring in rings) for k in range(0, len(rings[0]), step)]
    return Drawn(tuple(Line(valve.item_id, line, VIRTUAL_VALVE, 2.0) for line in lines))


def _closed(ring: np.ndarray) -> tuple[Position, ...]:
    return tuple(as_point(place) for place in np.concatenate([ring, ring[:1]]))
