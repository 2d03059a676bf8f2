"""Asks for what is known of one archive; a password is none of it."""

from __future__ import annotations

from dataclasses import replace

from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.views.labels import plain_label
from core.errors import PlannerError
from imaging.network.node import DIMSE, WEB, Node, checked

KINDS = {DIMSE: "DICOM (DIMSE)", WEB: "DICOMweb"}
TEXTS = {
    "name": "Name",
    "host": "Host",
    "aet": "Its AE title",
    "calling_aet": "Our AE title",
    "listen_host": "C-MOVE: we listen on",
    "sender_aet": "C-MOVE: sent by AE title",
    "url": "URL",
    "user": "User",
    "secret_env": "Password from variable",
    "ca_file": "Authorities (CA file)",
    "cert_file": "Our certificate",
    "key_file": "Its key",
}
NUMBERS = {"port": "Port", "listen_port": "C-MOVE: our port", "idle_s": "Longest silence (s)"}
SWITCHES = {"is_tls": "Use TLS", "is_verified": "Check its certificate"}
FIELDS = (
    "name", "host", "port", "aet", "calling_aet", "listen_host", "listen_port", "sender_aet", "is_tls",
    "url", "user", "secret_env", "is_verified", "ca_file", "cert_file", "key_file", "idle_s",
)  # fmt: skip
DIMSE_ONLY = {"host", "port", "aet", "calling_aet", "listen_host", "listen_port", "sender_aet", "is_tls"}
WEB_ONLY = {"url", "user", "secret_env"}
HINTS = {
    "sender_aet": "the same as its AE title",
    "ca_file": "the system's",
    "secret_env": "asked for when needed",
}


class NodeDialog(QDialog):
    """One form for both kinds of archives."""

    def __init__(self, node: Node, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Archive")
        self.setMinimumWidth(480)
        self._before = node
        self.kind = QComboBox()
        for key, title in KINDS.items():
            self.kind.addItem(title, key)
        self.kind.setCurrentIndex(list(KINDS).index(node.kind))
        self.inputs: dict[str, QLineEdit | QSpinBox | QCheckBox] = {n: self._input(n, node) for n in FIELDS}
        self.problem = plain_label("", "notice")
        self.problem.setWordWrap(True)
        self._form = QFormLayout()
        self._form.addRow(plain_label("Kind"), self.kind)
        for name, widget in self.inputs.items():
            self._form.addRow(plain_label({**TEXTS, **NUMBERS, **SWITCHES}[name]), widget)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(self._form)
        layout.addWidget(self.problem)
        layout.addWidget(buttons)
        self.kind.currentIndexChanged.connect(self._show_kind)
        self._show_kind()

    @classmethod
    def ask(cls, parent: QWidget, node: Node) -> Node | None:
        """The archive as the user describes it; None when they changed their mind."""
        dialog = cls(node, parent)
        is_accepted = dialog.exec() == QDialog.DialogCode.Accepted
        found = dialog.node
        dialog.deleteLater()
        return found if is_accepted else None

    @property
    def node(self) -> Node:
        """What the form says, right or not."""
        values: dict[str, object] = {"kind": self.kind.currentData()}
        for name, widget in self.inputs.items():
            if isinstance(widget, QLineEdit):
                values[name] = widget.text().strip()
            else:
                values[name] = widget.value() if isinstance(widget, QSpinBox) else widget.isChecked()
        return replace(self._before, **values)  # type: ignore[arg-type]

    def accept(self) -> None:
        """Close only with an archive that can be."""
        try:
            checked(self.node)
        except PlannerError as refusal:
            self.problem.setText(f"{refusal.why[:1].upper()}{refusal.why[1:]}.")
            return
        super().accept()

    @staticmethod
    def _input(name: str, node: Node) -> QLineEdit | QSpinBox | QCheckBox:
        value = getattr(node, name)
        if name in SWITCHES:
            box = QCheckBox()
            box.setChecked(value)
            return box
        if name in NUMBERS:
            spin = QSpinBox()
            spin.setRange(1, 3600 if name == "idle_s" else 65535)
            spin.setValue(round(value))
            return spin
        line = QLineEdit(value)
        line.setPlaceholderText(HINTS.get(name, ""))
        return line

    def _show_kind(self) -> None:
        hidden = WEB_ONLY if self.kind.currentData() == DIMSE else DIMSE_ONLY
        for name, widget in self.inputs.items():
            label = self._form.labelForField(widget)
            for part in (widget, label):
                if isinstance(part, (QLineEdit, QSpinBox, QCheckBox, QLabel)):
                    part.setVisible(name not in hidden)
        self.adjustSize()
