"""Tags as chips: drawn in the rows of the library, and above them as buttons that narrow the list."""

from __future__ import annotations

from PyQt6.QtCore import QModelIndex, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QPainter
from PyQt6.QtWidgets import QHBoxLayout, QStyledItemDelegate, QStyleOptionViewItem, QToolButton, QWidget

from app.views.shades import LINE, RAISED, TEXT

TAGS_ROLE = Qt.ItemDataRole.UserRole + 2
GAP, PADDING, RADIUS = 5, 7, 9
MOST_CHIPS = 12


class ChipDelegate(QStyledItemDelegate):
    """Draws a cell as ever, and its tags over it."""

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw the cell."""
        super().paint(painter, option, index)
        tags = index.data(TAGS_ROLE)
        if painter is None or not tags:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(option.rect)
        left = float(option.rect.left() + GAP)
        for tag in tags:
            left += _draw_chip(painter, left, option, tag) + GAP
        painter.restore()


class TagBar(QWidget):
    """One button per tag; those that are pressed narrow the list together."""

    changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: dict[str, QToolButton] = {}
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(4)
        self._layout.addStretch(1)
        self.hide()

    @property
    def pressed(self) -> tuple[str, ...]:
        """The tags that the list is narrowed to."""
        return tuple(tag for tag, button in self.buttons.items() if button.isChecked())

    def show_tags(self, tags: tuple[str, ...]) -> None:
        """Offer these tags; those that are pressed stay so, even when no study has them any more."""
        wanted = tuple(dict.fromkeys((*tags[:MOST_CHIPS], *self.pressed)))
        if wanted != tuple(self.buttons):
            pressed = self.pressed
            for button in self.buttons.values():
                self._layout.removeWidget(button)
                button.deleteLater()
            self.buttons = {tag: self._button(tag, tag in pressed) for tag in wanted}
        self.setVisible(bool(wanted))

    def _button(self, tag: str, is_pressed: bool) -> QToolButton:
        button = QToolButton()
        # A tag is text as it is: an ampersand in it underlines nothing.
        button.setText(tag.replace("&", "&&"))
        button.setCheckable(True)
        button.setChecked(is_pressed)
        button.setProperty("chip", True)
        button.toggled.connect(lambda _: self.changed.emit())
        self._layout.insertWidget(self._layout.count() - 1, button)
        return button


def _draw_chip(painter: QPainter, left: float, option: QStyleOptionViewItem, tag: str) -> float:
    """Draw one chip; returns its width in pixels."""
    width = painter.fontMetrics().horizontalAdvance(tag) + 2.0 * PADDING
    height = min(option.rect.height() - 8.0, 2.0 * RADIUS + 2.0)
    box = QRectF(left, option.rect.center().y() - height / 2 + 1, width, height)
    painter.setPen(QColor(LINE))
    painter.setBrush(QColor(RAISED))
    painter.drawRoundedRect(box, RADIUS, RADIUS)
    painter.setPen(QColor(TEXT))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, tag)
    return width
