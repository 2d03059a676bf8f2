"""What is known of the marked series: its facts, and every finding as a sentence that says what to do."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QPlainTextEdit, QWidget

from app.describe import describe_details
from core.study import Series

TALLEST_PX = 190


class SeriesDetails(QPlainTextEdit):
    """Plain text that can be selected and copied; hidden while no single series is marked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("details")
        self.setReadOnly(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.hide()

    def show_series(self, series: Series | None) -> None:
        """Show this series, in as little height as its text needs."""
        self.setVisible(series is not None)
        if series is not None:
            text = describe_details(series)
            self.setPlainText(text)
            # A sentence of a finding takes about four lines of this narrow column.
            n_lines = text.count("\n") + 1 + 3 * len(series.findings)
            line_px = self.fontMetrics().lineSpacing()
            self.setFixedHeight(min(n_lines * line_px + 18, TALLEST_PX))
