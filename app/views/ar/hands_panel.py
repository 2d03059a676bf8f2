"""The AR tab's tools: which hand is used, how the heart is shown, and what it is worth."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QSlider, QVBoxLayout, QWidget

from app.ar.hands import Hand
from app.views.labels import plain_label

TITLES = {Hand.WAND: "Wand cuts", Hand.POINTER: "Pointer measures"}


class HandsPanel(QWidget):
    """Emits the wish to use a tool, to place, to freeze, and to fade the heart."""

    hand_chosen = pyqtSignal(object)
    placed = pyqtSignal()
    frozen = pyqtSignal(bool)
    faded = pyqtSignal(float)
    full_screen_requested = pyqtSignal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons = {hand: QPushButton(title) for hand, title in TITLES.items()}
        row = QHBoxLayout()
        for hand, button in self.buttons.items():
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(lambda on, hand=hand: self._choose(hand if on else Hand.NONE))
            row.addWidget(button)
        self.place_button = QPushButton("Place  (Space or foot pedal)")
        self.place_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.place_button.setEnabled(False)
        self.place_button.clicked.connect(self.placed)
        self.words = plain_label("", "notice")
        self.words.setWordWrap(True)
        self.freeze_button = QPushButton("Freeze picture")
        self.freeze_button.setCheckable(True)
        self.freeze_button.toggled.connect(self.frozen)
        self.screen_button = QPushButton("Second screen")
        self.screen_button.setCheckable(True)
        self.screen_button.toggled.connect(self.full_screen_requested)
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(10, 100)
        self.opacity.setValue(100)
        self.opacity.setAccessibleName("Opacity of the heart")
        self.opacity.valueChanged.connect(lambda percent: self.faded.emit(percent / 100.0))
        layout = QVBoxLayout(self)
        layout.addWidget(plain_label("Hands on the plan", "heading"))
        layout.addLayout(row)
        layout.addWidget(self.place_button)
        layout.addWidget(self.words)
        layout.addSpacing(12)
        layout.addWidget(plain_label("Picture", "heading"))
        layout.addWidget(self.freeze_button)
        layout.addWidget(self.screen_button)
        layout.addWidget(plain_label("Opacity of the heart", "quiet"))
        layout.addWidget(self.opacity)
        layout.addSpacing(12)
        layout.addWidget(plain_label("Set up", "heading"))
        self._buttons = QVBoxLayout()
        layout.addLayout(self._buttons)
        layout.addStretch(1)

    def add_buttons(self, buttons: tuple[QPushButton, ...]) -> None:
        """What is done before and beside tracking."""
        for button in buttons:
            self._buttons.addWidget(button)

    def show_hand(self, hand: Hand, words: str) -> None:
        """Show which tool is used, and what is said about it."""
        for own, button in self.buttons.items():
            button.setChecked(own is hand)
        self.place_button.setEnabled(hand is not Hand.NONE)
        if self.words.text() != words:
            self.words.setText(words)

    def _choose(self, hand: Hand) -> None:
        self.hand_chosen.emit(hand)
