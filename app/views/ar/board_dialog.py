"""Boards to print: which kinds on which paper, where they go, and how large they came out of the printer."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.views.labels import plain_label
from core.errors import PlannerError

PAPERS = ("A4", "Letter")
FIRST = "charuco"
HOW = (
    "Print at 100 %, measure the 100 mm ruler on the print, enter its length and save again. "
    "Glue the sheet to something flat and stiff."
)


class BoardDialog(QDialog):
    """Stays beside the views; emits the board.json that was written."""

    made = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Boards to print")
        self.kinds = QListWidget()
        self.kinds.setAccessibleName("Kinds of boards")
        self.paper = QComboBox()
        self.paper.addItems(PAPERS)
        self.path = QLineEdit(str(Path.home() / "board.pdf"))
        self.measured = QDoubleSpinBox()
        self.measured.setRange(80.0, 120.0)
        self.measured.setDecimals(1)
        self.measured.setSingleStep(0.1)
        self.measured.setValue(100.0)
        self.measured.setSuffix(" mm")
        self.words = plain_label(HOW, "quiet")
        self.words.setWordWrap(True)
        self.save_button = QPushButton("Save PDF and description")
        self.save_button.setProperty("primary", True)
        self.save_button.clicked.connect(self.save)
        self._lay_out()

    def fill(self) -> None:
        """List what can be printed; the kinds come with OpenCV, which the window opens without."""
        from ar.board.kinds import KINDS

        self.kinds.clear()
        for key, kind in KINDS.items():
            item = QListWidgetItem(f"{key}: {kind.text}")
            item.setData(Qt.ItemDataRole.UserRole, key)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if key == FIRST else Qt.CheckState.Unchecked)
            self.kinds.addItem(item)

    @property
    def chosen(self) -> list[str]:
        """The kinds with a tick, in the order of the list."""
        items = [self.kinds.item(n) for n in range(self.kinds.count())]
        ticked = [item for item in items if item is not None and item.checkState() is Qt.CheckState.Checked]
        return [str(item.data(Qt.ItemDataRole.UserRole)) for item in ticked]

    def save(self) -> None:
        """Write both files; a refusal is said here."""
        from app.ar.boards import save_boards

        try:
            board, description = save_boards(
                self.chosen, self.paper.currentText(), Path(self.path.text()), self.measured.value()
            )
        except PlannerError as refusal:
            self.words.setText(f"{refusal.what}: {refusal.why}; {refusal.fix}")
            return
        names = ", ".join(body.name for body in board.bodies)
        self.words.setText(f"Saved {names} at {self.measured.value():.1f} mm of ruler. {HOW}")
        self.made.emit(str(description))

    def _browse(self) -> None:
        dialog = QFileDialog(self, "Save the board", self.path.text(), "PDF (*.pdf)")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("pdf")
        dialog.fileSelected.connect(self.path.setText)
        dialog.open()

    def _lay_out(self) -> None:
        self.resize(480, 460)
        browse = QPushButton("…")
        browse.setFixedWidth(34)
        browse.clicked.connect(self._browse)
        row = QHBoxLayout()
        row.addWidget(self.path, 1)
        row.addWidget(browse)
        form = QFormLayout()
        form.addRow(plain_label("Paper"), self.paper)
        form.addRow(plain_label("PDF"), row)
        form.addRow(plain_label("Printed ruler measures"), self.measured)
        layout = QVBoxLayout(self)
        layout.addWidget(plain_label("What is printed; several are used together", "heading"))
        layout.addWidget(self.kinds, 1)
        layout.addLayout(form)
        layout.addWidget(self.words)
        layout.addWidget(self.save_button)
