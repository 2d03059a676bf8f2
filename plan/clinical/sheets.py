"""What each guided sheet measures from the points of the plan alone; the rest needs the patient's surfaces."""

from __future__ import annotations

from plan.clinical import aortic_root, appendage, mitral, patch
from plan.clinical.virtual_valve import annulus_of, fit_formula
from plan.formula import Formula, Points, points_of
from plan.items import AorticRoot, Appendage, Item, MitralAnnulus, SeptalPatch, VirtualValve
from plan.plan import Plan


def formulas_of(item: Item, plan: Plan) -> tuple[tuple[Formula, ...], Points]:
    """The formulas of a guided item and the points that go into them; none for other items."""
    if isinstance(item, VirtualValve):
        # A valve stands where the points of its annulus say.
        annulus = annulus_of(item, plan)
        return (fit_formula(item, annulus),), points_of(annulus) if annulus is not None else {}
    if isinstance(item, AorticRoot):
        return aortic_root.formulas(item), points_of(item)
    if isinstance(item, MitralAnnulus):
        return mitral.formulas(item), points_of(item)
    if isinstance(item, Appendage):
        return appendage.formulas(item), points_of(item)
    if isinstance(item, SeptalPatch):
        return patch.formulas(item), points_of(item)
    return (), {}
