"""What the library is asked for: a search field, modality, days, tags, and whether the trash is meant."""

from __future__ import annotations

from datetime import date, timedelta

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QToolButton, QVBoxLayout, QWidget

from app.library.search import Query
from app.views.icons import icon
from app.views.library.chips import TagBar

PERIODS = {"Any date": 0, "Last 7 days": 7, "Last 30 days": 30, "Last year": 365, "Last 5 years": 1826}
ANY_MODALITY = "Any modality"


class SearchField(QLineEdit):
    """Where one types; Down goes on to the list."""

    left_downwards = pyqtSignal()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Down leaves the field, Escape clears it."""
        if event is not None and event.key() == Qt.Key.Key_Down:
            self.left_downwards.emit()
        elif event is not None and event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)


class LibrarySearch(QWidget):
    """Emits that the question has changed, with every letter."""

    changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = SearchField()
        self.field.setPlaceholderText("Search name, id, description, notes, tags, 2024-03, 2023..2024")
        self.field.setClearButtonEnabled(True)
        self.field.textChanged.connect(lambda _: self.changed.emit())
        self.modality, self.period = QComboBox(), QComboBox()
        self.modality.addItem(ANY_MODALITY)
        self.period.addItems(list(PERIODS))
        for choice in (self.modality, self.period):
            choice.currentIndexChanged.connect(lambda _: self.changed.emit())
        self.trash = QToolButton()
        self.trash.setText("Trash")
        self.trash.setIcon(icon("bin"))
        self.trash.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.trash.setCheckable(True)
        self.trash.toggled.connect(lambda _: self.changed.emit())
        self.tags = TagBar()
        self.tags.changed.connect(self.changed)
        line = QHBoxLayout()
        line.setSpacing(6)
        for widget in (self.field, self.modality, self.period, self.trash):
            line.addWidget(widget)
        line.setStretch(0, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(line)
        layout.addWidget(self.tags)

    @property
    def query(self) -> Query:
        """The question as it stands."""
        days = PERIODS[self.period.currentText()]
        first = (date.today() - timedelta(days=days)).strftime("%Y%m%d") if days else ""
        modality = self.modality.currentText() if self.modality.currentIndex() > 0 else ""
        return Query(self.field.text(), first, "", modality, self.tags.pressed, self.trash.isChecked())

    def show_choices(self, modalities: tuple[str, ...], tags: tuple[str, ...]) -> None:
        """Offer what there is; what is chosen stays chosen."""
        chosen = self.modality.currentText()
        wanted = [ANY_MODALITY, *sorted({*modalities, chosen} - {ANY_MODALITY})]
        if wanted != [self.modality.itemText(n) for n in range(self.modality.count())]:
            self.modality.blockSignals(True)
            self.modality.clear()
            self.modality.addItems(wanted)
            self.modality.setCurrentText(chosen)
            self.modality.blockSignals(False)
        self.tags.show_tags(tags)
