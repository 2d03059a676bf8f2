"""Asks what a surface file does not say: how long its unit is and which way its axes point."""

from __future__ import annotations

from PyQt6.QtGui import QIcon
from PyQt6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.given import SurfaceFacts
from app.views.labels import plain_label

UNITS = (("mm", "Millimetres"), ("cm", "Centimetres"), ("m", "Metres"))
SPACES = (("LPS", "LPS: DICOM, Auricle, 3D Slicer's newer files"), ("RAS", "RAS: NIfTI, older files"))
WARNING = (
    "The file does not say whose heart it shows. Auricle takes it as lying in the images that are open; "
    "compare it with them."
)
NAMES_SHOWN = 6


class SurfaceDialog(QDialog):
    """Nothing is chosen beforehand: a guessed unit is a wrong size shown with confidence."""

    def __init__(self, names: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Import surface")
        self.units, self.spaces = QButtonGroup(self), QButtonGroup(self)
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        for button in self.buttons.buttons():
            button.setIcon(QIcon())
        self.accept_button = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(10)
        title = plain_label(_titles(names), "heading")
        title.setWordWrap(True)
        layout.addWidget(title)
        layout.addLayout(self._choices("Unit", UNITS, self.units))
        layout.addLayout(self._choices("Axes", SPACES, self.spaces))
        note = plain_label(WARNING, "quiet")
        note.setWordWrap(True)
        note.setMinimumWidth(420)
        layout.addWidget(note)
        layout.addWidget(self.buttons)
        self._refresh()

    @classmethod
    def ask(cls, parent: QWidget, names: tuple[str, ...]) -> SurfaceFacts | None:
        """What the user said; None when they changed their mind."""
        dialog = cls(names, parent)
        is_accepted = dialog.exec() == QDialog.DialogCode.Accepted
        facts = dialog.facts
        dialog.deleteLater()
        return facts if is_accepted else None

    @property
    def facts(self) -> SurfaceFacts | None:
        """What is chosen; None while something is missing."""
        unit, space = self.units.checkedId(), self.spaces.checkedId()
        if unit < 0 or space < 0:
            return None
        return SurfaceFacts(UNITS[unit][0], SPACES[space][0])

    def choose(self, unit: str, space: str) -> None:
        """Choose as the user does."""
        for group, rows, wanted in ((self.units, UNITS, unit), (self.spaces, SPACES, space)):
            button = group.button([key for key, _ in rows].index(wanted))
            if button is not None:
                button.click()

    def _choices(self, title: str, rows: tuple[tuple[str, str], ...], group: QButtonGroup) -> QGridLayout:
        grid = QGridLayout()
        grid.setColumnMinimumWidth(0, 60)
        grid.setColumnStretch(1, 1)
        grid.addWidget(plain_label(title, "quiet"), 0, 0)
        for number, (_, text) in enumerate(rows):
            button = QRadioButton(text)
            group.addButton(button, number)
            grid.addWidget(button, number, 1)
        group.idToggled.connect(self._refresh)
        return grid

    def _refresh(self) -> None:
        if self.accept_button is not None:
            self.accept_button.setEnabled(self.facts is not None)


def _titles(names: tuple[str, ...]) -> str:
    """The names of the files, and how many more there are; what is said goes for all of them."""
    shown, n_more = names[:NAMES_SHOWN], len(names) - NAMES_SHOWN
    return "\n".join((*shown, f"and {n_more} more") if n_more > 0 else shown)
