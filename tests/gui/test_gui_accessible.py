"""A control without words on it is named by its tip for those who hear the window."""

from __future__ import annotations

from PyQt6.QtWidgets import QComboBox, QLineEdit, QPushButton, QToolButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.views.accessible import controls, name_controls


def test_controls_are_named_by_their_tip_or_hint_and_own_names_stay(qtbot: QtBot) -> None:
    root = QWidget()
    qtbot.addWidget(root)
    by_tip, by_words, own, field, box = QToolButton(), QPushButton("&Go"), QComboBox(), QLineEdit(), QComboBox()
    by_tip.setToolTip("Save case  (Ctrl+S)\nOpen a series first.")
    own.setAccessibleName("Phase")
    own.setToolTip("Another tip")
    field.setPlaceholderText("Filter")
    layout = QVBoxLayout(root)
    for widget in (by_tip, by_words, own, field, box):
        layout.addWidget(widget)
    assert set(controls(root)) == {by_tip, by_words, own, field, box}
    name_controls(root)
    names = [widget.accessibleName() for widget in (by_tip, by_words, own, field, box)]
    assert names == ["Save case  (Ctrl+S)", "", "Phase", "Filter", ""]
