"""What is known of the marked series: its facts, and every finding as a sentence that says what to do."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QPlainTextEdit, QWidget

from app.describe import describe_details, describe_several
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

    def show_chosen(self, chosen: tuple[Series, ...]) -> None:
        """Show the marked series, in as little height as the text needs; of several, what they are marked for."""
        self.setVisible(bool(chosen))
        if chosen:
            is_one = len(chosen) == 1
            text = describe_details(chosen[0]) if is_one else describe_several(chosen)
            self.setPlainText(text)
            # A sentence of a finding takes about four lines of this narrow column.
            n_wrapped = 3 * (len(chosen[0].findings) if is_one else text.count(".") - 1)
            line_px = self.fontMetrics().lineSpacing()
            self.setFixedHeight(min((text.count("\n") + 1 + n_wrapped) * line_px + 18, TALLEST_PX))
