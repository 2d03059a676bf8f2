"""The planning page: 3-D view and three linked slices, all of one state."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QSlider, QSplitter, QVBoxLayout, QWidget

from app.slices import ORIENTATIONS
from app.state import State
from app.tools import hint
from app.views.labels import plain_label
from app.views.scene_view import SceneView
from app.views.slice_view import SliceView


class PlanningPage(QWidget):
    """Lays the four views out and passes their wishes on."""

    looked_at = pyqtSignal(object)
    placed = pyqtSignal(object)
    window_dragged = pyqtSignal(float, float)
    phase_requested = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scene = SceneView()
        self.slices = {name: SliceView(name) for name in ORIENTATIONS}
        self.phase = QSlider(Qt.Orientation.Horizontal)
        self.phase.setObjectName("phase")
        self.phase_label = plain_label("", "quiet")
        self.hint_label = plain_label("", "quiet")
        self.phase.valueChanged.connect(self._show_phase)
        self.phase.sliderReleased.connect(lambda: self.phase_requested.emit(self.phase.value()))
        self.phase.setTracking(True)
        self.scene.looked_at.connect(self.looked_at)
        self.scene.placed.connect(self.placed)
        for view in self.slices.values():
            view.looked_at.connect(self.looked_at)
            view.placed.connect(self.placed)
            view.window_dragged.connect(self.window_dragged)
        self._lay_out()

    def show_state(self, state: State) -> None:
        """Show this state in all views."""
        self.scene.show_state(state)
        for view in self.slices.values():
            view.show_state(state)
        self.hint_label.setText(hint(state.tool, len(state.placed_mm)))
        n_phases = state.series.n_phases if state.series else 1
        self.phase.setVisible(n_phases > 1)
        self.phase_label.setVisible(n_phases > 1)
        self.phase.setMaximum(n_phases - 1)
        if not self.phase.isSliderDown():
            self.phase.setValue(state.phase)
        self._show_phase(self.phase.value())

    def reset(self) -> None:
        """Show everything again."""
        self.scene.reset()
        for view in self.slices.values():
            view.reset()

    def _show_phase(self, phase: int) -> None:
        self.phase_label.setText(f"Phase {phase + 1} of {self.phase.maximum() + 1}")

    def _lay_out(self) -> None:
        axial, coronal, sagittal = (self.slices[name] for name in ORIENTATIONS)
        columns = [
            _splitter(Qt.Orientation.Vertical, *pair) for pair in ((self.scene, coronal), (axial, sagittal))
        ]
        grid = _splitter(Qt.Orientation.Horizontal, *columns)
        below = QHBoxLayout()
        below.setContentsMargins(8, 0, 8, 0)
        below.addWidget(self.hint_label)
        below.addStretch(1)
        below.addWidget(self.phase_label)
        self.phase.setFixedWidth(260)
        below.addWidget(self.phase)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(grid, 1)
        layout.addLayout(below)


def _splitter(direction: Qt.Orientation, first: QWidget, second: QWidget) -> QSplitter:
    splitter = QSplitter(direction)
    splitter.setHandleWidth(4)
    splitter.setChildrenCollapsible(False)
    for widget in (first, second):
        splitter.addWidget(widget)
    splitter.setSizes([1000, 1000])
    return splitter
