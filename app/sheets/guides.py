"""The guided sheets as data: which points each one leads through, where they lie, and which numbers go with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from plan.items import (
    AorticRoot,
    Appendage,
    Item,
    MitralAnnulus,
    SeptalPatch,
    ThoracicAorta,
    Ventricles,
    VirtualValve,
)


@dataclass(frozen=True)
class Step:
    """One point, or one ring of points, that the user places.

    Attributes:
        field: where the item keeps it.
        title: what people call it.
        where: how to find it.
        is_ring: several points, until the user goes on.
        is_optional: the main measures are there without it.
    """

    field: str
    title: str
    where: str
    is_ring: bool = False
    is_optional: bool = True


@dataclass(frozen=True)
class Number:
    """One number that the user sets beside the points: its field, title, unit and step."""

    field: str
    title: str
    unit: str
    step: float


@dataclass(frozen=True)
class Guide:
    """One kind of sheet.

    Attributes:
        title: what people call it. steps: its points. numbers: what is set beside them.
        note: what its values are worth.
        leads_on: when it is opened again, steps that are optional wait for their points, too.
    """

    title: str
    steps: tuple[Step, ...] = ()
    numbers: tuple[Number, ...] = ()
    note: str = ""
    leads_on: bool = False


ROOT_STEPS: tuple[Step, ...] = (
    Step(
        "right_hinge_mm", "Right hinge point", "the lowest point of the right cusp, in front", is_optional=False
    ),
    Step("left_hinge_mm", "Left hinge point", "the lowest point of the left cusp", is_optional=False),
    Step(
        "non_coronary_hinge_mm",
        "Non-coronary hinge point",
        "the lowest point of the third cusp, towards the atria",
        is_optional=False,
    ),
    Step("annulus_mm", "Annulus", "around the opening, in the annular plane", True, False),
    Step("left_ostium_mm", "Left coronary ostium", "the lower rim of the left main artery's mouth"),
    Step("right_ostium_mm", "Right coronary ostium", "the lower rim of the right artery's mouth"),
    Step("right_sinus_mm", "Right sinus", "the outermost point of the right sinus of Valsalva"),
    Step(
        "left_non_commissure_mm", "Left/non-coronary commissure", "across from the right sinus, at its height"
    ),
    Step("left_sinus_mm", "Left sinus", "the outermost point of the left sinus"),
    Step("right_non_commissure_mm", "Right/non-coronary commissure", "across from the left sinus"),
    Step("non_coronary_sinus_mm", "Non-coronary sinus", "the outermost point of the non-coronary sinus"),
    Step("right_left_commissure_mm", "Right/left commissure", "across from the non-coronary sinus"),
    Step("sinotubular_mm", "Sinotubular junction", "around the ridge above the sinuses", True),
)

_TRIGONE = "where the ring leaves the aorta, at the {} end of the straight border"
GUIDES: Mapping[type, Guide] = {
    AorticRoot: Guide("Aortic root", ROOT_STEPS, leads_on=True),
    MitralAnnulus: Guide(
        "Mitral annulus",
        (
            Step("annulus_mm", "Annulus", "around the ring, along the hinge of the leaflets", True, False),
            Step("lateral_trigone_mm", "Lateral trigone", _TRIGONE.format("patient's left"), is_optional=False),
            Step("medial_trigone_mm", "Medial trigone", _TRIGONE.format("septal"), is_optional=False),
            Step("apex_mm", "LV apex", "the tip of the left ventricle's cavity"),
        ),
        note="D-shape: cut along the line of the trigones, seen along the normal of its nearest plane",
    ),
    VirtualValve: Guide(
        "Virtual valve and neo-LVOT",
        (
            Step("outflow_mm", "Outflow", "the middle of the aortic annulus", is_optional=False),
            Step("centre_mm", "Middle of the valve", "where its axis meets the annular plane"),
        ),
        (
            Number("diameter_mm", "Diameter", "mm", 1.0),
            Number("outlet_diameter_mm", "Outlet diameter", "mm", 1.0),
            Number("depth_mm", "Depth in the ventricle", "mm", 1.0),
            Number("height_mm", "Height in the atrium", "mm", 1.0),
            Number("tilt_deg", "Tilt to the outflow", "°", 2.0),
            Number("side_tilt_deg", "Tilt to the septum", "°", 2.0),
        ),
        note="the open area of the phase that was reconstructed; leaflets are not in it; nothing bends or moves",
    ),
    ThoracicAorta: Guide(
        "Aorta",
        (
            Step("sinuses_mm", "Sinuses of Valsalva", "the widest place of the root"),
            Step("sinotubular_mm", "Sinotubular junction", "where the root ends and the tube begins"),
            Step("ascending_mm", "Mid-ascending", "midway between the junction and the first branch"),
            Step("proximal_arch_mm", "Proximal arch", "just before the first branch"),
            Step("arch_mm", "Mid-arch", "between the left carotid and subclavian arteries"),
            Step("isthmus_mm", "Proximal descending", "two centimetres beyond the left subclavian artery"),
            Step("descending_mm", "Mid-descending", "midway down to the diaphragm"),
            Step("diaphragm_mm", "At the diaphragm", "two centimetres above the coeliac artery"),
        ),
        note="diameters of the lumen from the area of sections at right angles to the middle line",
    ),
    Appendage: Guide(
        "Left atrial appendage",
        (
            Step(
                "ostium_mm",
                "Ostium",
                "around the mouth, from the left upper pulmonary vein's ridge",
                True,
                False,
            ),
            Step("landing_mm", "Landing zone", "around the place where a device would lie", True),
            Step("tip_mm", "Tip", "the deepest place that can be reached", is_optional=False),
        ),
    ),
    SeptalPatch: Guide(
        "Septal patch",
        (Step("rim_mm", "Rim of the defect", "around the rim", True, False),),
        (Number("margin_mm", "Margin beyond the rim", "mm", 0.5),),
        note="the pattern is printed at its true size; check the bar of 100 mm on the print with a ruler",
    ),
    Ventricles: Guide(
        "Ventricles",
        (),
        (Number("height_cm", "Height", "cm", 1.0), Number("weight_kg", "Weight", "kg", 1.0)),
        note="papillary muscles belong to the cavity; check the contours of both ends of the cycle",
    ),
}


def is_guided(item: Item) -> bool:
    """Whether an item has a guided sheet."""
    return type(item) in GUIDES


def guide_of(item: Item) -> Guide:
    """The sheet of an item. Raises KeyError when its kind has none."""
    return GUIDES[type(item)]


def step_of(item: Item, field: str) -> Step:
    """The step of an item's sheet that places a field. Raises StopIteration when there is none."""
    return next(step for step in guide_of(item).steps if step.field == field)
