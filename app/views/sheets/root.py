"""The guided sheet of an aortic root: its steps, the annular plane, the values as they come, and the C-arm's curve."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QGuiApplication
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QDockWidget,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTabWidget,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.found_root import found_sds_mm, spread_mm
from app.root_steps import STEPS, hint, is_done
from app.state import State
from app.views.labels import plain_label
from app.views.sheets.annulus import AnnulusView
from app.views.sheets.s_curve import SCurve
from core.resources import RESEARCH_NOTICE
from plan.clinical.aortic_root import annular_plane, view_title, why_no_plane
from plan.formula import Reading, points_of
from plan.items import AorticRoot
from plan.plan import Plan
from plan.readings import readings

FIELD_ROLE = Qt.ItemDataRole.UserRole
NARROWEST_PX = 310
VIEWS = {"three_cusp": "Three-cusp", "cusp_overlap": "Cusp overlap"}


class RootSheet(QDockWidget):
    """Shows the root that the state's sheet names; emits what the user wants done with it."""

    step_chosen = pyqtSignal(str)
    step_skipped = pyqtSignal()
    clear_requested = pyqtSignal(str)
    closed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Aortic root", parent)
        self.setObjectName("root_sheet")
        self.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetClosable
            | QDockWidget.DockWidgetFeature.DockWidgetMovable
            | QDockWidget.DockWidgetFeature.DockWidgetFloatable
        )
        self.hint = plain_label("", "heading")
        self.hint.setWordWrap(True)
        self.annulus = AnnulusView()
        self.curve = SCurve()
        self.steps, self.values = _table(2, "Steps"), _table(2, "Values")
        self.readings: tuple[Reading, ...] = ()
        self._shown: tuple[AorticRoot, float | None] | None = None
        self._is_filling = False
        self._lay_out()

    def show_state(self, state: State, sd_mm: float) -> None:
        """Show the open sheet, or none; `sd_mm` is the standard deviation of a placed landmark per axis."""
        root = state.sheet_root
        if state.sheet is None or root is None:
            self.hide()
            return
        self.annulus.show_root(state, root)
        self.hint.setText(hint(root, state.sheet))
        self._show_steps(root, state.sheet.field, found_sds_mm(root, state.anatomy))
        # While a point is dragged the values follow it; the bands come when it is let go.
        wanted = (root, spread_mm(root, state.anatomy, None if state.dragged is not None else sd_mm))
        if wanted != self._shown:
            self._shown = wanted
            self._show_values(*wanted)
        if not self.isVisible():
            self.show()

    def text(self) -> str:
        """All values as lines of text."""
        if self._shown is None:
            return ""
        root, sd_mm = self._shown
        lines = [f"{root.name} (± holds 95 % of repeated placements, landmark error {sd_mm:.3g} mm per axis)"]
        lines += [f"{row.title}\t{row.text}" for row in self.readings if row.value is not None]
        return "\n".join([*lines, RESEARCH_NOTICE])

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Closing the sheet ends the placing; the root stays in the plan."""
        self.closed.emit()
        super().closeEvent(event)

    def _show_steps(self, root: AorticRoot, field: str | None, found: Mapping[str, float]) -> None:
        self._is_filling = True
        for n, step in enumerate(STEPS):
            row = self.steps.topLevelItem(n)
            if row is None:
                continue
            value = getattr(root, step.field)
            placed = (f"{len(value)} points" if value else "") if step.is_ring else ("placed" if value else "")
            row.setText(0, f"{'✓' if is_done(root, step) else '○'}  {step.title}")
            if step.field in found:
                placed = f"found, sd {found[step.field]:.1f} mm"
            row.setText(1, placed or ("optional" if step.is_optional else ""))
            row.setSelected(step.field == field)
        self._is_filling = False

    def _show_values(self, root: AorticRoot, sd_mm: float | None) -> None:
        self.readings = readings(root, Plan(), sd_mm)
        self.values.clear()
        for reading in self.readings:
            if reading.value is None and reading.why_not.endswith("yet"):
                continue
            row = QTreeWidgetItem([reading.title, reading.text])
            row.setToolTip(0, reading.why_not or reading.title)
            row.setToolTip(1, reading.why_not)
            row.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.values.addTopLevelItem(row)
        self._show_curve(root)

    def _show_curve(self, root: AorticRoot) -> None:
        found = {reading.key: reading.value for reading in self.readings}
        views = {}
        for key, name in VIEWS.items():
            lao, cranial = found[f"{key}_lao_deg"], found[f"{key}_cranial_deg"]
            if lao is not None and cranial is not None:
                views[f"{name} {view_title(lao, cranial)}"] = (lao, cranial)
        self.curve.show_plane(None if why_no_plane(root) else annular_plane(points_of(root))[1], views)

    def _choose(self) -> None:
        rows = self.steps.selectedItems()
        if rows and not self._is_filling:
            self.step_chosen.emit(rows[0].data(0, FIELD_ROLE))

    def _clear(self) -> None:
        rows = self.steps.selectedItems()
        if rows:
            self.clear_requested.emit(rows[0].data(0, FIELD_ROLE))

    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self.text())

    def _lay_out(self) -> None:
        for step in STEPS:
            row = QTreeWidgetItem([step.title, ""])
            row.setData(0, FIELD_ROLE, step.field)
            row.setToolTip(0, f"{step.where[:1].upper()}{step.where[1:]}")
            self.steps.addTopLevelItem(row)
        self.steps.itemSelectionChanged.connect(self._choose)
        self.next = _button("Next", "Go on to the next step (Enter)", self.step_skipped.emit)
        self.clear = _button("Clear step", "Take the points of the chosen step away", self._clear)
        self.copy = _button("Copy values", "Copy all values with their bands as text", self._copy)
        buttons = QHBoxLayout()
        for button in (self.next, self.clear, self.copy):
            buttons.addWidget(button)
        pictures = QTabWidget()
        pictures.setDocumentMode(True)
        pictures.addTab(self.annulus, "Annular plane")
        pictures.addTab(self.curve, "C-arm")
        self.pictures = pictures
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(8, 4, 8, 8)
        content.setMinimumWidth(NARROWEST_PX)
        layout.addWidget(self.hint)
        layout.addWidget(self.steps, 3)
        layout.addLayout(buttons)
        layout.addWidget(pictures, 4)
        layout.addWidget(self.values, 4)
        self.setWidget(content)
        self.hide()


def _table(n_columns: int, name: str) -> QTreeWidget:
    tree = QTreeWidget()
    tree.setAccessibleName(name)
    tree.setColumnCount(n_columns)
    tree.setHeaderHidden(True)
    tree.setRootIsDecorated(False)
    tree.setUniformRowHeights(True)
    tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    header = tree.header()
    if header is not None:
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
    return tree


def _button(text: str, tip: str, act: object) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.clicked.connect(lambda: act())  # type: ignore[operator]
    return button
