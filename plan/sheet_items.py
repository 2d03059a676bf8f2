"""What the guided sheets keep in a plan: points and rings of one structure, LPS mm, and a few numbers beside them.

What is not placed yet is None or empty, so that every field but the name has a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from plan.points import Point, freeze_number, freeze_places, new_id

LIMITS: Mapping[str, tuple[float, float]] = {
    "diameter_mm": (10.0, 60.0),
    "outlet_diameter_mm": (10.0, 70.0),
    "depth_mm": (2.0, 60.0),
    "height_mm": (0.0, 40.0),
    "tilt_deg": (-45.0, 45.0),
    "side_tilt_deg": (-45.0, 45.0),
    "margin_mm": (0.0, 15.0),
    "height_cm": (0.0, 250.0),
    "weight_kg": (0.0, 400.0),
}
"""Number of a sheet's item -> the smallest and the largest that is taken."""


def numbers_of(kind: type) -> tuple[str, ...]:
    """The fields of a sheet's item that hold one number."""
    return tuple(name for name, form in kind.__annotations__.items() if form == "float")


@dataclass(frozen=True)
class _SheetItem:
    def __post_init__(self) -> None:
        freeze_places(self)
        for name in numbers_of(type(self)):
            freeze_number(self, name, *LIMITS[name])


@dataclass(frozen=True)
class MitralAnnulus(_SheetItem):
    """The ring of the mitral valve.

    Attributes:
        annulus_mm: points around the ring, its saddle followed, anterior horn included.
        lateral_trigone_mm, medial_trigone_mm: left and right fibrous trigone, where the aorto-mitral continuity ends.
        apex_mm: the apex of the left ventricle; it tells which side of the ring is the ventricle's.
        guessed: places that a program guessed; a trigone that lies in one of them is not one that a person placed.
    """

    name: str
    annulus_mm: tuple[Point, ...] = ()
    lateral_trigone_mm: Point | None = None
    medial_trigone_mm: Point | None = None
    apex_mm: Point | None = None
    item_id: str = field(default_factory=new_id)
    guessed: tuple[Point, ...] = ()

    @property
    def is_guessed(self) -> bool:
        """True while nobody has placed both trigones."""
        return not {self.lateral_trigone_mm, self.medial_trigone_mm}.isdisjoint(self.guessed)


@dataclass(frozen=True)
class VirtualValve(_SheetItem):
    """A valve as it would stand in a mitral annulus: a frustum across the plane of its D-shape.

    Attributes:
        annulus_id: `item_id` of the `MitralAnnulus` it stands in.
        centre_mm: where its axis meets the annular plane; None: in the middle of the D-shape.
        outflow_mm: the middle of the aortic annulus, where the outflow tract ends.
        diameter_mm: in the annular plane and above it.
        outlet_diameter_mm: at its end in the ventricle.
        depth_mm, height_mm: how far it reaches into the ventricle and into the atrium, along its axis.
        tilt_deg: how far its ventricular end leans towards the outflow tract; negative: away from it.
        side_tilt_deg: how far it leans towards the medial trigone; negative: towards the lateral one.
    """

    name: str
    annulus_id: str
    centre_mm: Point | None = None
    outflow_mm: Point | None = None
    diameter_mm: float = 29.0
    outlet_diameter_mm: float = 29.0
    depth_mm: float = 18.0
    height_mm: float = 5.0
    tilt_deg: float = 0.0
    side_tilt_deg: float = 0.0
    item_id: str = field(default_factory=new_id)


@dataclass(frozen=True)
class ThoracicAorta(_SheetItem):
    """The places along the aorta where guidelines ask for its diameter; each is read on the middle line near it.

    Attributes:
        sinuses_mm: widest place of the root. sinotubular_mm: the junction. ascending_mm: mid-ascending.
        proximal_arch_mm: before the first branch. arch_mm: mid-arch. isthmus_mm: proximal descending aorta.
        descending_mm: mid-descending. diaphragm_mm: at the diaphragm.
    """

    name: str
    sinuses_mm: Point | None = None
    sinotubular_mm: Point | None = None
    ascending_mm: Point | None = None
    proximal_arch_mm: Point | None = None
    arch_mm: Point | None = None
    isthmus_mm: Point | None = None
    descending_mm: Point | None = None
    diaphragm_mm: Point | None = None
    item_id: str = field(default_factory=new_id)


@dataclass(frozen=True)
class Appendage(_SheetItem):
    """The left atrial appendage as a closure device would meet it.

    Attributes:
        ostium_mm: points around its mouth. landing_mm: points around the landing zone of the device.
        tip_mm: the deepest place that can be reached from the mouth.
    """

    name: str
    ostium_mm: tuple[Point, ...] = ()
    landing_mm: tuple[Point, ...] = ()
    tip_mm: Point | None = None
    item_id: str = field(default_factory=new_id)


@dataclass(frozen=True)
class SeptalPatch(_SheetItem):
    """A patch for a defect.

    Attributes:
        rim_mm: points around the rim of the defect.
        margin_mm: how far the patch is cut beyond the rim.
    """

    name: str
    rim_mm: tuple[Point, ...] = ()
    margin_mm: float = 3.0
    item_id: str = field(default_factory=new_id)


@dataclass(frozen=True)
class Ventricles(_SheetItem):
    """What is known of the body that the ventricles' volumes are related to; 0: unknown."""

    name: str
    height_cm: float = 0.0
    weight_kg: float = 0.0
    item_id: str = field(default_factory=new_id)


SheetItem = MitralAnnulus | VirtualValve | ThoracicAorta | Appendage | SeptalPatch | Ventricles
SHEET_TITLES: Mapping[type, str] = {
    MitralAnnulus: "mitral annulus",
    VirtualValve: "virtual valve",
    ThoracicAorta: "thoracic aorta",
    Appendage: "left atrial appendage",
    SeptalPatch: "septal patch",
    Ventricles: "ventricles",
}
_FORMS = {"Point | None": "place", "tuple[Point, ...]": "points", "float": "number", "str": "id"}


def forms_of(kind: type) -> dict[str, str]:
    """Field -> how plan.json writes it ("place", "points", "number", "id"), for a sheet's item."""
    kinds = kind.__annotations__
    return {name: _FORMS[form] for name, form in kinds.items() if name not in ("name", "item_id")}
