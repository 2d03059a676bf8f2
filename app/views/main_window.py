"""The window: puts the views together and passes their wishes to commands and session."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import QByteArray, QPoint, QSize, Qt, QTimer
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import (
    QMainWindow,
    QMenu,
    QSplitter,
    QTabWidget,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.commands import library, study
from app.commands.table import CLIP_TOOLS, SERIES_MENU
from app.jobs import JobRunner
from app.labels.edited import without_stale
from app.moving import ReconstructCine, reconstruct_cine
from app.reconstruction import Reconstruct
from app.session import Session
from app.state import State
from app.views.accessible import name_controls
from app.views.actions import Actions
from app.views.aids.aids import Aids
from app.views.ar.desk import ArDesk
from app.views.ar.view import ArView
from app.views.cycle_suggester import CycleSuggester
from app.views.desk import QtDesk
from app.views.icons import icon
from app.views.labels import plain_label
from app.views.library.desk import LibraryDesk
from app.views.library.page import LibraryPage
from app.views.notices import NoticeBar
from app.views.pacs.desk import PacsDesk
from app.views.plan_list import PlanList
from app.views.planning import PlanningPage
from app.views.player import Player
from app.views.preload import preload_3d
from app.views.progress import ProgressStrip
from app.views.sheets.dock import SheetDock
from app.views.sheets.worker import SheetWorker
from app.views.structures import StructureList
from app.views.study_browser import THUMBNAIL, StudyBrowser
from app.views.surface_updater import SurfaceUpdater
from app.views.thumbnails import Thumbnails
from app.views.wall_updater import WallUpdater
from app.views.wishes import connect_wishes
from core.resources import RESEARCH_NOTICE

SIZE = QSize(1600, 1000)
SIDES = (310, 950, 340)
NARROWEST_LIST, NARROWEST_PAGE = 300, 600
LONGEST_GOODBYE_S = 30.0
# Narrower than this, the open sheet takes the place of the list of studies.
WIDE_PX = 1700
SEEN_BY_PLAN_LIST = ("volume", "history", "dragged", "selected_id", "anatomy")
SEEN_BY_AR = ("anatomy", "history", "view", "dragged")


class MainWindow(QMainWindow):
    """One window on one session."""

    def __init__(
        self,
        session: Session,
        reconstruct: Reconstruct,
        reconstruct_cine: ReconstructCine = reconstruct_cine,
    ) -> None:
        super().__init__()
        self.session = session
        self.setWindowTitle("Auricle")
        self.setAcceptDrops(True)
        self.browser = StudyBrowser()
        self.planning = PlanningPage()
        self.structures = StructureList()
        self.plan_list = PlanList()
        self.sheet = SheetDock(self)
        self.sheet_worker = SheetWorker(self)
        self.ar = ArView()
        self.library = LibraryPage()
        self.notices = NoticeBar()
        self.progress = ProgressStrip()
        self.desk = QtDesk(self, session, reconstruct, reconstruct_cine)
        self.ar_desk = ArDesk(self)
        self.actions_ = Actions(self, self.desk.do, session.settings.shortcuts)
        self.aids = Aids(self)
        self.library_desk = LibraryDesk(self, self.library)
        self.pacs_desk = PacsDesk(self)
        self.thumbnails = Thumbnails(THUMBNAIL, self)
        self.player = Player(self)
        self.suggester = CycleSuggester(self)
        self.surface_updater = SurfaceUpdater(session, self)
        self.wall_updater = WallUpdater(self)
        self._loader = JobRunner(self)
        self._is_scene_wanted, self._is_closed = True, False
        for runner in (self.desk.jobs, self.player.jobs, self.suggester.jobs):
            self.thumbnails.yield_to(runner)
        self._lay_out()
        connect_wishes(self)
        self.desk.jobs.started.connect(self.progress.follow)
        self.desk.jobs.started.connect(self._refresh_actions)
        self.desk.jobs.ended.connect(self._refresh_actions)
        self._restore()
        for is_exact in (self.planning.scene.ready, self.planning.scene.cut_maker.made):
            is_exact.connect(lambda: self.ar.show_state(self.session.state))
        self._unwatch = session.watch(self._show_change)
        self._show_all(session.state)
        name_controls(self)

    def open_folder(self, folder: Path) -> None:
        """Open a study or a case: a folder, an archive, a DICOMDIR or a file."""
        self.open_paths((folder,))

    def open_paths(self, paths: tuple[Path, ...]) -> None:
        """Open what was dropped or chosen."""
        self.desk.attempt(lambda: study.open_paths(self.desk, paths))

    def show_series_menu(self, at: QPoint) -> None:
        """What can be done with the series under the pointer."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions(self.actions_.by_key[key] for key in SERIES_MENU)
        menu.popup(at)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """The 3-D library is slow to import: fetched in a thread once the window has been seen."""
        super().paintEvent(event)
        if self._is_scene_wanted:
            self._is_scene_wanted = False
            QTimer.singleShot(0, self._fetch_3d)

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Leave nothing behind: no thread, no timer, no file that is held."""
        if event is None or self._is_closed:
            return
        if not study.may_leave(self.desk):
            event.ignore()
            return
        self._is_closed = True
        self._remember()
        self._unwatch()
        # Gone for the user at once; an import that runs in a thread cannot be cut short.
        self.hide()
        self.ar.close_view()
        self.ar_desk.close()
        for jobs in (
            self.player,
            self.suggester,
            self.surface_updater,
            self.sheet_worker,
            self.wall_updater,
            self.thumbnails,
            self.library_desk,
            self.pacs_desk,
            self._loader,
            self.desk.jobs,
        ):
            jobs.close(LONGEST_GOODBYE_S)
        self.planning.scene.close_scene()
        self.session.close()
        event.accept()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """A narrow window shows the sheet or the studies, not both."""
        super().resizeEvent(event)
        self._share_width()

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Folders and files may be dropped."""
        if event is not None and _dropped(event) and not self.desk.is_busy:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Open what was dropped, together."""
        paths = _dropped(event) if event is not None else ()
        if paths:
            self.open_paths(paths)

    def _fetch_3d(self) -> None:
        self._loader.start("3-D view", preload_3d, lambda _: self.planning.scene.build(), self.session.refuse)

    def _show_change(self, before: State, after: State) -> None:
        self.actions_.refresh(after, self.desk.is_busy)
        if after.scan is not before.scan:
            self.browser.show_scan(after.scan)
            self.thumbnails.make(after.scan)
            self.browser.show_recent(self.session.settings.recent_studies)
        if after.shown_series is not before.shown_series or after.scan is not before.scan:
            self.browser.show_open_series(after.shown_series)
        if after.anatomy is not before.anatomy:
            self.structures.show_anatomy(after.anatomy)
            self.structures.show_view(after.view)
        if after.view is not before.view:
            self.structures.show_view(after.view)
        if any(getattr(after, name) is not getattr(before, name) for name in SEEN_BY_PLAN_LIST):
            self._show_plan(after)
        has_turned = (after.sheet is None) != (before.sheet is None)
        # Of the list and the sheet the one that goes makes room first: both together would widen a small window.
        if has_turned and after.sheet is not None:
            self._share_width()
        self._show_sheet(after)
        if has_turned and after.sheet is None:
            self._share_width()
        self.planning.show_state(after)
        self.player.show_state(after)
        self.surface_updater.show_state(after)
        self.wall_updater.show_state(after)
        if any(getattr(after, name) is not getattr(before, name) for name in SEEN_BY_AR):
            self.ar.show_state(after)
        self.ar_desk.show_change(before, after)
        if after.notices != before.notices:
            n_common = _n_common(before.notices, after.notices)
            if not n_common:
                self.notices.clear()
            self.notices.add(after.notices[n_common:])
        self.aids.tour.show_state(after)
        library.remember_case(self.session, before, after)
        self._show_title(after)

    def _show_all(self, state: State) -> None:
        self.browser.show_scan(state.scan)
        self.browser.show_recent(self.session.settings.recent_studies)
        self.structures.show_anatomy(state.anatomy)
        self.structures.show_view(state.view)
        self._show_plan(state)
        self._show_sheet(state)
        self.planning.show_state(state)
        self.actions_.refresh(state, self.desk.is_busy)
        self._show_title(state)

    def _show_sheet(self, state: State) -> None:
        sd_mm = self.session.settings.landmark_sd_mm
        self.sheet.show_state(state, sd_mm)
        self.sheet_worker.show_state(state, sd_mm)

    def _share_width(self) -> None:
        is_shown = self.session.state.sheet is None or self.width() >= WIDE_PX
        if is_shown == self.browser.isHidden():
            self._activate_layouts()
            self.browser.setVisible(is_shown)
            # At once: the dock that comes next would still make room for a list that is gone, and widen the window.
            self._sides.refresh()
            self._activate_layouts()

    def _activate_layouts(self) -> None:
        for widget in (self.centralWidget(), self):
            layout = widget.layout() if widget is not None else None
            if layout is not None:
                layout.activate()

    def _show_plan(self, state: State) -> None:
        # The bands of a point that is held come when it is let go: drawing it again 500 times takes a moment.
        sd_mm = None if state.dragged is not None else self.session.settings.landmark_sd_mm
        anatomy = without_stale(state.anatomy)
        # What a hand before the camera holds is listed once it is placed.
        is_new = state.dragged is not None and all(
            item.item_id != state.dragged.item_id for item in state.plan.items
        )
        shown_plan = state.plan if is_new else state.shown_plan
        self.plan_list.show_plan(shown_plan, state.selected_id, anatomy, sd_mm, state.volume)

    def show_looks(self) -> None:
        """Show everything again in the colours that are used now."""
        self._show_all(self.session.state)
        self.notices.show_again()

    def _show_title(self, state: State) -> None:
        name = state.case.stem if state.case else (state.folder.name if state.folder else "")
        self.setWindowTitle(f"{name}{'' if state.is_saved else ' *'} – Auricle" if name else "Auricle")

    def _lay_out(self) -> None:
        self.resize(SIZE)
        bar = QToolBar("Tools")
        bar.setObjectName("toolbar")
        bar.setMovable(False)
        bar.setIconSize(QSize(20, 20))
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.actions_.fill_toolbar(bar)
        self.addToolBar(bar)
        extension = bar.findChild(QToolButton, "qt_toolbar_ext_button")
        if extension is not None:
            # Qt's own arrow is dark on dark: what does not fit would seem not to be there.
            extension.setIcon(icon("more"))
            extension.setProperty("flat", True)
        self.planning.clip_tools.addActions(self.actions_.by_key[key] for key in CLIP_TOOLS)
        menus = self.menuBar()
        if menus is not None:
            self.actions_.fill_menus(menus)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.planning, "Plan")
        self.tabs.addTab(self.ar, "Augmented reality")
        self.tabs.addTab(self.library, "Case library")
        for page in (self.ar, self.library):
            # A page that is not shown must not widen the window: beside an open sheet a small screen has no more.
            page.setMinimumWidth(NARROWEST_PAGE)
        right = self._lists = QSplitter(Qt.Orientation.Vertical)
        right.addWidget(self.structures)
        right.addWidget(self.plan_list)
        right.setSizes([380, 520])
        right.setChildrenCollapsible(False)
        self._sides = QSplitter()
        for widget in (self.browser, self.tabs, right):
            self._sides.addWidget(widget)
        self.browser.setMinimumWidth(NARROWEST_LIST)
        self._sides.setSizes(list(SIDES))
        self._sides.setStretchFactor(1, 1)
        self._sides.setHandleWidth(4)
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.notices)
        layout.addWidget(self._sides, 1)
        self.setCentralWidget(centre)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, self.sheet)
        self.sheet.hide()
        status = self.statusBar()
        if status is not None:
            status.setSizeGripEnabled(False)
            status.addWidget(self.progress)
            notice = plain_label(RESEARCH_NOTICE, "notice")
            notice.setContentsMargins(0, 0, 12, 0)
            status.addPermanentWidget(notice)

    def _refresh_actions(self) -> None:
        self.actions_.refresh(self.session.state, self.desk.is_busy)

    def _restore(self) -> None:
        settings = self.session.settings
        for name, part in self._parts().items():
            part.restoreState(
                QByteArray.fromBase64(settings.window_parts.get(name, "").encode("ascii", "ignore"))
            )
        # Which sheet is open is no matter of the window's state.
        self.sheet.hide()
        self.restoreGeometry(QByteArray.fromBase64(settings.window_geometry.encode("ascii", "ignore")))
        self.ar.fields.show_texts(settings.ar_source, settings.ar_board, settings.ar_camera)

    def _remember(self) -> None:
        geometry = _as_text(self.saveGeometry())
        parts = {name: _as_text(part.saveState()) for name, part in self._parts().items()}
        settings = replace(self.session.settings, window_geometry=geometry, window_parts=parts)
        self.session.remember(settings)

    def _parts(self) -> dict[str, QMainWindow | QSplitter]:
        """What the user moves and finds again at the next start."""
        return {"docks": self, "sides": self._sides, "lists": self._lists}


def _as_text(state: QByteArray) -> str:
    return bytes(state.toBase64().data()).decode("ascii")


def _dropped(event: QDragEnterEvent | QDropEvent) -> tuple[Path, ...]:
    data = event.mimeData()
    return tuple(Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()) if data else ()


def _n_common(before: tuple[object, ...], after: tuple[object, ...]) -> int:
    return len(before) if after[: len(before)] == before else 0
