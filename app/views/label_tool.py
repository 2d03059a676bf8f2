"""The bar of the label tools: which structure, how large, over what, and how far a pull is felt."""

from __future__ import annotations

from dataclasses import replace

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QHBoxLayout, QLabel, QWidget

from app.describe import structure_title
from app.labels.editing import (
    ANYTHING,
    BACKGROUND,
    LARGEST_THROUGH_MM,
    RADII_MM,
    REACHES_MM,
    LabelBrush,
    structure_in_hand,
)
from app.state import State
from app.tools import Tool
from app.views.labels import plain_label
from core.volume import LabelMap

BRUSHES = (Tool.PAINT, Tool.ERASE)


class LabelToolBar(QWidget):
    """Shows how labels are corrected while a label tool is in hand; emits how the user wants it."""

    changed = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("label_tool")
        self._brush = LabelBrush()
        self._keys: tuple[str, ...] = ()
        self.structure = _combo("Structure", "The structure that is corrected (N: the next one)")
        self.over = _combo("Paint over", "What may be painted over; the rest stays as it is")
        self.radius = _spin("Brush radius in mm", RADII_MM, "Radius of the brush ([ and ], or Shift+wheel)")
        self.ball = QCheckBox("Ball")
        self.ball.setAccessibleName("Brush reaches through slices")
        self.ball.setToolTip("The brush reaches through the slices, as a ball (Shift+B)")
        self.reach = _spin(
            "Reach of a pull in mm",
            REACHES_MM,
            "How far along the contour a pull is felt ([ and ], or Shift+wheel)",
        )
        self.through = _spin(
            "Pull into slices in mm",
            (0.0, LARGEST_THROUGH_MM),
            "How far into the slices on both sides a pull is felt, less and less; 0: in this slice alone",
        )
        self._captions: dict[QWidget, QLabel] = {
            control: plain_label(text, "quiet")
            for control, text in (
                (self.structure, "Structure"),
                (self.over, "over"),
                (self.radius, "radius"),
                (self.reach, "felt along"),
                (self.through, "into slices"),
            )
        }
        self._lay_out()
        self.structure.currentIndexChanged.connect(lambda _: self._ask(key=self.structure.currentData()))
        self.over.currentIndexChanged.connect(lambda _: self._ask(only_over=self.over.currentData()))
        self.radius.valueChanged.connect(lambda value: self._ask(radius_mm=value))
        self.ball.toggled.connect(lambda on: self._ask(is_ball=on))
        self.reach.valueChanged.connect(lambda value: self._ask(reach_mm=value))
        self.through.valueChanged.connect(lambda value: self._ask(through_mm=value))
        self.hide()

    def show_state(self, state: State) -> None:
        """Show the brush of this state, or nothing without a label tool."""
        labels = state.anatomy.labels if state.anatomy is not None else None
        if not state.is_editing_labels or labels is None:
            self.hide()
            return
        self._brush = replace(state.brush, key=structure_in_hand(labels, state.brush))
        controls = (self.structure, self.over, self.radius, self.ball, self.reach, self.through)
        for control in controls:
            control.blockSignals(True)
        self._fill(labels)
        self.structure.setCurrentIndex(self.structure.findData(self._brush.key))
        self.over.setCurrentIndex(max(self.over.findData(self._brush.only_over), 0))
        self.radius.setValue(self._brush.radius_mm)
        self.ball.setChecked(self._brush.is_ball)
        self.reach.setValue(self._brush.reach_mm)
        self.through.setValue(self._brush.through_mm)
        for control in controls:
            control.blockSignals(False)
        self._show_for(state.tool)
        self.show()

    def _fill(self, labels: LabelMap) -> None:
        keys = tuple(key for value, key in sorted(labels.names.items()) if value)
        if keys == self._keys:
            return
        self._keys = keys
        self.structure.clear()
        self.over.clear()
        self.over.addItem("anything", ANYTHING)
        self.over.addItem("background", BACKGROUND)
        for key in keys:
            self.structure.addItem(structure_title(key), key)
            self.over.addItem(structure_title(key), key)

    def _show_for(self, tool: Tool) -> None:
        wanted: dict[QWidget, bool] = {
            self.structure: True,
            self.over: tool is not Tool.ERASE,
            self.radius: tool in BRUSHES,
            self.reach: tool is Tool.PULL,
            self.through: tool is Tool.PULL,
        }
        for control, is_shown in wanted.items():
            control.setVisible(is_shown)
            self._captions[control].setVisible(is_shown)
        self.ball.setVisible(tool in BRUSHES)

    def _ask(self, **change: object) -> None:
        self.changed.emit(replace(self._brush, **change))  # type: ignore[arg-type]

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 8, 0)
        for control in (self.structure, self.radius, self.ball, self.reach, self.through, self.over):
            caption = self._captions.get(control)
            if caption is not None:
                caption.setBuddy(control)
                layout.addWidget(caption)
            layout.addWidget(control)
        layout.addStretch(1)


def _combo(name: str, tip: str) -> QComboBox:
    combo = QComboBox()
    combo.setAccessibleName(name)
    combo.setToolTip(tip)
    return combo


def _spin(name: str, limits: tuple[float, float], tip: str) -> QDoubleSpinBox:
    spin = QDoubleSpinBox()
    spin.setRange(*limits)
    spin.setDecimals(1)
    spin.setSuffix(" mm")
    spin.setAccessibleName(name)
    spin.setToolTip(tip)
    # Typing "12" is not a brush of 1 mm on the way.
    spin.setKeyboardTracking(False)
    return spin
