"""Asks where to write a report, and whether it names the patient."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
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

from app.report.choice import ReportChoice
from app.views.labels import plain_label
from core.resources import RESEARCH_NOTICE

WITHOUT_NAME = (
    "The report is anonymous. The patient's name and number are taken out of the names of items and of the notes; "
    "other hints that you typed stay."
)
WITH_NAME = "The report names the patient, the date of the study and its description."
REPLACES = "The file is there already and will be replaced."
NOBODY = "The images do not say whose they are."


class ReportDialog(QDialog):
    """A file and one box for the patient; stays beside the views until it is closed."""

    chosen = pyqtSignal(object)

    def __init__(self, start: Path, is_patient_known: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Report")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.path = QLineEdit(str(start))
        self.path.setAccessibleName("File of the report")
        self.with_patient = QCheckBox("Name the patient")
        self.with_patient.setEnabled(is_patient_known)
        self.with_patient.setToolTip("" if is_patient_known else NOBODY)
        self.consequence = plain_label(WITHOUT_NAME, "quiet")
        self.consequence.setWordWrap(True)
        self.consequence.setMinimumWidth(460)
        self.consequence.setMinimumHeight(3 * self.consequence.fontMetrics().lineSpacing())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.write_button = buttons.addButton("Write report", QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self._choose)
        buttons.rejected.connect(self.reject)
        browse = QPushButton("Choose…")
        browse.clicked.connect(self._browse)
        row = QHBoxLayout()
        row.addWidget(self.path, 1)
        row.addWidget(browse)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.addWidget(plain_label("Write the plan as a PDF", "heading"))
        layout.addLayout(row)
        layout.addWidget(self.with_patient)
        layout.addWidget(self.consequence)
        layout.addWidget(plain_label(RESEARCH_NOTICE, "notice"))
        layout.addWidget(buttons)
        self.with_patient.toggled.connect(self._refresh)
        self.path.textChanged.connect(self._refresh)
        self._refresh()

    def _browse(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Report", self.path.text(), "PDF (*.pdf)")
        if path:
            self.path.setText(path)

    def _refresh(self) -> None:
        text = WITH_NAME if self.with_patient.isChecked() else WITHOUT_NAME
        self.consequence.setText(f"{text} {REPLACES}" if self._target().is_file() else text)
        if self.write_button is not None:
            self.write_button.setEnabled(bool(self.path.text().strip()))

    def _choose(self) -> None:
        self.chosen.emit(ReportChoice(self._target(), self.with_patient.isChecked()))
        self.accept()

    def _target(self) -> Path:
        path = Path(self.path.text().strip()).expanduser()
        return path if path.suffix.lower() == ".pdf" or not path.name else path.with_name(path.name + ".pdf")
