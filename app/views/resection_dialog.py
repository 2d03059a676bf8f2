"""How deep to resect: a small window that says at each number what is taken and what is left."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QIcon
from PyQt6.QtWidgets import QDialog, QDialogButtonBox, QDoubleSpinBox, QFormLayout, QVBoxLayout, QWidget

from app.measures.resecting import ResectionWish
from app.views.labels import plain_label
from core.errors import PlannerError

DEPTHS_MM, WALLS_MM = (0.5, 30.0), (0.0, 30.0)
STEP_MM = 0.5
REST_MS = 120


class ResectionDialog(QDialog):
    """Emits what was chosen when the user resects; closing it does nothing."""

    chosen = pyqtSignal(object)

    def __init__(self, preview: Callable[[ResectionWish], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Resect muscle")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._preview = preview
        usual = ResectionWish()
        self.depth_spin = _spin(DEPTHS_MM, usual.depth_mm, "Depth below the inner side in millimetres")
        self.least_spin = _spin(WALLS_MM, usual.least_wall_mm, "Thinnest wall that may be left, in millimetres")
        self.told = plain_label("")
        self.told.setWordWrap(True)
        self.told.setMinimumWidth(320)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        for button in self.buttons.buttons():
            button.setIcon(QIcon())
        self.resect = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        if self.resect is not None:
            self.resect.setText("Resect")
        form = QFormLayout()
        form.addRow("Depth", self.depth_spin)
        form.addRow("Leave at least", self.least_spin)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.told)
        layout.addWidget(plain_label("Planned on surfaces; research and education only.", "notice"))
        layout.addWidget(self.buttons)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self.tell)
        self.depth_spin.valueChanged.connect(lambda _: self._rest.start())
        self.buttons.accepted.connect(self._choose)
        self.buttons.rejected.connect(self.close)
        self.tell()

    @property
    def wish(self) -> ResectionWish:
        """What is set now."""
        return ResectionWish(self.depth_spin.value(), self.least_spin.value())

    def tell(self) -> None:
        """Say what the numbers mean, or why they mean nothing."""
        try:
            text, can_resect = self._preview(self.wish), True
        except PlannerError as refusal:
            text, can_resect = f"{refusal.why}; {refusal.fix}", False
        self.told.setText(text[:1].upper() + text[1:])
        if self.resect is not None:
            self.resect.setEnabled(can_resect)

    def _choose(self) -> None:
        self._rest.stop()
        self.chosen.emit(self.wish)
        self.close()


def _spin(limits: tuple[float, float], value: float, name: str) -> QDoubleSpinBox:
    spin = QDoubleSpinBox()
    spin.setRange(*limits)
    spin.setDecimals(1)
    spin.setSingleStep(STEP_MM)
    spin.setSuffix(" mm")
    spin.setValue(value)
    spin.setAccessibleName(name)
    return spin
