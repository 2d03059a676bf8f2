"""The question whether two series are of one patient, with both identities as the files give them."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QMessageBox, QWidget

from app.identity import Sameness
from core.study import Patient

NOT_GIVEN = "not given"
ANSWERS = {
    QMessageBox.StandardButton.Yes: "It is one patient",
    QMessageBox.StandardButton.No: "Do not join them",
}


def make_question(
    parent: QWidget | None, fixed: Patient | None, moving: Patient | None, found: Sameness
) -> QMessageBox:
    """The dialog; its default answer joins nothing."""
    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText("Are both series of the same patient?")
    box.setInformativeText(
        f"{found.value[:1].upper()}{found.value[1:]}.\n\n"
        f"Open series: {identity_text(fixed)}\nSecond series: {identity_text(moving)}\n\n"
        "Images of two people must never be laid over each other. Your answer is kept with the registration."
    )
    box.setStandardButtons(QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.No)
    box.setDefaultButton(QMessageBox.StandardButton.No)
    for button, text in ANSWERS.items():
        answer = box.button(button)
        if answer is not None:
            answer.setText(text)
    return box


def identity_text(patient: Patient | None) -> str:
    """Name and ID of a patient in one line."""
    name = patient.name.replace("^", " ").strip() if patient is not None else ""
    patient_id = patient.patient_id if patient is not None else ""
    return f"name {name or NOT_GIVEN}, ID {patient_id or NOT_GIVEN}"
