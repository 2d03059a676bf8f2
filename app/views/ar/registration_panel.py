"""Registering, step by step: pointer, landmarks, fit, surface, pushing by hand; what the result is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.ar.registering import Doing, RegistrationWork
from app.views.labels import plain_label

if TYPE_CHECKING:
    from ar.registration import Registration, TreSummary

TURNS = ("Nod", "Tilt", "Turn")
PAINT_TIP = "Blue: 0 mm, green: 2 mm, yellow: 4 mm and more; cut faces keep their own colours."
NOT_REGISTERED = "Not registered to a patient"
# Titles of the patient's own axes, towards + and -.
AXES = (("Left", "Right"), ("Back", "Front"), ("Head", "Feet"))


class RegistrationPanel(QWidget):
    """Shows one `RegistrationWork`; emits what the user wishes."""

    begun = pyqtSignal(object, str)
    ended = pyqtSignal()
    wished = pyqtSignal(str)
    pushed = pyqtSignal(object, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = QListWidget()
        self.list.setAccessibleName("Landmarks to touch")
        self.list.setMinimumHeight(70)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.words = plain_label("", "notice")
        self.result = plain_label(NOT_REGISTERED)
        for label in (self.words, self.result):
            label.setWordWrap(True)
        self.pivot_button = self._toggle("1  Pivot the pointer", Doing.PIVOT)
        self.touch_button = self._toggle("2  Touch (Space)", Doing.TOUCH)
        self.glide_button = self._toggle("4  Glide", Doing.GLIDE)
        self.surface = QComboBox()
        self.surface.setAccessibleName("Surface that is glided over")
        self.buttons = {
            key: self._button(title, key)
            for key, title in (
                ("fit", "3  Fit"),
                ("refine", "5  Refine"),
                ("forget", "Leave out"),
                ("undo", "Undo"),
                ("redo", "Redo"),
                ("paint", "Paint expected error"),
                ("remove", "Remove registration"),
            )
        }
        self.buttons["paint"].setCheckable(True)
        self.paint_legend = plain_label(PAINT_TIP, "quiet")
        self.paint_legend.setWordWrap(True)
        for widget in (self.surface, self.list, self.result, self.words, self.paint_legend):
            # The page is as wide as its place; what is longer breaks or is cut.
            widget.setMinimumWidth(60)
            widget.setSizePolicy(QSizePolicy.Policy.Ignored, widget.sizePolicy().verticalPolicy())
        self.step_mm = QDoubleSpinBox()
        self.step_mm.setRange(0.1, 20.0)
        self.step_mm.setValue(1.0)
        self.step_mm.setSuffix(" mm / °")
        self._lay_out()

    @property
    def landmark(self) -> str:
        """The one that is marked in the list; empty for none."""
        item = self.list.currentItem()
        return str(item.data(Qt.ItemDataRole.UserRole)) if item is not None else ""

    def chosen(self) -> list[str]:
        """The landmarks with a tick."""
        items = [self.list.item(n) for n in range(self.list.count())]
        return [
            str(item.data(Qt.ItemDataRole.UserRole))
            for item in items
            if item is not None and item.checkState() is Qt.CheckState.Checked
        ]

    def show_landmarks(self, names: list[str], surfaces: list[str]) -> None:
        """List what may be touched and glided over."""
        self.list.clear()
        for name in names:
            item = QListWidgetItem(name)
            item.setData(Qt.ItemDataRole.UserRole, name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked)
            self.list.addItem(item)
        self.surface.clear()
        self.surface.addItems(surfaces)

    def show_work(self, work: RegistrationWork | None) -> None:
        """Show how far it is."""
        is_on = work is not None
        for widget in (self.pivot_button, self.touch_button, self.glide_button, *self.buttons.values()):
            widget.setEnabled(is_on)
        self.buttons["remove"].setEnabled(True)
        self.buttons["paint"].setEnabled(True)
        if work is None:
            self.words.setText("Start the camera to register.")
            return
        self._say(work)
        for button, doing in (
            (self.pivot_button, Doing.PIVOT),
            (self.touch_button, Doing.TOUCH),
            (self.glide_button, Doing.GLIDE),
        ):
            button.setChecked(work.doing is doing)
        steps = work.steps
        self.buttons["undo"].setEnabled(bool(steps.undo_name))
        self.buttons["undo"].setToolTip(f"Undo {steps.undo_name}")
        self.buttons["redo"].setEnabled(bool(steps.redo_name))
        self._mark_touched(work)

    def show_result(self, registration: Registration | None, summary: TreSummary | None) -> None:
        """Say what holds now, and what it is worth."""
        lines = result_lines(registration, summary)
        self.result.setText("\n".join(lines))
        is_registered = registration is not None and registration.is_registered
        self.result.setProperty("role", "heading" if is_registered else "notice")
        self.style().polish(self.result)  # type: ignore[union-attr]

    def _say(self, work: RegistrationWork) -> None:
        if self.words.text() != work.words:
            self.words.setText(work.words)
        self.progress.setValue(round(100 * work.done))

    def _mark_touched(self, work: RegistrationWork) -> None:
        for n in range(self.list.count()):
            item = self.list.item(n)
            if item is None:
                continue
            name = str(item.data(Qt.ItemDataRole.UserRole))
            point = work.steps.draft.touched.get(name)
            text = name if point is None else f"{name}   touched ±{point.sigma_mm:.1f} mm"
            if item.text() != text:
                item.setText(text)

    def _toggle(self, title: str, doing: Doing) -> QPushButton:
        button = QPushButton(title)
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda on: self.begun.emit(doing, self.landmark) if on else self.ended.emit())
        return button

    def _button(self, title: str, key: str) -> QPushButton:
        button = QPushButton(title)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda: self.wished.emit(key))
        return button

    def _push(self, axis: int, sign: int, is_turn: bool) -> None:
        step = np.eye(3)[axis] * sign * self.step_mm.value()
        self.pushed.emit(np.zeros(3) if is_turn else step, step if is_turn else np.zeros(3))

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.setSpacing(5)
        layout.addWidget(self.result)
        layout.addWidget(self.words)
        layout.addWidget(self.progress)
        layout.addWidget(self.pivot_button)
        layout.addWidget(self.list, 1)
        for row in (
            (self.touch_button, self.buttons["forget"]),
            (self.buttons["fit"], self.surface),
            (self.glide_button, self.buttons["refine"]),
            (self.buttons["undo"], self.buttons["redo"]),
            (self.buttons["paint"],),
        ):
            line = QHBoxLayout()
            for widget in row:
                line.addWidget(widget, 1)
            layout.addLayout(line)
        layout.addWidget(self.paint_legend)
        pushes = QGridLayout()
        pushes.setSpacing(3)
        pushes.addWidget(plain_label("Push by hand", "quiet"), 0, 0)
        pushes.addWidget(self.step_mm, 0, 1, 1, 2)
        for axis, names in enumerate(AXES):
            for place, (name, sign) in enumerate(zip(names, (1, -1), strict=True)):
                pushes.addWidget(self._pusher(name, axis, sign, False), axis + 1, place)
            pushes.addWidget(self._pusher(TURNS[axis], axis, 1, True), axis + 1, 2)
        layout.addLayout(pushes)
        layout.addWidget(self.buttons["remove"])

    def _pusher(self, title: str, axis: int, sign: int, is_turn: bool) -> QPushButton:
        button = QPushButton(title)
        button.setStyleSheet("padding: 3px 4px;")
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda: self._push(axis, sign, is_turn))
        return button


def result_lines(registration: Registration | None, summary: TreSummary | None) -> list[str]:
    """What a registration is worth, in lines; "Not registered to a patient" without one."""
    if registration is None or not registration.is_registered:
        return [NOT_REGISTERED]
    lines = [registration.note]
    if registration.fre_mm is not None:
        lines.append(f"FRE {registration.fre_mm:.2f} mm: how well the touches agree, not how right they are")
    if registration.leave_one_out_mm is not None:
        lines.append(f"Leave one out {registration.leave_one_out_mm:.2f} mm")
    if registration.surface_rms_mm is not None:
        lines.append(f"Touched surface {registration.surface_rms_mm:.2f} mm from the images' surface")
    if summary is None:
        lines.append("Expected error over the heart: not known")
    else:
        lines.append(
            f"Expected error over the heart {summary.least_mm:.1f} to {summary.most_mm:.1f} mm "
            f"(median {summary.median_mm:.1f}); 95 of 100 within {summary.most_95_mm:.1f} mm"
        )
    lines += [f"{finding.what}: {finding.why}" for finding in registration.findings]
    return lines
