"""Headsets and tablets: start and stop their server, pair by QR code, see who looks, shut somebody out."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QBuffer, QByteArray, QIODevice, QObject, Qt, pyqtSignal
from PyQt6.QtGui import QImage
from PyQt6.QtSvgWidgets import QSvgWidget
from PyQt6.QtWidgets import (
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.headset import Headset
from app.session import Session
from app.views.labels import plain_label
from core.errors import PlannerError

JPEG_QUALITY = 70
CODE_PX = 240


class InWindow(QObject):
    """Runs pieces of work in the window's thread, in the order they came, from any thread."""

    _came = pyqtSignal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._came.connect(_do, Qt.ConnectionType.QueuedConnection)  # type: ignore[call-arg]

    def __call__(self, work: Callable[[], None]) -> None:
        """Run this as soon as the window gets to it."""
        self._came.emit(work)


def _do(work: Callable[[], None]) -> None:
    work()


class HeadsetDialog(QDialog):
    """Stays beside the views; the server goes on when it is closed, and ends with the window."""

    changed = pyqtSignal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Headsets and tablets")
        self.headset = Headset(session, InWindow(self), self.refresh)
        self.start_button = QPushButton("Start")
        self.start_button.setProperty("primary", True)
        self.start_button.clicked.connect(self.toggle)
        self.lan = QCheckBox("Let other machines of the local network join")
        self.name = QCheckBox("Viewers see the patient's name")
        self.name.toggled.connect(self.headset.allow_names)
        self.code = QSvgWidget()
        self.code.setFixedSize(CODE_PX, CODE_PX)
        self.url = QLineEdit()
        self.url.setReadOnly(True)
        self.url.setAccessibleName("Address that pairs one viewer")
        self.fingerprint, self.words = plain_label("", "quiet"), plain_label("", "notice")
        for label in (self.fingerprint, self.words):
            label.setWordWrap(True)
        self.viewers = QListWidget()
        self.viewers.setAccessibleName("Paired viewers")
        self.revoke_button = QPushButton("Shut out")
        self.revoke_button.clicked.connect(self.revoke)
        self._lay_out()
        self.refresh()

    def toggle(self) -> None:
        """Start the server, or stop it; a refusal is said here."""
        self.words.clear()
        try:
            if self.headset.is_running:
                self.headset.stop()
            else:
                self.headset.start(self.lan.isChecked())
        except PlannerError as refusal:
            self.words.setText(f"{refusal.what}: {refusal.why}; {refusal.fix}")
        self.refresh()

    def revoke(self) -> None:
        """Shut the marked viewer out for good."""
        item = self.viewers.currentItem()
        if item is not None and self.headset.is_running:
            self.headset.revoke(str(item.data(Qt.ItemDataRole.UserRole)))
            self.refresh()

    def refresh(self) -> None:
        """Show the code that pairs the next viewer, and who is there."""
        is_on = self.headset.is_running
        self.start_button.setText("Stop" if is_on else "Start")
        self.lan.setEnabled(not is_on)
        self.revoke_button.setEnabled(is_on)
        self.code.setVisible(is_on)
        self.viewers.clear()
        if is_on:
            self._show_code()
            for viewer in self.headset.viewers:
                state = "looking" if viewer.n_sockets else "away"
                item = QListWidgetItem(f"{viewer.name}   {viewer.address}   {state}")
                item.setData(Qt.ItemDataRole.UserRole, viewer.viewer_id)
                self.viewers.addItem(item)
        else:
            self.url.clear()
            self.fingerprint.setText("Not running: nobody can join.")
        self.changed.emit()

    def show_picture(self, image: QImage) -> None:
        """Show viewers what the AR view draws; nothing is sent while nobody is paired."""
        if self.headset.is_running and any(viewer.n_sockets for viewer in self.headset.viewers):
            data = QByteArray()
            buffer = QBuffer(data)
            buffer.open(QIODevice.OpenModeFlag.WriteOnly)
            image.save(buffer, "JPG", JPEG_QUALITY)
            self.headset.show_picture(bytes(data.data()))

    def end_picture(self) -> None:
        """There is no picture any more."""
        if self.headset.is_running:
            self.headset.show_picture(b"")

    def close_server(self) -> None:
        """Shut everybody out; for the end of the window."""
        self.headset.stop()

    def _show_code(self) -> None:
        from ar.headset.codes import qr_svg

        code = self.headset.pairing_code()
        if self.url.text() != code.url:
            self.url.setText(code.url)
            self.code.load(QByteArray(qr_svg(code.url).encode()))
        where = "the local network" if self.headset.is_on_lan else "this machine only"
        self.fingerprint.setText(
            f"Reachable from {where}. The browser warns of the certificate; its SHA-256 is {code.fingerprint}"
        )

    def _lay_out(self) -> None:
        self.resize(460, 640)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.code)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        for widget in (self.lan, self.name, self.start_button, self.words):
            layout.addWidget(widget)
        layout.addLayout(row)
        layout.addWidget(self.url)
        layout.addWidget(self.fingerprint)
        layout.addWidget(plain_label("Viewers", "heading"))
        layout.addWidget(self.viewers, 1)
        layout.addWidget(self.revoke_button)
