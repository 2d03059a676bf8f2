"""The progress of long work in the status bar, with a way to stop it."""

from __future__ import annotations

import time

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from app.jobs import Job
from app.remaining import RemainingTime, in_words
from app.views.labels import plain_label
from app.views.words import told


class ProgressStrip(QWidget):
    """Shows the stage, the share that is done and how long it still takes; emits the wish to cancel."""

    cancel_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("progress")
        self.stage = plain_label()
        self.bar = QProgressBar()
        self.bar.setRange(0, 100)
        self.bar.setFixedWidth(260)
        self.stage.setMinimumWidth(180)
        self.cancel = QPushButton(told("Cancel"))
        self.cancel.setFixedWidth(84)
        self.cancel.clicked.connect(self.cancel_requested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 2)
        self.remaining = plain_label("", "quiet")
        self._estimate = RemainingTime()
        self.bar.setAccessibleName(told("Share that is done"))
        self.cancel.setToolTip(told("Stop what is running"))
        for widget in (self.stage, self.bar, self.remaining, self.cancel):
            layout.addWidget(widget)
        self.hide()

    def follow(self, job: Job) -> None:
        """Show this job until it ends."""
        self.stage.setText(f"{job.title}…")
        self.bar.setValue(0)
        self.remaining.setText("")
        self._estimate = RemainingTime()
        self.show()
        job.progressed.connect(self._show_report)
        job.ended.connect(self.hide)

    def _show_report(self, stage: str, done: float) -> None:
        self.stage.setText(stage[:1].upper() + stage[1:])
        self.bar.setValue(round(done * 100))
        self.remaining.setText(told(in_words(self._estimate.after(time.monotonic(), done))))
