"""What an archive has found: studies that unfold to their series."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QAbstractItemView, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from imaging.network.query import Level, Match, Target

COLUMNS = ("Patient", "ID", "Date", "Modality", "Description", "Images")
MATCH_ROLE = Qt.ItemDataRole.UserRole


class PacsResults(QTreeWidget):
    """Lists matches; emits the studies whose series are wanted. Text is shown as it is, never as HTML."""

    series_wanted = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setColumnCount(len(COLUMNS))
        self.setHeaderLabels(COLUMNS)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setUniformRowHeights(True)
        header = self.header()
        if header is not None:
            header.setStretchLastSection(False)
            header.setSectionResizeMode(4, QHeaderView.ResizeMode.Stretch)
        for column, width in enumerate((220, 110, 100, 90, 240, 70)):
            self.setColumnWidth(column, width)
        self.itemExpanded.connect(self._ask_for_series)

    @property
    def targets(self) -> tuple[Target, ...]:
        """What is marked; a study stands for all of its series."""
        matches = [item.data(0, MATCH_ROLE) for item in self.selectedItems()]
        studies = {match.study_uid for match in matches if match.level is Level.STUDY}
        whole = [Target(uid) for uid in sorted(studies)]
        parts = [Target(m.study_uid, m.series_uid) for m in matches if m.study_uid not in studies]
        return (*whole, *parts)

    def show_studies(self, studies: Sequence[Match]) -> None:
        """List studies, the newest first."""
        self.clear()
        for study in sorted(studies, key=lambda study: study.date, reverse=True):
            name = " ".join(part for part in study.patient_name.split("^") if part)
            item = self._item(study, (name, study.patient_id, _date(study.date)))
            item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)
            self.addTopLevelItem(item)

    def show_series(self, study_uid: str, series: Sequence[Match]) -> None:
        """List the series of one study below it."""
        for item in self._studies():
            if item.data(0, MATCH_ROLE).study_uid == study_uid:
                item.takeChildren()
                for number, one in enumerate(sorted(series, key=lambda s: s.series_number or 0), start=1):
                    # An archive may leave out the study's UID below its level.
                    item.addChild(self._item(one, (f"Series {one.series_number or number}", "", "")))
                item.setExpanded(True)

    def _studies(self) -> list[QTreeWidgetItem]:
        items = [self.topLevelItem(row) for row in range(self.topLevelItemCount())]
        return [item for item in items if item is not None]

    def _ask_for_series(self, item: QTreeWidgetItem) -> None:
        if item.parent() is None and item.childCount() == 0:
            self.series_wanted.emit(item.data(0, MATCH_ROLE))

    @staticmethod
    def _item(match: Match, owner: tuple[str, str, str]) -> QTreeWidgetItem:
        count = "" if match.n_images is None else str(match.n_images)
        item = QTreeWidgetItem([*owner, " ".join(match.modalities), match.description, count])
        item.setTextAlignment(5, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        item.setData(0, MATCH_ROLE, match)
        return item


def _date(date: str) -> str:
    return f"{date[:4]}-{date[4:6]}-{date[6:8]}" if len(date) == 8 else date
