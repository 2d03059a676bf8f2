"""The study browser: patients, studies and series with thumbnails; open or drop a folder, or a recent one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QIcon, QImage, QPixmap
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.describe import describe_patient, describe_series, describe_study
from app.views.icons import icon
from app.views.labels import plain_label
from core.study import ScanResult, Series

THUMBNAIL = 56
SERIES_ROLE = Qt.ItemDataRole.UserRole


class StudyBrowser(QWidget):
    """Lists what a folder holds; emits folders and series that the user wants open."""

    browse_requested = pyqtSignal()
    folder_chosen = pyqtSignal(object)
    series_chosen = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("browser")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._items: dict[str, QTreeWidgetItem] = {}
        self._open = QPushButton(icon("folder"), "Open folder…")
        self._open.clicked.connect(self.browse_requested)
        self.recent = QComboBox()
        self.recent.setPlaceholderText("Recent studies")
        self.recent.activated.connect(self._choose_recent)
        self.tree = self._make_tree()
        self._hint = plain_label(
            "Open a folder of DICOM, NIfTI, NRRD or MHA files,\nor drop one here.", "quiet"
        )
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 6, 8)
        for widget in (plain_label("Studies", "heading"), self._open, self.recent, self.tree, self._hint):
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
        self._hint.setVisible(scan is None)
        for number, patient in enumerate(scan.patients if scan else (), start=1):
            owner = self._branch(self.tree.invisibleRootItem(), describe_patient(patient, number))
            for study in patient.studies:
                branch = self._branch(owner, describe_study(study))
                for series in study.series:
                    self._items[series.series_uid] = self._leaf(branch, series)

    def show_recent(self, folders: tuple[str, ...]) -> None:
        """Offer folders that were opened before."""
        self.recent.clear()
        for folder in folders:
            self.recent.addItem(Path(folder).name or folder, folder)
            self.recent.setItemData(self.recent.count() - 1, folder, Qt.ItemDataRole.ToolTipRole)
        self.recent.setCurrentIndex(-1)
        self.recent.setEnabled(bool(folders))

    def show_open_series(self, series: Series | None) -> None:
        """Mark the series that is open."""
        for uid, item in self._items.items():
            font = item.font(0)
            font.setBold(series is not None and uid == series.series_uid)
            item.setFont(0, font)

    def show_thumbnail(self, series_uid: str, grey: np.ndarray) -> None:
        """Put a picture, uint8 (n, n), before a series."""
        item = self._items.get(series_uid)
        if item is not None:
            height, width = grey.shape
            image = QImage(grey.tobytes(), width, height, width, QImage.Format.Format_Grayscale8)
            item.setIcon(0, QIcon(QPixmap.fromImage(image)))

    def _make_tree(self) -> QTreeWidget:
        tree = QTreeWidget()
        tree.setHeaderHidden(True)
        tree.setIconSize(QSize(THUMBNAIL, THUMBNAIL))
        tree.setIndentation(12)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        tree.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        tree.itemActivated.connect(self._choose)
        return tree

    @staticmethod
    def _branch(parent: QTreeWidgetItem | None, text: str) -> QTreeWidgetItem:
        item = QTreeWidgetItem(parent, [text])
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        item.setExpanded(True)
        return item

    @staticmethod
    def _leaf(parent: QTreeWidgetItem, series: Series) -> QTreeWidgetItem:
        item = QTreeWidgetItem(parent, [describe_series(series)])
        item.setData(0, SERIES_ROLE, series)
        blank = QPixmap(THUMBNAIL, THUMBNAIL)
        blank.fill(Qt.GlobalColor.black)
        item.setIcon(0, QIcon(blank))
        if series.findings:
            item.setToolTip(0, "\n".join(finding.what for finding in series.findings))
        return item

    def _choose(self, item: QTreeWidgetItem) -> None:
        series = item.data(0, SERIES_ROLE)
        if series is not None:
            self.series_chosen.emit(series)

    def _choose_recent(self, index: int) -> None:
        folder = self.recent.itemData(index)
        self.recent.setCurrentIndex(-1)
        self.folder_chosen.emit(Path(folder))
