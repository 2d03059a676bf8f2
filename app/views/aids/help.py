"""The program's documents in a window of their own, from this machine: nothing is fetched."""

from __future__ import annotations

from PyQt6.QtCore import QUrl
from PyQt6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QListWidget, QTextBrowser, QVBoxLayout, QWidget

from app.documents import FOLDER, PAGES, read_page
from app.views.words import told
from core.errors import PlannerError

SIZE = (980, 720)
LIST_PX = 170


class HelpWindow(QDialog):
    """Pages at the left, the chosen one at the right, a field that finds the next place of a word."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(told("Help"))
        self.resize(*SIZE)
        self.pages = QListWidget()
        self.pages.setAccessibleName(told("Pages of the help"))
        self.pages.addItems([told(title) for title in PAGES.values()])
        self.pages.setFixedWidth(LIST_PX)
        self.text = QTextBrowser()
        self.text.setAccessibleName(told("Help"))
        self.text.setOpenLinks(False)
        self.text.setSearchPaths([str(FOLDER)])
        self.text.anchorClicked.connect(self._follow)
        self.search = QLineEdit()
        self.search.setPlaceholderText(told("Find in this page, Enter for the next place"))
        self.search.setAccessibleName(told("Find in this page"))
        self.search.returnPressed.connect(self.find_next)
        right = QVBoxLayout()
        right.addWidget(self.search)
        right.addWidget(self.text, 1)
        layout = QHBoxLayout(self)
        layout.addWidget(self.pages)
        layout.addLayout(right, 1)
        self.pages.currentRowChanged.connect(self._show)
        self.pages.setCurrentRow(0)

    def find_next(self) -> bool:
        """Go to the next place of the typed word, from the top again after the last; False where there is none."""
        typed = self.search.text()
        if not typed or self.text.find(typed):
            return bool(typed)
        self.text.moveCursor(self.text.textCursor().MoveOperation.Start)
        return self.text.find(typed)

    def _show(self, row: int) -> None:
        try:
            self.text.setMarkdown(read_page(list(PAGES)[row]))
        except PlannerError as refusal:
            self.text.setPlainText(f"{refusal.what}\n{refusal.why}\n{refusal.fix}")

    def _follow(self, link: QUrl) -> None:
        """A link to a page opens it; one that leads out of this machine is only shown, never fetched."""
        name = link.fileName()
        if name in PAGES and not link.host():
            self.pages.setCurrentRow(list(PAGES).index(name))
        elif link.hasFragment() and not link.host():
            self.text.scrollToAnchor(link.fragment())
        else:
            self.search.setText(link.toString())
