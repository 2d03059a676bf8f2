"""Labels that show text as it is: a name from a file must not be taken for HTML."""

from __future__ import annotations

from html import escape

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel, QWidget


def plain_label(text: str = "", role: str = "", parent: QWidget | None = None) -> QLabel:
    """A label of plain text; `role` is "heading", "quiet" or "notice"."""
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setText(text)
    if role:
        label.setProperty("role", role)
    return label


def plain_tip(text: str) -> str:
    """A tool tip that shows text as it is and breaks its lines; what looks like HTML stays text."""
    return "<p>" + escape(text).replace("\n", "<br>") + "</p>" if text else ""
