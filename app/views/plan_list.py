"""The items of the plan: select, show, lock, rename, remove; each with its measure."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QPoint, QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.describe import describe_item, item_lines, structure_title
from app.found_root import spread_mm
from app.views.icons import icon
from app.views.labels import plain_label
from core.anatomy import Anatomy
from core.volume import Volume
from plan.edits import kind_title
from plan.items import (
    Angle,
    AorticRoot,
    Contour,
    Cut,
    CutPlane,
    Distance,
    Item,
    Landmark,
    PlaneAngle,
    Polyline,
)
from plan.plan import Plan
from plan.sheet_items import SHEET_TITLES
from plan.surface_items import Ball, CutBox, CutCurve, Gap, Resection, StructureVolume, SurfacePath

ICONS = {
    CutPlane: "plane",
    CutBox: "box",
    CutCurve: "cut_curve",
    SurfacePath: "geodesic",
    Gap: "gap",
    Ball: "ball",
    StructureVolume: "volume",
    Resection: "resect",
    Distance: "ruler",
    Angle: "angle",
    Landmark: "pin",
    Polyline: "polyline",
    Contour: "contour",
    PlaneAngle: "angle",
    AorticRoot: "valve",
    **dict.fromkeys(SHEET_TITLES, "valve"),
}
ID_ROLE = Qt.ItemDataRole.UserRole


class PlanList(QWidget):
    """Lists the plan's items; emits what the user wants done with one."""

    selected = pyqtSignal(object)
    visited = pyqtSignal(str)
    renamed = pyqtSignal(str, str)
    shown_requested = pyqtSignal(str, bool)
    locked_requested = pyqtSignal(str, bool)
    remove_requested = pyqtSignal(str)
    angle_requested = pyqtSignal(str, str)
    sheet_requested = pyqtSignal(str)
    laid_requested = pyqtSignal(str, str)
    spared_requested = pyqtSignal(str, str, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("plan")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._is_filling = False
        self._shown: dict[str, tuple[Item, QTreeWidgetItem]] = {}
        self._plan = Plan()
        self._structures: tuple[str, ...] = ()
        self.find_targets: Callable[[], tuple[str, ...]] = tuple
        self.tree = self._make_tree()
        self._empty = plain_label("Cut planes and measures appear here.", "quiet")
        self.details = plain_label("", "quiet")
        self.details.setWordWrap(True)
        self.details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 10, 8)
        for widget in (plain_label("Plan", "heading"), self._empty, self.tree, self.details):
            layout.addWidget(widget)
        layout.setStretchFactor(self.tree, 1)

    def show_plan(
        self,
        plan: Plan,
        selected_id: str | None,
        anatomy: Anatomy | None = None,
        sd_mm: float | None = None,
        volume: Volume | None = None,
    ) -> None:
        """List the items of a plan. Rows stay where they are: one of them may be asking for this right now.

        Args:
            anatomy: whose structures the selected cut plane is measured on.
            sd_mm: standard deviation of a placed landmark, for the bands; None: values without bands.
            volume: whose grey values are counted inside the selected contour or ball.
        """
        self._is_filling = True
        self._plan = plan
        self._structures = tuple(anatomy.surfaces) if anatomy is not None else ()
        self._empty.setVisible(not plan.items)
        wanted = {item.item_id: item for item in plan.items}
        if [key for key in wanted if key in self._shown] != [key for key in self._shown if key in wanted]:
            wanted = {}
        for key in [key for key in self._shown if key not in wanted]:
            _, row = self._shown.pop(key)
            self.tree.takeTopLevelItem(self.tree.indexOfTopLevelItem(row))
        for place, item in enumerate(plan.items):
            self._show_item(place, item, spread_mm(item, anatomy, sd_mm))
        self._shown = {item.item_id: self._shown[item.item_id] for item in plan.items}
        for key, (_, row) in self._shown.items():
            row.setSelected(key == selected_id)
        chosen = _item_of(plan, selected_id)
        spread = spread_mm(chosen, anatomy, sd_mm) if chosen is not None else None
        lines = item_lines(chosen, plan, anatomy, spread, volume) if chosen is not None else ()
        self.details.setText("\n".join(lines))
        self.details.setVisible(bool(lines))
        self._is_filling = False

    def texts(self) -> list[tuple[str, str]]:
        """Name and measure of each row."""
        rows = [self.tree.topLevelItem(n) for n in range(self.tree.topLevelItemCount())]
        return [(row.text(0), row.text(1)) for row in rows if row is not None]

    def _make_tree(self) -> QTreeWidget:
        tree = QTreeWidget()
        tree.setHeaderHidden(True)
        tree.setRootIsDecorated(False)
        tree.setColumnCount(3)
        tree.setAccessibleName("Plan")
        tree.setIconSize(QSize(18, 18))
        tree.setEditTriggers(QTreeWidget.EditTrigger.EditKeyPressed)
        header = tree.header()
        if header is not None:
            header.setStretchLastSection(False)
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
            header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
            header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        tree.itemSelectionChanged.connect(self._select)
        tree.itemDoubleClicked.connect(lambda row: self.visited.emit(row.data(0, ID_ROLE)))
        tree.itemChanged.connect(self._rename)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.customContextMenuRequested.connect(self._open_menu)
        return tree

    def _show_item(self, place: int, item: Item, sd_mm: float | None) -> None:
        old, row = self._shown.get(item.item_id, (None, None))
        if row is None:
            row = QTreeWidgetItem()
            row.setData(0, ID_ROLE, item.item_id)
            row.setIcon(0, icon(ICONS[type(item)]))
            row.setToolTip(0, f"{kind_title(item).capitalize()}; double-click to go there, F2 to rename")
            row.setFlags(row.flags() | Qt.ItemFlag.ItemIsEditable)
            row.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.tree.insertTopLevelItem(place, row)
        measure = describe_item(item, self._plan, sd_mm)
        if row.text(1) != measure:
            row.setText(1, measure)
        if old != item:
            row.setText(0, item.name)
            self.tree.setItemWidget(row, 2, self._buttons(item))
        self._shown[item.item_id] = (item, row)

    def _buttons(self, item: Item) -> QWidget:
        holder = QWidget()
        holder.setStyleSheet("background: transparent;")
        layout = QHBoxLayout(holder)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        key = item.item_id
        if isinstance(item, Cut):
            shown = self._button("eye" if item.is_active else "eye_off", "Cut or do not cut", holder)
            shown.clicked.connect(lambda _, on=not item.is_active: self.shown_requested.emit(key, on))
            locked = self._button("lock" if item.is_locked else "unlock", "Lock or unlock", holder)
            locked.clicked.connect(lambda _, on=not item.is_locked: self.locked_requested.emit(key, on))
            layout.addWidget(shown)
            layout.addWidget(locked)
        remove = self._button("bin", "Remove", holder)
        remove.clicked.connect(lambda: self.remove_requested.emit(key))
        layout.addStretch(1)
        layout.addWidget(remove)
        return holder

    @staticmethod
    def _button(name: str, tip: str, parent: QWidget) -> QToolButton:
        button = QToolButton(parent)
        button.setIcon(icon(name))
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setProperty("flat", True)
        return button

    def menu_for(self, item: Item) -> QMenu:
        """What else can be done with an item: the angles it can have, the sheet it belongs to."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if isinstance(item, Cut):
            self._add_cut_menus(menu, item)
        planes = [plane for plane in self._plan.of_type(CutPlane) if plane.item_id != item.item_id]
        if isinstance(item, CutPlane | Distance):
            for plane in planes:
                action = menu.addAction(f"Angle with {plane.name}".replace("&", "&&"))
                if action is not None:
                    ids = (plane.item_id, item.item_id)
                    action.triggered.connect(lambda _, ids=ids: self.angle_requested.emit(*ids))
        if isinstance(item, AorticRoot) or type(item) in SHEET_TITLES:
            action = menu.addAction("Open the sheet")
            if action is not None:
                action.triggered.connect(lambda: self.sheet_requested.emit(item.item_id))
        return menu

    def _add_cut_menus(self, menu: QMenu, cut: Cut) -> None:
        """Which structures it cuts, and for a plane where it can be laid."""
        titles = self.find_targets() if isinstance(cut, CutPlane) else ()
        laid = menu.addMenu("Lay on") if titles else None
        for title in titles:
            action = laid.addAction(title.replace("&", "&&")) if laid is not None else None
            if action is not None:
                ids = (cut.item_id, title)
                action.triggered.connect(lambda _, ids=ids: self.laid_requested.emit(*ids))
        cuts = menu.addMenu("Cuts") if self._structures else None
        for key in self._structures:
            action = cuts.addAction(structure_title(key).replace("&", "&&")) if cuts is not None else None
            if action is not None:
                action.setCheckable(True)
                action.setChecked(key not in cut.spared)
                ids = (cut.item_id, key)
                action.toggled.connect(lambda on, ids=ids: self.spared_requested.emit(*ids, not on))

    def _open_menu(self, at: QPoint) -> None:
        row, port = self.tree.itemAt(at), self.tree.viewport()
        item = _item_of(self._plan, row.data(0, ID_ROLE)) if row is not None else None
        if item is not None and port is not None:
            menu = self.menu_for(item)
            if menu.isEmpty():
                menu.deleteLater()
            else:
                menu.popup(port.mapToGlobal(at))

    def _select(self) -> None:
        if not self._is_filling:
            rows = self.tree.selectedItems()
            self.selected.emit(rows[0].data(0, ID_ROLE) if rows else None)

    def _rename(self, row: QTreeWidgetItem) -> None:
        if not self._is_filling:
            self.renamed.emit(row.data(0, ID_ROLE), row.text(0))


def _item_of(plan: Plan, item_id: str | None) -> Item | None:
    """The item with this id, if it is in the plan."""
    return next((item for item in plan.items if item.item_id == item_id), None)
