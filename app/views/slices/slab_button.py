"""The small button in the corner of a slice view that says how thick the slice is, and changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtGui import QAction, QActionGroup
from PyQt6.QtWidgets import QMenu, QToolButton, QWidget

from app.slices import Frame, lies_along_axes
from app.state import State
from app.viewing.slab import FIRST_MM, PLAIN, SLAB_SENTENCES, THICKNESSES_MM, Slab
from app.views.theme import QUIET, WARNING

if TYPE_CHECKING:
    from render.slice_plane import Orientation

MARGIN_PX = 6
PLAIN_TEXT = "Slice"


class SlabButton(QToolButton):
    """Emits the slab that was chosen for its view."""

    chosen = pyqtSignal(object)

    def __init__(self, orientation: Orientation, view: QWidget) -> None:
        super().__init__(view)
        self._orientation = orientation
        self._slab = PLAIN
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setObjectName("slab")
        self.setToolTip("How thick the slice is, and what of it is shown (T: MIP in all slices)")
        self._modes: dict[str, QAction] = {}
        self._sizes: dict[float, QAction] = {}
        self.setMenu(self._make_menu())
        self._say()

    def show_state(self, state: State, frame: Frame | None) -> None:
        """Show the slab of this view; none where its picture (`frame`) is none of the three slices."""
        self.setVisible(frame is not None and lies_along_axes(state, self._orientation, frame))
        slab = state.arrangement.slab(self._orientation)
        if slab != self._slab:
            self._slab = slab
            self._say()

    def move_to_corner(self) -> None:
        """Lie in the lower right corner of the view."""
        view = self.parentWidget()
        if view is not None:
            self.adjustSize()
            self.move(view.width() - self.width() - MARGIN_PX, view.height() - self.height() - MARGIN_PX)

    def _make_menu(self) -> QMenu:
        menu = QMenu(self)
        modes, sizes = QActionGroup(self), QActionGroup(self)
        self._plain = _checkable(menu, modes, "Plain slice")
        self._plain.triggered.connect(lambda: self.chosen.emit(PLAIN))
        for mode, title in SLAB_SENTENCES.items():
            self._modes[mode] = _checkable(menu, modes, title)
            self._modes[mode].triggered.connect(
                lambda _, mode=mode: self.chosen.emit(Slab(mode, self._slab.thickness_mm or FIRST_MM))
            )
        menu.addSeparator()
        for size_mm in THICKNESSES_MM:
            self._sizes[size_mm] = _checkable(menu, sizes, f"{size_mm:g} mm thick")
            self._sizes[size_mm].triggered.connect(
                lambda _, size_mm=size_mm: self.chosen.emit(Slab(self._slab.mode, size_mm))
            )
        return menu

    def _say(self) -> None:
        slab = self._slab
        self.setText(slab.text or PLAIN_TEXT)
        # What is thick is not one place: it is said in the colour of things to mind.
        self.setStyleSheet(
            f"QToolButton {{ color: {WARNING if slab.is_thick else QUIET}; padding: 1px 6px; "
            "background: rgba(8, 10, 13, 165); font-size: 12px; }"
            "QToolButton::menu-indicator { image: none; }"
        )
        self.setAccessibleName(f"Slab: {self.text()}")
        self._plain.setChecked(not slab.is_thick)
        for mode, action in self._modes.items():
            action.setChecked(slab.is_thick and mode == slab.mode)
        for size_mm, action in self._sizes.items():
            action.setChecked(slab.thickness_mm == size_mm)
        self.move_to_corner()


def _checkable(menu: QMenu, group: QActionGroup, title: str) -> QAction:
    action = QAction(title, group)
    action.setCheckable(True)
    menu.addAction(action)
    return action
