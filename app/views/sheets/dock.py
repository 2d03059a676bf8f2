"""The guided sheet of an item: its steps and numbers, its pictures, and the values as they come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QCloseEvent, QGuiApplication
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QDockWidget,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.found_root import found_sds_mm, spread_mm
from app.sheets.guides import guide_of
from app.sheets.on_surfaces import OnSurfaces, needs_surfaces
from app.sheets.steps import hint, is_done
from app.state import State
from app.views.labels import plain_label
from app.views.sheets.numbers import NumberForm
from app.views.sheets.pictures import SheetPictures
from core.resources import RESEARCH_NOTICE
from plan.formula import Reading
from plan.items import Item, SeptalPatch
from plan.plan import Plan
from plan.readings import readings

FIELD_ROLE = Qt.ItemDataRole.UserRole
NARROWEST_PX = 310


class SheetDock(QDockWidget):
    """Shows the item that the state's sheet names; emits what the user wants done with it."""

    step_chosen = pyqtSignal(str)
    step_skipped = pyqtSignal()
    clear_requested = pyqtSignal(str)
    print_requested = pyqtSignal()
    closed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Sheet", parent)
        self.setObjectName("sheet")
        self.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetClosable
            | QDockWidget.DockWidgetFeature.DockWidgetMovable
            | QDockWidget.DockWidgetFeature.DockWidgetFloatable
        )
        self.hint = plain_label("", "heading")
        self.hint.setWordWrap(True)
        self.hint.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.note = plain_label("", "quiet")
        self.note.setWordWrap(True)
        self.numbers = NumberForm()
        self.pictures = SheetPictures()
        self.plane, self.curve = self.pictures.plane, self.pictures.curve
        self.steps, self.values = _table("Steps"), _table("Values")
        self.values.setUniformRowHeights(False)
        self.readings: tuple[Reading, ...] = ()
        self._kind: type | None = None
        self._shown: tuple[Item, Plan, float | None] | None = None
        self._measured: tuple[Item, OnSurfaces] | None = None
        self._state = State()
        self._is_filling = False
        self._lay_out()

    def show_state(self, state: State, sd_mm: float) -> None:
        """Show the open sheet, or none; `sd_mm` is the standard deviation of a placed landmark per axis."""
        if (state.anatomy, state.moving) != (self._state.anatomy, self._state.moving) and self._measured:
            # What was measured on another heart or phase is not shown while this one is measured.
            self._measured = self._shown = None
        self._state = state
        item = state.sheet_item
        if state.sheet is None or item is None:
            self.hide()
            return
        self._show_kind(item)
        self.pictures.show_item(state, item)
        self.numbers.show_item(item)
        self.hint.setText(hint(item, state.sheet))
        self._show_steps(item, state.sheet.field, found_sds_mm(item, state.anatomy))
        # While a point is dragged the values follow it; the bands come when it is let go.
        spread = spread_mm(item, state.anatomy, None if state.dragged is not None else sd_mm)
        wanted = (item, state.shown_plan, spread)
        if self._shown is None or wanted != self._shown:
            self._shown = wanted
            self._show_values()
        if not self.isVisible():
            self.show()

    def show_measured(self, item: Item, measured: OnSurfaces) -> None:
        """Show what was measured on surfaces, where it is still this item that is shown."""
        self._measured = item, measured
        if self._shown is not None and self._shown[0] == item:
            self._show_values()

    def text(self) -> str:
        """All values as lines of text."""
        if self._shown is None:
            return ""
        item, _, sd_mm = self._shown
        spread = "" if sd_mm is None else f", landmark error {sd_mm:.3g} mm per axis"
        lines = [f"{item.name} (± holds 95 % of repeated placements{spread})"]
        lines += [f"{row.title}\t{row.text}" for row in self.readings if row.value is not None]
        note = guide_of(item).note
        return "\n".join([*lines, *([note] if note else []), RESEARCH_NOTICE])

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Closing the sheet ends the placing; its item stays in the plan."""
        self.closed.emit()
        super().closeEvent(event)

    def _show_kind(self, item: Item) -> None:
        if type(item) is self._kind:
            return
        self._kind = type(item)
        guide = guide_of(item)
        self.setWindowTitle(guide.title)
        self._is_filling = True
        self.steps.clear()
        for step in guide.steps:
            row = QTreeWidgetItem([step.title, ""])
            row.setData(0, FIELD_ROLE, step.field)
            row.setToolTip(0, f"{step.where[:1].upper()}{step.where[1:]}")
            self.steps.addTopLevelItem(row)
        self._is_filling = False
        for widget in (self.steps, self.next, self.clear):
            widget.setVisible(bool(guide.steps))
        self.print.setVisible(isinstance(item, SeptalPatch))
        self.note.setText(f"{guide.note[:1].upper()}{guide.note[1:]}." if guide.note else "")
        self.note.setVisible(bool(guide.note))

    def _show_steps(self, item: Item, field: str | None, found: Mapping[str, float]) -> None:
        self._is_filling = True
        for n, step in enumerate(guide_of(item).steps):
            row = self.steps.topLevelItem(n)
            if row is None:
                continue
            value = getattr(item, step.field)
            placed = (f"{len(value)} points" if value else "") if step.is_ring else ("placed" if value else "")
            row.setText(0, f"{'✓' if is_done(item, step) else '○'}  {step.title}")
            if step.field in found:
                placed = f"found, sd {found[step.field]:.1f} mm"
            row.setText(1, placed or ("optional" if step.is_optional else ""))
            row.setSelected(step.field == field)
        self._is_filling = False

    def _show_values(self) -> None:
        assert self._shown is not None
        item, plan, sd_mm = self._shown
        # What was measured before the item changed is not shown any more: it would be another one's number.
        is_now = self._measured is not None and self._measured[0] == item
        measured = self._measured[1] if is_now and self._measured is not None else None
        found = readings(item, plan, sd_mm)
        self.readings = (*(measured.readings if measured is not None else ()), *found)
        self.values.clear()
        if measured is None and needs_surfaces(item):
            self.values.addTopLevelItem(QTreeWidgetItem(["Measuring on the surfaces…", ""]))
        for reading in self.readings:
            if reading.value is None and reading.why_not.endswith("yet"):
                continue
            # What must be known of a number stands below its name: beside the number it leaves the name no room.
            title = f"{reading.title}\n{reading.short_note}" if reading.short_note else reading.title
            row = QTreeWidgetItem([title, replace(reading, note="").text])
            row.setToolTip(0, reading.why_not or reading.title)
            row.setToolTip(1, reading.why_not or reading.text)
            row.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.values.addTopLevelItem(row)
        self.print.setEnabled(measured is not None and measured.pattern is not None)
        self.pictures.show_values(self._state, item, self.readings, measured)

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
        self.steps.itemSelectionChanged.connect(self._choose)
        self.next = _button("Next", "Go on to the next step (Enter)", self.step_skipped.emit)
        self.clear = _button("Clear step", "Take the points of the chosen step away", self._clear)
        self.copy = _button("Copy values", "Copy all values with their bands as text", self._copy)
        self.print = _button("Pattern…", "Write the pattern as a PDF of true size", self.print_requested.emit)
        buttons = QHBoxLayout()
        for button in (self.next, self.clear, self.copy, self.print):
            buttons.addWidget(button)
        above = QWidget()
        layout = QVBoxLayout(above)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.hint, self.numbers, self.steps):
            layout.addWidget(widget)
        layout.addLayout(buttons)
        layout.addStretch(0)
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.setHandleWidth(4)
        parts.setChildrenCollapsible(False)
        for part in (above, self.pictures, self.values):
            parts.addWidget(part)
        parts.setSizes([300, 300, 300])
        content = QWidget()
        whole = QVBoxLayout(content)
        whole.setContentsMargins(8, 4, 8, 8)
        content.setMinimumWidth(NARROWEST_PX)
        whole.addWidget(parts, 1)
        whole.addWidget(self.note)
        self.setWidget(content)
        self.hide()


def _table(name: str) -> QTreeWidget:
    tree = QTreeWidget()
    tree.setAccessibleName(name)
    tree.setColumnCount(2)
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
