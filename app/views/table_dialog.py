"""A table of numbers in a window of its own, to be read beside the views and copied."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QApplication,
    QDialog,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

SIZE = (680, 720)


class TableDialog(QDialog):
    """Shows rows of texts; what is copied are the same texts with tabs."""

    def __init__(
        self, title: str, headings: Sequence[str], rows: Sequence[Sequence[str]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(*SIZE)
        self._text = "\n".join("\t".join(row) for row in (headings, *rows))
        self.table = QTableWidget(len(rows), len(headings))
        self.table.setHorizontalHeaderLabels(list(headings))
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        header = self.table.horizontalHeader()
        if header is not None:
            header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        numbers = self.table.verticalHeader()
        if numbers is not None:
            numbers.hide()
        for n, row in enumerate(rows):
            for m, text in enumerate(row):
                self.table.setItem(n, m, QTableWidgetItem(text))
        self.copy_button = QPushButton("Copy")
        self.copy_button.clicked.connect(self.copy)
        layout = QVBoxLayout(self)
        layout.addWidget(self.table)
        layout.addWidget(self.copy_button)

    def copy(self) -> None:
        """Put the table on the clipboard."""
        clipboard = QApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self._text)
