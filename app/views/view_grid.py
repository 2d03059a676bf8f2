"""Where the views of the planning page stand: two columns that share the page as the layout says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QSplitter, QWidget

from app.slices import ORIENTATIONS, shown_orientations
from app.state import State
from app.viewing.arrangement import SCENE, Layout
from app.viewing.curve import shown_curve
from app.views.slices.view import SliceView

if TYPE_CHECKING:
    from render.slice_plane import Orientation

# The part of the 3-D view's column, of 100.
EVEN, LARGE, BESIDE_PICTURE, BESIDE_NOTHING = 50, 68, 42, 25


class ViewGrid(QSplitter):
    """The 3-D view in the left column, which never leaves it; the slices move between the two.

    A view that is not shown is hidden, not removed: what it shows and how it is framed stays.
    """

    def __init__(
        self, scene: QWidget, slices: Mapping[Orientation, SliceView], curved: QWidget, clip: QWidget
    ) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._scene, self._slices, self._curved, self._clip = scene, slices, curved, clip
        axial, coronal, sagittal = (slices[name] for name in ORIENTATIONS)
        self._left = _column(scene, coronal, curved)
        self._right = _column(axial, sagittal, clip)
        _style(self)
        self.addWidget(self._left)
        self.addWidget(self._right)
        self._share(EVEN)
        self._shared: tuple[Layout, int] = (Layout.GRID, EVEN)
        clip.hide()
        curved.hide()

    def show_state(self, state: State) -> None:
        """Show the views of this state in their places."""
        orientations = shown_orientations(state)
        arrangement = state.arrangement
        shown = arrangement.shown_views(orientations)
        has_curve = shown_curve(state) is not None and len(shown) > 1
        # The picture along the vessel takes the place of the coronal slice, unless there is room for both.
        is_side = arrangement.layout is Layout.SIDE
        if has_curve and not is_side:
            shown = tuple(name for name in shown if name != "coronal")
        self._place_coronal(is_side)
        self._scene.setVisible(SCENE in shown or not orientations)
        for name, view in self._slices.items():
            view.setVisible(name in shown)
        self._curved.setVisible(has_curve)
        self._clip.setVisible(state.clip is not None)
        self._left.setVisible(any(not view.isHidden() for view in _views(self._left)))
        self._right.setVisible(any(not view.isHidden() for view in _views(self._right)))
        self._share_width(state, arrangement.layout, len(orientations))

    def _place_coronal(self, is_right: bool) -> None:
        view, column = self._slices["coronal"], self._right if is_right else self._left
        if view.parentWidget() is not column:
            column.insertWidget(1, view)
            column.setSizes([1000] * column.count())

    def _share_width(self, state: State, layout: Layout, n_slices: int) -> None:
        part = LARGE if layout is Layout.SIDE else EVEN
        if n_slices < len(ORIENTATIONS):
            # Without surfaces the 3-D view has little to show beside a single picture.
            part = BESIDE_NOTHING if state.anatomy is None else BESIDE_PICTURE
        # Only a change moves the border: where the user drew it, it stays.
        if (layout, part) != self._shared:
            self._shared = layout, part
            self._share(part)

    def _share(self, part: int) -> None:
        self.setSizes([100 * part, 100 * (100 - part)])


def _column(*views: QWidget) -> QSplitter:
    column = QSplitter(Qt.Orientation.Vertical)
    _style(column)
    for view in views:
        column.addWidget(view)
    column.setSizes([1000] * len(views))
    return column


def _style(splitter: QSplitter) -> None:
    splitter.setHandleWidth(4)
    splitter.setChildrenCollapsible(False)


def _views(column: QSplitter) -> list[QWidget]:
    return [view for view in map(column.widget, range(column.count())) if view is not None]
