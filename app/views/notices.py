"""What the user should know: the newest notice as a bar, what, why and what to do, with a copy button."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from app.describe import describe_finding
from app.views.labels import plain_label
from app.views.shades import RAISED, STOP, WARNING
from core.errors import Finding

NOTHING_TO_DO = "nothing to do"


class NoticeBar(QWidget):
    """Shows one notice at a time, the newest first; closing it shows the one before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notices")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._open: list[Finding] = []
        self.text = plain_label()
        self.text.setWordWrap(True)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._count = plain_label("", "quiet")
        copy, close = QPushButton("Copy"), QPushButton("Close")
        copy.clicked.connect(self._copy)
        close.clicked.connect(self._close)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 8, 6)
        for widget in (self.text, self._count, copy, close):
            layout.addWidget(widget)
        layout.setStretch(0, 1)
        self.hide()

    def add(self, findings: tuple[Finding, ...]) -> None:
        """Show these, the last one first; of several at once those last that ask for nothing."""
        fresh = sorted(dict.fromkeys(findings), key=lambda finding: finding.fix != NOTHING_TO_DO)
        self._open = [old for old in self._open if old not in findings] + fresh
        self._show()

    def show_again(self) -> None:
        """Show the same in the colours that are used now."""
        self._show()

    def clear(self) -> None:
        """Show none: they were about what is not open any more."""
        self._open = []
        self._show()

    def _show(self) -> None:
        self.setVisible(bool(self._open))
        if self._open:
            newest = self._open[-1]
            edge = STOP if newest.code == "refused" else WARNING
            self.setStyleSheet(
                f"#notices, #notices QLabel {{ background: {RAISED}; }}"
                f"#notices {{ border-left: 4px solid {edge}; }}"
            )
            self.text.setText(describe_finding(newest))
            self._count.setText(f"{len(self._open)} notices" if len(self._open) > 1 else "")

    def _copy(self) -> None:
        clipboard = QApplication.clipboard()
        if clipboard is not None:
            clipboard.setText("\n".join(describe_finding(finding) for finding in self._open))

    def _close(self) -> None:
        self._open.pop()
        self._show()
