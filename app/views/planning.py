"""The planning page: 3-D view and three linked slices, or one picture without a place, all of one state."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QToolBar, QVBoxLayout, QWidget

from app.labels.hints import label_hint
from app.sheets.steps import hint as step_hint
from app.slices import ORIENTATIONS
from app.state import State
from app.tools import Tool, hint
from app.views.clip_view import ClipView
from app.views.curved_view import CurvedSliceView
from app.views.fusion_bar import FusionBar
from app.views.label_tool import LabelToolBar
from app.views.labels import plain_label, plain_tip
from app.views.player_bar import PlayerBar
from app.views.scene_view import SceneView
from app.views.slices.view import SliceView
from app.views.view_grid import ViewGrid
from app.views.volume_curve import VolumeCurve

RULER_HINT = ("Ruler: click the first point", "Ruler: click the second point")


class PlanningPage(QWidget):
    """Lays the views out and passes their wishes on."""

    looked_at = pyqtSignal(object)
    placed = pyqtSignal(object)
    window_dragged = pyqtSignal(float, float)
    finished = pyqtSignal()
    point_dragged = pyqtSignal(object)
    point_dropped = pyqtSignal()
    stroke_pressed = pyqtSignal(object, object)
    stroke_moved = pyqtSignal(object)
    stroke_released = pyqtSignal()
    brush_resized = pyqtSignal(float)
    turned = pyqtSignal(object)
    thickened = pyqtSignal(str, object)
    alone_requested = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scene = SceneView()
        self.slices = {name: SliceView(name) for name in ORIENTATIONS}
        self.curved = CurvedSliceView()
        self.clip = ClipView()
        self.player = PlayerBar()
        self.curve = VolumeCurve()
        self.fusion = FusionBar()
        self.hint_label = plain_label("", "quiet")
        # A long sentence is cut off rather than make the window wider.
        self.hint_label.setMinimumWidth(1)
        self.label_tool = LabelToolBar()
        self.clip_tools = QToolBar()
        self.scene.looked_at.connect(self.looked_at)
        self.scene.placed.connect(self.placed)
        self.scene.finished.connect(self.finished)
        self.scene.point_dragged.connect(self.point_dragged)
        self.scene.point_dropped.connect(self.point_dropped)
        self.clip.window_dragged.connect(self.window_dragged)
        for view in self.slices.values():
            view.looked_at.connect(self.looked_at)
            view.placed.connect(self.placed)
            view.window_dragged.connect(self.window_dragged)
            view.finished.connect(self.finished)
            view.point_dragged.connect(self.point_dragged)
            view.point_dropped.connect(self.point_dropped)
            view.stroke_pressed.connect(self.stroke_pressed)
            view.stroke_moved.connect(self.stroke_moved)
            view.stroke_released.connect(self.stroke_released)
            view.brush_resized.connect(self.brush_resized)
            view.turned.connect(self.turned)
            view.thickened.connect(self.thickened)
            view.alone_requested.connect(self.alone_requested)
        self.scene.alone_requested.connect(self.alone_requested)
        self._grid = ViewGrid(self.scene, self.slices, self.curved, self.clip)
        self._lay_out()

    def show_state(self, state: State) -> None:
        """Show this state in all views."""
        self.scene.show_state(state)
        self._grid.show_state(state)
        self.clip_tools.setVisible(state.clip is not None)
        self.curved.show_state(state)
        if state.clip is None:
            for view in self.slices.values():
                view.show_state(state)
        self.clip.show_state(state)
        self.player.show_state(state)
        self.curve.show_state(state)
        self.label_tool.show_state(state)
        self.fusion.show_state(state)
        self.hint_label.setText(_hint(state))
        self.hint_label.setToolTip(plain_tip(self.hint_label.text()))

    def reset(self) -> None:
        """Show everything again."""
        self.scene.reset()
        self.clip.reset()
        for view in self.slices.values():
            view.reset()

    def _lay_out(self) -> None:
        self.clip_tools.hide()
        self.clip_tools.setObjectName("clip_tools")
        self.clip_tools.setIconSize(QSize(18, 18))
        self.clip_tools.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        below = QHBoxLayout()
        below.setContentsMargins(8, 0, 8, 0)
        below.addWidget(self.clip_tools)
        below.addWidget(self.hint_label, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.addWidget(self.label_tool)
        layout.addWidget(self._grid, 1)
        layout.addWidget(self.fusion)
        # A row of its own: beside the tools it would make the window wider than a small screen.
        layout.addWidget(self.player)
        layout.addWidget(self.curve)
        layout.addLayout(below)


def _hint(state: State) -> str:
    if state.tool is Tool.SHEET and state.sheet is not None and state.sheet_item is not None:
        return step_hint(state.sheet_item, state.sheet)
    if state.is_editing_labels:
        return label_hint(state)
    if state.clip is None:
        return hint(state.tool, len(state.placed_mm))
    return RULER_HINT[state.clip.start is not None] if state.clip.is_measuring else ""
