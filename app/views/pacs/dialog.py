"""The window on archives: choose one, search it, retrieve from it, send to it. It asks for all and does nothing."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QComboBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.jobs import Job
from app.views.labels import plain_label
from app.views.pacs.results import PacsResults
from app.views.progress import ProgressStrip
from core.errors import PlannerError
from imaging.network.node import WEB, Node

METHODS = {"get": "C-GET (over our own connection)", "move": "C-MOVE (sent to our listener)", "wado": "WADO-RS"}
MODALITIES = ("", "CT", "MR", "US", "XA", "SEG")


class PacsDialog(QDialog):
    """Fields, a list and buttons; every wish is a signal."""

    add_requested = pyqtSignal()
    edit_requested = pyqtSignal(object)
    remove_requested = pyqtSignal(object)
    test_requested = pyqtSignal(object)
    search_requested = pyqtSignal(object)
    retrieve_requested = pyqtSignal(object, object, str)
    send_series_requested = pyqtSignal(object)
    send_folder_requested = pyqtSignal(object)
    cancel_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("PACS")
        self.resize(920, 620)
        self.nodes, self.method, self.modality = QComboBox(), QComboBox(), QComboBox()
        self.nodes.setPlaceholderText("No archive is known yet: Add… asks for its address")
        for name in MODALITIES:
            self.modality.addItem(name or "any", name)
        self.name, self.patient_id, self.first, self.last = (QLineEdit() for _ in range(4))
        self.name.setPlaceholderText("Doe, Jane")
        for field in (self.first, self.last):
            field.setPlaceholderText("2024-01-31")
        self.results = PacsResults()
        self.add, self.edit, self.remove = QPushButton("Add…"), QPushButton("Edit…"), QPushButton("Remove")
        self.test, self.search = QPushButton("Test"), QPushButton("Search")
        self.retrieve, self.send = QPushButton("Retrieve"), QPushButton("Send")
        self.message = plain_label()
        self.message.setWordWrap(True)
        self.progress = ProgressStrip()
        self._is_busy = False
        self._lay_out()
        self._connect()
        self._refresh()

    @property
    def node(self) -> Node | None:
        """The archive that is chosen."""
        found = self.nodes.currentData()
        return found if isinstance(found, Node) else None

    def show_nodes(self, nodes: Sequence[Node], chosen: str = "") -> None:
        """Offer these archives; `chosen` is the name of one of them."""
        chosen = chosen or (self.node.name if self.node else "")
        self.nodes.blockSignals(True)
        self.nodes.clear()
        for node in nodes:
            self.nodes.addItem(node.name, node)
        self.nodes.setCurrentIndex(max(self.nodes.findText(chosen), 0) if nodes else -1)
        self.nodes.blockSignals(False)
        self._choose_node()

    def follow(self, job: Job) -> None:
        """Show a job until it ends."""
        self._is_busy = True
        self.message.setText("")
        self.progress.follow(job)
        job.ended.connect(self._rest)
        self._refresh()

    def say(self, text: str) -> None:
        """Say how it ended."""
        self.message.setText(text)

    def refuse(self, refusal: PlannerError) -> None:
        """Say what was refused, why, and what to do."""
        what, fix = (text[:1].upper() + text[1:] for text in (refusal.what, refusal.fix))
        self.say(f"{what}: {refusal.why}. {fix}.")

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 10)
        layout.addLayout(_row(plain_label("Archive"), self.nodes, self.add, self.edit, self.remove, self.test))
        grid = QGridLayout()
        fields = {
            "Name": self.name,
            "Patient ID": self.patient_id,
            "From": self.first,
            "To": self.last,
            "Modality": self.modality,
        }
        for column, (title, widget) in enumerate(fields.items()):
            grid.addWidget(plain_label(title, "quiet"), 0, column)
            grid.addWidget(widget, 1, column)
        grid.addWidget(self.search, 1, len(fields))
        grid.setColumnStretch(0, 2)
        grid.setColumnStretch(1, 1)
        layout.addLayout(grid)
        layout.addWidget(self.results, 1)
        layout.addWidget(self.message)
        layout.addLayout(_row(self.progress, None, self.method, self.retrieve, self.send))
        menu = QMenu(self)
        self.send_series = menu.addAction("Open series")
        self.send_folder = menu.addAction("Folder…")
        self.send.setMenu(menu)
        self.search.setProperty("primary", True)
        self.search.setDefault(True)
        for button in (self.add, self.edit, self.remove, self.test, self.retrieve, self.send):
            button.setAutoDefault(False)

    def _connect(self) -> None:
        self.nodes.currentIndexChanged.connect(self._choose_node)
        self.results.itemSelectionChanged.connect(self._refresh)
        self.add.clicked.connect(self.add_requested)
        self.edit.clicked.connect(lambda: self.edit_requested.emit(self.node))
        self.remove.clicked.connect(lambda: self.remove_requested.emit(self.node))
        self.test.clicked.connect(lambda: self.test_requested.emit(self.node))
        self.search.clicked.connect(lambda: self.search_requested.emit(self.node))
        self.retrieve.clicked.connect(self._want)
        self.results.itemDoubleClicked.connect(self._want)
        self.progress.cancel_requested.connect(self.cancel_requested)
        if self.send_series is not None and self.send_folder is not None:
            self.send_series.triggered.connect(lambda: self.send_series_requested.emit(self.node))
            self.send_folder.triggered.connect(lambda: self.send_folder_requested.emit(self.node))

    def _want(self) -> None:
        if self.retrieve.isEnabled():
            self.retrieve_requested.emit(self.node, self.results.targets, self.method.currentData())

    def _choose_node(self) -> None:
        # What one archive has found must not be asked of another.
        self.results.clear()
        self.method.clear()
        node = self.node
        for key in () if node is None else (("wado",) if node.kind == WEB else ("get", "move")):
            self.method.addItem(METHODS[key], key)
        self._refresh()

    def _rest(self) -> None:
        self._is_busy = False
        self._refresh()

    def _refresh(self) -> None:
        is_ready = self.node is not None and not self._is_busy
        for button in (self.edit, self.remove, self.test, self.search, self.send):
            button.setEnabled(is_ready)
        self.add.setEnabled(not self._is_busy)
        self.nodes.setEnabled(not self._is_busy)
        self.retrieve.setEnabled(is_ready and bool(self.results.targets))


def _row(*widgets: QWidget | None) -> QLayout:
    row = QHBoxLayout()
    for widget in widgets:
        if widget is None:
            row.addStretch(1)
        else:
            row.addWidget(widget, 1 if isinstance(widget, QComboBox) else 0)
    return row
