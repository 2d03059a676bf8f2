"""How the window looks: the theme at once, the size of everything at the next start."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QComboBox, QDialog, QFormLayout, QRadioButton, QVBoxLayout, QWidget

from app.settings import SCALES_PERCENT, Settings
from app.views.labels import plain_label
from app.views.words import told

TITLES = {"dark": "Dark", "light": "Light", "contrast": "High contrast"}
NEXT_START = "The size is used at the next start. Images stay on black in every theme."


class AppearanceDialog(QDialog):
    """Emits what the user chose, at once."""

    theme_chosen = pyqtSignal(str)
    scale_chosen = pyqtSignal(int)

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(told("Appearance"))
        self.themes: dict[str, QRadioButton] = {}
        choices = QVBoxLayout()
        for name, title in TITLES.items():
            button = QRadioButton(told(title))
            button.setChecked(name == settings.theme)
            button.clicked.connect(lambda _, name=name: self.theme_chosen.emit(name))
            self.themes[name] = button
            choices.addWidget(button)
        self.scale = QComboBox()
        self.scale.setAccessibleName(told("Size"))
        self.scale.addItems([f"{percent} %" for percent in SCALES_PERCENT])
        self.scale.setCurrentIndex(SCALES_PERCENT.index(settings.scale_percent))
        self.scale.activated.connect(lambda row: self.scale_chosen.emit(SCALES_PERCENT[row]))
        note = plain_label(told(NEXT_START), "quiet")
        note.setWordWrap(True)
        form = QFormLayout(self)
        form.addRow(told("Theme"), choices)
        form.addRow(told("Size"), self.scale)
        form.addRow(note)
