"""The numbers of a guided sheet: one box for each, told when the user has set it."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QDoubleSpinBox, QGridLayout, QWidget

from app.sheets.guides import Number, guide_of
from app.views.labels import plain_label
from plan.items import Item
from plan.sheet_items import LIMITS


class NumberForm(QWidget):
    """Shows the numbers of one item; emits the field and value that the user has chosen."""

    changed = pyqtSignal(str, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.boxes: dict[str, QDoubleSpinBox] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._kind: type | None = None
        self._is_filling = False

    def show_item(self, item: Item) -> None:
        """Show the numbers of this item; hidden where it has none."""
        if type(item) is not self._kind:
            self._kind = type(item)
            self._lay_out(guide_of(item).numbers)
        self._is_filling = True
        for field, box in self.boxes.items():
            if box.value() != getattr(item, field):
                box.setValue(getattr(item, field))
        self._is_filling = False
        self.setVisible(bool(self.boxes))

    def _lay_out(self, numbers: tuple[Number, ...]) -> None:
        while (child := self._grid.takeAt(0)) is not None:
            widget = child.widget()
            if widget is not None:
                # Gone at once: a widget that is deleted later would still be seen for a moment.
                widget.hide()
                widget.deleteLater()
        self.boxes = {}
        for n, number in enumerate(numbers):
            box = QDoubleSpinBox()
            box.setRange(*LIMITS[number.field])
            box.setSingleStep(number.step)
            box.setDecimals(1)
            # A sheet with little room must not cut its numbers in half.
            box.setMinimumHeight(box.sizeHint().height())
            box.setSuffix(f" {number.unit}".replace(" °", "°"))
            box.setKeyboardTracking(False)
            box.setAccessibleName(number.title)
            if not LIMITS[number.field][0] and number.field in UNKNOWN_AT_ZERO:
                box.setSpecialValueText("unknown")
            box.valueChanged.connect(lambda value, field=number.field: self._tell(field, value))
            self._grid.addWidget(plain_label(number.title), n, 0)
            self._grid.addWidget(box, n, 1)
            self.boxes[number.field] = box

    def _tell(self, field: str, value: float) -> None:
        if not self._is_filling:
            self.changed.emit(field, value)


UNKNOWN_AT_ZERO = frozenset({"height_cm", "weight_kg"})
