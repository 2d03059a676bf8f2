"""Asks what to export, where to, and whether the patient stays in it."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.exporting import DICOM_FORMATS, FORMATS, ExportChoice
from app.views.labels import plain_label
from core.resources import RESEARCH_NOTICE

WITH_PATIENT = "The DICOM files will hold the patient's name and number."
WITHOUT_PATIENT = (
    "Names, numbers, texts and private fields are removed, dates are moved, UIDs are new. "
    "What is written in the pixels themselves stays: look at the images."
)
NO_DICOM = "Surface files hold no name; GLB holds the UID of the patient space."


class ExportDialog(QDialog):
    """Formats, a folder, and one box for the patient."""

    def __init__(self, formats: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export")
        self.boxes = {key: QCheckBox(FORMATS[key]) for key in formats}
        self.folder = QLineEdit()
        self.folder.setPlaceholderText("Folder to write to")
        self.deidentify = QCheckBox("Without the patient (de-identify)")
        self.consequence = plain_label("", "quiet")
        self.consequence.setWordWrap(True)
        self.consequence.setMinimumWidth(460)
        # Room for the longest text: a label that wraps does not ask for it by itself.
        self.consequence.setMinimumHeight(4 * self.consequence.fontMetrics().lineSpacing())
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.export_button = self.buttons.addButton("Export", QDialogButtonBox.ButtonRole.AcceptRole)
        self._lay_out()
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        for box in (*self.boxes.values(), self.deidentify):
            box.toggled.connect(self._refresh)
        self.folder.textChanged.connect(self._refresh)
        self._refresh()

    @classmethod
    def ask(cls, parent: QWidget, formats: tuple[str, ...]) -> ExportChoice | None:
        """What the user chose; None when they changed their mind."""
        dialog = cls(formats, parent)
        is_accepted = dialog.exec() == QDialog.DialogCode.Accepted
        choice = dialog.choice
        dialog.deleteLater()
        return choice if is_accepted else None

    @property
    def choice(self) -> ExportChoice | None:
        """What is chosen; None while a format or the folder is missing."""
        formats = tuple(key for key, box in self.boxes.items() if box.isChecked())
        text = self.folder.text().strip()
        if not formats or not text:
            return None
        return ExportChoice(formats, Path(text).expanduser(), self.deidentify.isChecked())

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(8)
        layout.addWidget(plain_label("What to write", "heading"))
        for box in self.boxes.values():
            layout.addWidget(box)
        row = QHBoxLayout()
        browse = QPushButton("Choose…")
        browse.clicked.connect(self._browse)
        row.addWidget(self.folder, 1)
        row.addWidget(browse)
        layout.addSpacing(6)
        layout.addLayout(row)
        layout.addWidget(self.deidentify)
        layout.addWidget(self.consequence)
        layout.addWidget(plain_label(RESEARCH_NOTICE, "notice"))
        layout.addWidget(self.buttons)

    def _browse(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Export to", self.folder.text())
        if path:
            self.folder.setText(path)

    def _refresh(self) -> None:
        chosen = [key for key, box in self.boxes.items() if box.isChecked()]
        names_patient = any(key in DICOM_FORMATS or key == "dicom" for key in chosen)
        if self.deidentify.isChecked():
            self.consequence.setText(WITHOUT_PATIENT)
        else:
            self.consequence.setText(WITH_PATIENT if names_patient else NO_DICOM)
        if self.export_button is not None:
            self.export_button.setEnabled(self.choice is not None)
