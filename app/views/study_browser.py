"""The study browser: patients, studies and series with thumbnails, a filter, and what was found about each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PyQt6.QtCore import QPoint, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QIcon, QImage, QPixmap
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.describe import (
    ASIDE,
    describe_finding,
    describe_patient,
    describe_series,
    describe_study,
    matches,
    sort_for_people,
)
from app.views.icons import icon
from app.views.labels import plain_label, plain_tip
from app.views.series_details import SeriesDetails
from app.views.shades import ACCENT, QUIET, TEXT
from app.views.thumbnails import mark_finding, mark_open, placeholder
from core.study import ScanResult, Series

THUMBNAIL = 52
SERIES_ROLE = Qt.ItemDataRole.UserRole
AROUND_ROLE = Qt.ItemDataRole.UserRole + 1


class StudyBrowser(QWidget):
    """Lists what a folder holds; emits folders and series that the user wants open."""

    browse_requested = pyqtSignal()
    browse_file_requested = pyqtSignal()
    folder_chosen = pyqtSignal(object)
    series_chosen = pyqtSignal(object)
    menu_requested = pyqtSignal(QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("browser")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._items: dict[str, QTreeWidgetItem] = {}
        self._pictures: dict[str, QPixmap] = {}
        self._open_uid = ""
        open_folder = QPushButton(icon("folder"), "Open folder…")
        open_file = QPushButton(icon("file"), "Open file…")
        open_folder.clicked.connect(self.browse_requested)
        open_file.clicked.connect(self.browse_file_requested)
        self.recent = QComboBox()
        self.recent.setPlaceholderText("Recent studies")
        self.recent.activated.connect(self._choose_recent)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter: name, description, MR, clip…")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._show_matching)
        self.tree = self._make_tree()
        self.details = SeriesDetails()
        self._hint = plain_label(
            "Open a folder, a zip, a DICOMDIR or a single DICOM, NIfTI, NRRD or MHA file, or drop it here.",
            "quiet",
        )
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setWordWrap(True)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(open_folder)
        buttons.addWidget(open_file)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 6, 8)
        layout.addWidget(plain_label("Studies", "heading"))
        layout.addLayout(buttons)
        for widget in (self.recent, self.filter, self.tree, self.details, self._hint):
            layout.addWidget(widget)
        layout.setStretchFactor(self.tree, 1)

    @property
    def chosen_series(self) -> tuple[Series, ...]:
        """The series that are marked, in the order of the list."""
        return tuple(item.data(0, SERIES_ROLE) for item in self._items.values() if item.isSelected())

    def show_scan(self, scan: ScanResult | None) -> None:
        """List what was found."""
        self.tree.clear()
        self._items.clear()
        self._pictures.clear()
        self._open_uid = ""
        self._hint.setVisible(scan is None)
        self.filter.setVisible(scan is not None)
        self.filter.clear()
        for number, patient in enumerate(sort_for_people(scan) if scan else (), start=1):
            name = describe_patient(patient, number)
            owner = self._branch(self.tree.invisibleRootItem(), name)
            for study in patient.studies:
                title = describe_study(study)
                branch = self._branch(owner, title)
                for series in study.series:
                    self._items[series.series_uid] = self._leaf(branch, series, f"{name} {title}")
        self._show_details()

    def show_recent(self, folders: tuple[str, ...]) -> None:
        """Offer folders that were opened before."""
        self.recent.clear()
        for folder in folders:
            self.recent.addItem(Path(folder).name or folder, folder)
            self.recent.setItemData(self.recent.count() - 1, plain_tip(folder), Qt.ItemDataRole.ToolTipRole)
        self.recent.setCurrentIndex(-1)
        self.recent.setEnabled(bool(folders))

    def show_open_series(self, series: Series | None) -> None:
        """Mark the series that is open."""
        before, self._open_uid = self._open_uid, series.series_uid if series is not None else ""
        for uid in {before, self._open_uid} & self._items.keys():
            item = self._items[uid]
            is_aside = item.data(0, SERIES_ROLE).kind in ASIDE
            item.setForeground(0, QColor(ACCENT if uid == self._open_uid else QUIET if is_aside else TEXT))
            self._show_picture(item)

    def show_thumbnail(self, series_uid: str, grey: np.ndarray) -> None:
        """Put a picture, uint8 (n, n), before a series."""
        item = self._items.get(series_uid)
        if item is not None:
            height, width = grey.shape
            image = QImage(grey.tobytes(), width, height, width, QImage.Format.Format_Grayscale8)
            self._pictures[series_uid] = QPixmap.fromImage(image)
            self._show_picture(item)

    def _make_tree(self) -> QTreeWidget:
        tree = QTreeWidget()
        tree.setHeaderHidden(True)
        tree.setIconSize(QSize(THUMBNAIL, THUMBNAIL))
        tree.setIndentation(9)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        tree.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.itemActivated.connect(self._choose)
        tree.itemSelectionChanged.connect(self._show_details)
        tree.customContextMenuRequested.connect(self._ask_menu)
        return tree

    def _branch(self, parent: QTreeWidgetItem | None, text: str) -> QTreeWidgetItem:
        item = QTreeWidgetItem(parent, [text])
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        item.setExpanded(True)
        item.setToolTip(0, plain_tip(text))
        return item

    def _show_picture(self, item: QTreeWidgetItem) -> None:
        """A picture before a series, framed while it is open, with a mark in its corner when there are findings."""
        series = item.data(0, SERIES_ROLE)
        picture = QPixmap(self._pictures[series.series_uid])
        if series.findings:
            mark_finding(picture)
        if series.series_uid == self._open_uid:
            mark_open(picture)
        shown = QIcon(picture)
        # Tinted by the selection it would hide the very marks.
        shown.addPixmap(picture, QIcon.Mode.Selected)
        item.setIcon(0, shown)

    def _leaf(self, parent: QTreeWidgetItem, series: Series, around: str) -> QTreeWidgetItem:
        text = describe_series(series)
        item = QTreeWidgetItem(parent, [text])
        item.setData(0, SERIES_ROLE, series)
        item.setData(0, AROUND_ROLE, around)
        self._pictures[series.series_uid] = placeholder(series.kind, THUMBNAIL)
        self._show_picture(item)
        sentences = [describe_finding(finding) for finding in series.findings]
        item.setToolTip(0, plain_tip("\n\n".join([text, *sentences])))
        if series.kind in ASIDE:
            item.setForeground(0, QColor(QUIET))
        return item

    def _choose(self, item: QTreeWidgetItem) -> None:
        series = item.data(0, SERIES_ROLE)
        if series is not None:
            self.series_chosen.emit(series)

    def _choose_recent(self, index: int) -> None:
        folder = self.recent.itemData(index)
        self.recent.setCurrentIndex(-1)
        self.folder_chosen.emit(Path(folder))

    def _ask_menu(self, at: QPoint) -> None:
        item = self.tree.itemAt(at)
        viewport = self.tree.viewport()
        if item is not None and item.data(0, SERIES_ROLE) is not None and viewport is not None:
            self.menu_requested.emit(viewport.mapToGlobal(at))

    def _show_details(self) -> None:
        chosen = self.chosen_series
        self.details.show_chosen(chosen)

    def _show_matching(self, wanted: str) -> None:
        """Hide what does not match, and branches that are left without a series."""
        for item in self._items.values():
            series, around = item.data(0, SERIES_ROLE), item.data(0, AROUND_ROLE)
            item.setHidden(not matches(series, around, wanted))
        root = self.tree.invisibleRootItem()
        for patient in _children(root):
            for study in _children(patient):
                study.setHidden(all(item.isHidden() for item in _children(study)))
            patient.setHidden(all(study.isHidden() for study in _children(patient)))


def _children(item: QTreeWidgetItem | None) -> list[QTreeWidgetItem]:
    found = [item.child(n) for n in range(item.childCount())] if item is not None else []
    return [child for child in found if child is not None]
