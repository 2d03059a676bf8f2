"""What is known of the marked series: its facts, and every finding as a sentence that says what to do."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QPlainTextEdit, QWidget

from app.describe import describe_details, describe_several
from core.study import Series

TALLEST_PX = 240
FRAME_PX = 14


class SeriesDetails(QPlainTextEdit):
    """Plain text that can be selected and copied; hidden while no single series is marked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("details")
        self.setReadOnly(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.hide()

    def show_chosen(self, chosen: tuple[Series, ...]) -> None:
        """Show the marked series, in as little height as the text needs; of several, what they are marked for."""
        self.setVisible(bool(chosen))
        if chosen:
            self.setPlainText(describe_details(chosen[0]) if len(chosen) == 1 else describe_several(chosen))
            self._fit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """A narrower column breaks the sentences into more lines."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        document = self.document()
        if document is not None:
            # The layout of plain text counts its height in lines.
            n_lines = round(document.size().height())
            self.setFixedHeight(min(n_lines * self.fontMetrics().lineSpacing() + FRAME_PX, TALLEST_PX))
