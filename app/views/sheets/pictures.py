"""The pictures of a guided sheet: which of them its kind has, and what each shows."""

from __future__ import annotations

import numpy as np
from PyQt6.QtWidgets import QTabWidget, QWidget

from app.sheets.on_surfaces import OnSurfaces
from app.state import State
from app.views.sheets.pattern_view import PatternView
from app.views.sheets.plane_view import PlaneView
from app.views.sheets.profile import Curve, ProfileView
from app.views.sheets.s_curve import SCurve
from plan.clinical.aorta import TITLES
from plan.clinical.aortic_root import annular_plane, view_title, why_no_plane
from plan.formula import Reading, points_of
from plan.items import AorticRoot, Item, SeptalPatch, ThoracicAorta, Ventricles, VirtualValve

VIEWS = {"three_cusp": "Three-cusp", "cusp_overlap": "Cusp overlap"}
SHORT = {
    "sinuses_mm": "SoV",
    "sinotubular_mm": "STJ",
    "ascending_mm": "Asc",
    "proximal_arch_mm": "P. arch",
    "arch_mm": "Arch",
    "isthmus_mm": "P. desc",
    "descending_mm": "Desc",
    "diaphragm_mm": "Diaphr.",
}


class SheetPictures(QTabWidget):
    """Tabs with the pictures of the item that is shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDocumentMode(True)
        self.plane = PlaneView()
        self.curve = SCurve()
        self.profile = ProfileView()
        self.pattern = PatternView()
        self._kind: type | None = None

    def show_item(self, state: State, item: Item) -> None:
        """Show the pictures that this item's sheet has."""
        if type(item) is not self._kind:
            self._kind = type(item)
            self._lay_out(item)
        if self.indexOf(self.plane) >= 0:
            self.plane.show_item(state, item)
        self.profile.follow(_place(state))

    def show_values(
        self, state: State, item: Item, found: tuple[Reading, ...], measured: OnSurfaces | None
    ) -> None:
        """Show what was measured: `measured` is None while it is being worked out."""
        if isinstance(item, AorticRoot):
            self._show_angles(item, found)
        if isinstance(item, ThoracicAorta):
            self.profile.show_curve(_diameters(item, measured), _place(state))
        elif isinstance(item, VirtualValve):
            self.profile.show_curve(_areas(measured), _place(state))
        self.pattern.show_pattern(measured.pattern if measured is not None else None)

    def _show_angles(self, root: AorticRoot, found: tuple[Reading, ...]) -> None:
        values = {reading.key: reading.value for reading in found}
        views = {}
        for key, name in VIEWS.items():
            lao, cranial = values[f"{key}_lao_deg"], values[f"{key}_cranial_deg"]
            if lao is not None and cranial is not None:
                views[f"{name} {view_title(lao, cranial)}"] = (lao, cranial)
        self.curve.show_plane(None if why_no_plane(root) else annular_plane(points_of(root))[1], views)

    def _lay_out(self, item: Item) -> None:
        while self.count():
            self.removeTab(0)
        if not isinstance(item, ThoracicAorta | Ventricles):
            self.addTab(self.plane, "Rim" if isinstance(item, SeptalPatch) else "Plane")
        if isinstance(item, AorticRoot):
            self.setTabText(0, "Annular plane")
            self.addTab(self.curve, "C-arm")
        elif isinstance(item, VirtualValve):
            self.addTab(self.profile, "Outflow tract")
        elif isinstance(item, ThoracicAorta):
            self.addTab(self.profile, "Diameters")
        elif isinstance(item, SeptalPatch):
            self.addTab(self.pattern, "Pattern")
        self.setVisible(self.count() > 0)


def _place(state: State) -> np.ndarray | None:
    return None if state.crosshair_mm is None else np.array(state.crosshair_mm)


def _diameters(aorta: ThoracicAorta, measured: OnSurfaces | None) -> Curve:
    if measured is None or measured.profile is None:
        return Curve(empty=_empty(measured))
    profile = measured.profile
    marks = {}
    for field in TITLES:
        if getattr(aorta, field) is not None:
            marks[SHORT[field]] = float(profile.place(np.array(getattr(aorta, field)))[0])
    return Curve(
        profile.along_mm,
        profile.diameters_mm,
        profile.points_mm,
        "mm",
        "Diameter (mm), heart to the end",
        marks=marks,
    )


def _areas(measured: OnSurfaces | None) -> Curve:
    if measured is None or measured.tract is None:
        return Curve(empty=_empty(measured))
    tract = measured.tract
    near = np.flatnonzero(np.isfinite(tract.areas_mm2))
    part = slice(int(near[0]), int(near[-1]) + 1)
    along = tract.along_mm[part] - tract.along_mm[part][0]
    return Curve(
        along,
        tract.areas_mm2[part],
        tract.points_mm[part],
        "mm²",
        "Open area (mm²), to the aorta; dashed: no valve",
        other=tract.whole_mm2[part],
        marks={"narrowest": float(along[min(max(tract.narrowest - part.start, 0), len(along) - 1)])},
    )


def _empty(measured: OnSurfaces | None) -> str:
    if measured is None:
        return "Measuring…"
    return measured.why_not or next(
        (one.why_not for one in measured.readings if one.why_not), "Nothing to show"
    )
