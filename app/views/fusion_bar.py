"""The row below the slices while two images are blended: how much of each, whose window, and the error."""

from __future__ import annotations

from PyQt6.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QSlider, QVBoxLayout, QWidget

from app.describe import describe_kind
from app.fusion.image import Fusion
from app.fusion.making import describe_error, error_lines, shown_fusion
from app.state import State
from app.views.labels import plain_label, plain_tip


class FusionBar(QWidget):
    """Shows what is blended with what; emits how the user wants to see it."""

    mixed = pyqtSignal(float)
    outlined = pyqtSignal(bool)
    window_taken = pyqtSignal(bool)
    closed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("fusion_bar")
        self._fusion: Fusion | None = None
        self.fixed, self.moving = plain_label("", "quiet"), plain_label("", "quiet")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setMinimumWidth(120)
        self.slider.setAccessibleName("Share of the second image")
        self.slider.setToolTip("Left: the open image alone. Right: the second one alone.")
        self.outlines = QCheckBox("Its outlines")
        self.window_mine = QCheckBox("Its window")
        self.window_mine.setToolTip("Dragging on a slice changes the grey values of the second image.")
        self.error = plain_label("", "quiet")
        close = QPushButton("Stop blending")
        self.slider.valueChanged.connect(lambda value: self.mixed.emit(value / 100.0))
        self.outlines.toggled.connect(self.outlined)
        self.window_mine.toggled.connect(self.window_taken)
        close.clicked.connect(self.closed)
        row = QHBoxLayout()
        for widget in (self.fixed, self.slider, self.moving, self.outlines, self.window_mine, close):
            row.addWidget(widget)
        row.setStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 2)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(self.error)
        self.error.setWordWrap(True)
        self.hide()

    def show_state(self, state: State) -> None:
        """Show the fusion of this state; nothing for none."""
        fusion = shown_fusion(state)
        self.setVisible(fusion is not None)
        if fusion is None or fusion is self._fusion or state.series is None:
            self._fusion = fusion
            return
        self._fusion = fusion
        self.fixed.setText(describe_kind(state.series))
        self.moving.setText(describe_kind(fusion.series))
        self.error.setText(describe_error(fusion.registration))
        self.error.setToolTip(plain_tip("\n".join(error_lines(fusion.registration))))
        for widget, value in ((self.outlines, fusion.has_outlines), (self.window_mine, fusion.takes_window)):
            with QSignalBlocker(widget):
                widget.setChecked(value)
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(100 * fusion.share))
