"""What Auricle is, and what it is not for: the splash while it starts, and About."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QFont, QPainter, QPixmap
from PyQt6.QtWidgets import QMessageBox, QSplashScreen, QWidget

from app.views.theme import ACCENT, LINE, PANEL, TEXT, WARNING
from core.resources import RESEARCH_NOTICE

CLAIM = "Surgical planning of the heart, held over the real world"


def make_splash() -> QSplashScreen:
    """The splash: name, claim, research notice."""
    picture = QPixmap(520, 220)
    picture.fill(QColor(PANEL))
    painter = QPainter(picture)
    painter.setPen(QColor(LINE))
    painter.drawRect(0, 0, 519, 219)
    painter.fillRect(36, 108, 56, 3, QColor(ACCENT))
    for text, size, bold, colour, y in (
        ("Auricle", 30, True, TEXT, 88),
        (CLAIM, 11, False, TEXT, 144),
        (RESEARCH_NOTICE, 10, False, WARNING, 184),
    ):
        font = QFont(painter.font())
        font.setPointSize(size)
        font.setBold(bold)
        painter.setFont(font)
        painter.setPen(QColor(colour))
        painter.drawText(36, y, text)
    painter.end()
    return QSplashScreen(picture, Qt.WindowType.WindowStaysOnTopHint)


def show_about(parent: QWidget, version: str) -> None:
    """The About box."""
    box = QMessageBox(parent)
    box.setWindowTitle("About Auricle")
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(f"Auricle {version}\n{CLAIM}")
    box.setInformativeText(
        f"{RESEARCH_NOTICE}\n\nNothing it shows replaces the judgement of a physician.\n"
        "Free software under the GNU General Public License, version 3 or later."
    )
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
