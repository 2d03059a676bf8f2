"""What the AR view looks through: camera or video, board, calibration."""

from __future__ import annotations

from PyQt6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget

from app.views.labels import plain_label

VIDEOS = "Videos (*.mp4 *.avi *.mkv *.mov);;All files (*)"
# Title, what stands in the empty field, and which files are offered.
ROWS = (
    ("Camera or video", "0, or a video file", VIDEOS),
    ("Board", "default sheet", "board.json (*.json)"),
    ("Calibration", "camera.json", "camera.json (*.json)"),
)


class ArFields(QWidget):
    """Three fields, each with a button that lets a file be chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines = tuple(QLineEdit() for _ in ROWS)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for line, (title, placeholder, pattern) in zip(self.lines, ROWS, strict=True):
            line.setPlaceholderText(placeholder)
            button = QPushButton("…")
            button.setFixedWidth(34)
            button.clicked.connect(lambda _, line=line, pattern=pattern: self._browse(line, pattern))
            layout.addWidget(plain_label(title, "quiet"))
            layout.addWidget(line, 1)
            layout.addWidget(button)
            layout.addSpacing(8)

    @property
    def texts(self) -> tuple[str, str, str]:
        """Camera index or video, board.json, camera.json."""
        source, board, camera = (line.text() for line in self.lines)
        return source, board, camera

    def show_texts(self, *texts: str) -> None:
        """Fill the fields, in their order."""
        for line, text in zip(self.lines, texts, strict=True):
            line.setText(text)

    def show_board(self, path: str) -> None:
        """Fill in the board.json."""
        self.lines[1].setText(path)

    def show_camera(self, path: str) -> None:
        """Fill in the camera.json."""
        self.lines[2].setText(path)

    def _browse(self, line: QLineEdit, pattern: str) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Choose a file", line.text(), pattern)
        if path:
            line.setText(path)
