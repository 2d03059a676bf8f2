"""The structures of a reconstruction: visible or not, colour, opacity, volume in ml."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QIcon, QPixmap
from PyQt6.QtWidgets import QColorDialog, QGridLayout, QSlider, QToolButton, QVBoxLayout, QWidget

from app.describe import structure_title, structure_volume
from app.given import given_keys
from app.labels.edited import edited_keys, stale_keys
from app.views.icons import icon
from app.views.labels import plain_label
from core.anatomy import Anatomy
from render.view import StructureView, ViewState

GIVEN = ("given", "From a file, not reconstructed here: judge it by the images")
EDITED = ("edited", "Edited by hand: neither the network's answer nor its certainty")
STALE = ("updating…", "The surface is older than the labels and is being made again")


class StructureList(QWidget):
    """One row for each structure; emits how the user wants it shown."""

    look_requested = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("structures")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.rows: dict[str, StructureRow] = {}
        self._view = ViewState()
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(6)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(2, 1)
        self._empty = plain_label("Reconstruct a series to see its structures here.", "quiet")
        self._empty.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 8, 10, 4)
        layout.addWidget(plain_label("Structures", "heading"))
        layout.addWidget(self._empty)
        layout.addLayout(self._grid)
        layout.addStretch(1)

    def show_anatomy(self, anatomy: Anatomy | None) -> None:
        """List the structures of a reconstruction."""
        origins = _origins(anatomy)
        if anatomy is not None and list(anatomy.surfaces) == list(self.rows):
            for key, row in self.rows.items():
                row.show_facts(structure_volume(anatomy, key), *origins.get(key, ("", "")))
            return
        for row in self.rows.values():
            row.delete()
        self.rows.clear()
        self._empty.setVisible(anatomy is None)
        for number, key in enumerate(anatomy.surfaces if anatomy else ()):
            assert anatomy is not None
            row = StructureRow(self, structure_title(key))
            row.show_facts(structure_volume(anatomy, key), *origins.get(key, ("", "")))
            row.place(self._grid, number)
            row.eye.clicked.connect(lambda checked, key=key: self._ask(key, is_visible=checked))
            row.opacity.valueChanged.connect(lambda percent, key=key: self._ask(key, opacity=percent / 100.0))
            row.swatch.clicked.connect(lambda _, key=key: self._ask_colour(key))
            self.rows[key] = row

    def show_view(self, view: ViewState) -> None:
        """Show how each structure is shown."""
        self._view = view
        for key, row in self.rows.items():
            row.show_look(view.structure(key))

    def _ask(self, key: str, **change: object) -> None:
        self.look_requested.emit(self._view.with_structure(key, **change))  # type: ignore[arg-type]

    def _ask_colour(self, key: str) -> None:
        old = QColor.fromRgbF(*self._view.structure(key).colour)
        chosen = QColorDialog.getColor(old, self, f"Colour of {structure_title(key)}")
        if chosen.isValid():
            self._ask(key, colour=(chosen.redF(), chosen.greenF(), chosen.blueF()))


class StructureRow:
    """The controls of one structure."""

    def __init__(self, parent: QWidget, title: str) -> None:
        self.eye = QToolButton(parent)
        self.eye.setCheckable(True)
        self.eye.setProperty("flat", True)
        self.eye.setToolTip("Show or hide")
        self.swatch = QToolButton(parent)
        self.swatch.setProperty("flat", True)
        self.swatch.setIconSize(QSize(16, 16))
        self.swatch.setToolTip("Colour")
        self.title = plain_label(title, parent=parent)
        self.origin = plain_label("", "notice", parent)
        self.volume = plain_label("", "quiet", parent)
        self.volume.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.opacity = QSlider(Qt.Orientation.Horizontal, parent)
        self.opacity.setRange(5, 100)
        self.opacity.setFixedWidth(64)
        self.opacity.setToolTip("Opacity")
        for control in (self.eye, self.swatch, self.opacity):
            control.setAccessibleName(f"{control.toolTip()}: {title}")
        self._widgets = (self.eye, self.swatch, self.title, self.origin, self.volume, self.opacity)

    def place(self, grid: QGridLayout, number: int) -> None:
        """Take one row of a grid."""
        for column, widget in enumerate(self._widgets):
            grid.addWidget(widget, number, column)

    def show_facts(self, volume: str, origin: str, why: str) -> None:
        """Show the volume, and where the structure comes from with what that means."""
        self.volume.setText(volume)
        self.origin.setText(origin)
        self.origin.setToolTip(why)

    def show_look(self, look: StructureView) -> None:
        """Show how the structure is shown, without asking for it again."""
        self.eye.setChecked(look.is_visible)
        self.eye.setIcon(icon("eye" if look.is_visible else "eye_off"))
        colour = QPixmap(16, 16)
        colour.fill(QColor.fromRgbF(*look.colour))
        self.swatch.setIcon(QIcon(colour))
        self.opacity.blockSignals(True)
        self.opacity.setValue(round(look.opacity * 100))
        self.opacity.blockSignals(False)

    def delete(self) -> None:
        """Take the row away."""
        for widget in self._widgets:
            widget.hide()
            widget.deleteLater()


def _origins(anatomy: Anatomy | None) -> dict[str, tuple[str, str]]:
    """Structure key -> where it comes from in a word, and what that means; what the program made has none."""
    if anatomy is None:
        return {}
    given = dict.fromkeys(given_keys(anatomy), GIVEN)
    edited = dict.fromkeys(edited_keys(anatomy), EDITED)
    stale = dict.fromkeys(stale_keys(anatomy), STALE)
    return given | edited | stale
