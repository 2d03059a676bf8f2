"""Where commands act in the window: long work as jobs, questions as dialogs, refusals as notices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFileDialog, QMessageBox

from app.commands.command import Command
from app.commands.helping import Aid
from app.exporting import ExportChoice
from app.given import SurfaceFacts
from app.identity import Sameness
from app.jobs import JobRunner
from app.measures.resecting import ResectionWish
from app.moving import ReconstructCine
from app.reconstruction import Reconstruct
from app.report.choice import ReportChoice
from app.session import Session
from app.views.about import show_about
from app.views.export_dialog import ExportDialog
from app.views.report_dialog import ReportDialog
from app.views.resection_dialog import ResectionDialog
from app.views.same_patient import make_question
from app.views.surface_dialog import SurfaceDialog
from app.views.table_dialog import TableDialog
from app.views.text_dialog import TextDialog
from core.errors import PlannerError
from core.progress import Progress
from core.study import Patient, Series
from render.scene import CameraView

if TYPE_CHECKING:
    from app.views.main_window import MainWindow

ResultT = TypeVar("ResultT")


class QtDesk:
    """The desk of one window."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        reconstruct: Reconstruct,
        reconstruct_cine: ReconstructCine,
    ) -> None:
        self.session = session
        self.reconstruct = reconstruct
        self.reconstruct_cine = reconstruct_cine
        self.jobs = JobRunner(window)
        self._window = window

    @property
    def is_busy(self) -> bool:
        """True while long work runs."""
        return self.jobs.is_busy

    @property
    def chosen_series(self) -> tuple[Series, ...]:
        """The series marked in the study browser."""
        return self._window.browser.chosen_series

    def do(self, command: Command) -> None:
        """Run a command; a refusal becomes a notice."""
        self.attempt(lambda: command.run(self))

    def attempt(self, action: Callable[[], object]) -> None:
        """Do what a user asked for; a refusal becomes a notice."""
        try:
            action()
        except PlannerError as refusal:
            self.session.refuse(refusal)

    def run(self, title: str, work: Callable[[Progress], ResultT], then: Callable[[ResultT], None]) -> None:
        """Start long work. Raises PlannerError while other work runs: a reconstruction is not thrown away."""
        if self.jobs.current is not None:
            raise PlannerError(
                f"{title.lower()} has not started",
                f"{self.jobs.current.title.lower()} is still running",
                "wait for it, or cancel it first",
            )
        self.jobs.start(title, work, lambda result: self.attempt(lambda: then(result)), self.session.refuse)

    def cancel(self) -> None:
        """Stop the long work that runs."""
        self.jobs.cancel()

    def ask_folder(self, title: str) -> Path | None:
        """Let the user choose a folder that exists."""
        path = QFileDialog.getExistingDirectory(self._window, title, self._start_folder())
        return Path(path) if path else None

    def ask_new_folder(self, title: str, name: str) -> Path | None:
        """Let the user name a new folder."""
        start = str(Path(self._start_folder()) / name)
        path, _ = QFileDialog.getSaveFileName(self._window, title, start, "Auricle case (*.auricle)")
        return Path(path) if path else None

    def ask_new_file(self, title: str, name: str, pattern: str) -> Path | None:
        """Let the user name a file to write."""
        start = str(Path(self._start_folder()) / name)
        path, _ = QFileDialog.getSaveFileName(self._window, title, start, pattern)
        return Path(path) if path else None

    def ask_file(self, title: str, pattern: str) -> Path | None:
        """Let the user choose a file that exists."""
        path, _ = QFileDialog.getOpenFileName(self._window, title, self._start_folder(), pattern)
        return Path(path) if path else None

    def ask_surface_facts(self, paths: Sequence[Path]) -> SurfaceFacts | None:
        """Let the user say in which unit and space surface files are written."""
        return SurfaceDialog.ask(self._window, tuple(path.name for path in paths))

    def ask_export(self, formats: tuple[str, ...]) -> ExportChoice | None:
        """Let the user choose what is written, where, and whether the patient stays in."""
        return ExportDialog.ask(self._window, formats)

    def ask_report(self, is_patient_known: bool, then: Callable[[ReportChoice], None]) -> None:
        """A small window beside the views, which stay alive."""
        start = Path(self._start_folder()) / "report.pdf"
        dialog = ReportDialog(start, is_patient_known, self._window)
        dialog.chosen.connect(lambda choice: self.attempt(lambda: then(choice)))
        dialog.show()

    def ask_text(self, title: str, text: str, then: Callable[[str], None]) -> None:
        """A small window beside the views, which stay alive."""
        dialog = TextDialog(title, text, self._window)
        dialog.chosen.connect(lambda kept: self.attempt(lambda: then(kept)))
        dialog.show()

    def camera(self) -> CameraView | None:
        """Where the 3-D view looks from."""
        return self._window.planning.scene.camera()

    def picture(self) -> np.ndarray | None:
        """The 3-D view as it is drawn."""
        return self._window.planning.scene.picture()

    def confirm(self, question: str, consequence: str) -> bool:
        """Ask before something is lost."""
        box = QMessageBox(self._window)
        box.setText(question)
        box.setInformativeText(consequence)
        box.setStandardButtons(QMessageBox.StandardButton.Discard | QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(QMessageBox.StandardButton.Cancel)
        return box.exec() == QMessageBox.StandardButton.Discard

    def confirm_same_patient(self, fixed: Patient | None, moving: Patient | None, found: Sameness) -> bool:
        """Let the user compare both identities and say whether they are one patient."""
        box = make_question(self._window, fixed, moving, found)
        return box.exec() == QMessageBox.StandardButton.Yes

    def ask_first(self, question: str, consequence: str, then: Callable[[], None]) -> None:
        """Ask before something is put aside; the window goes on drawing, and `then` is done on a yes."""
        box = QMessageBox(self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setText(question)
        box.setInformativeText(consequence)
        box.setStandardButtons(QMessageBox.StandardButton.Ok | QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(QMessageBox.StandardButton.Cancel)
        box.accepted.connect(lambda: self.attempt(then))
        box.open()

    def seek(self, moment: int) -> None:
        """Show another phase or frame as soon as it is loaded."""
        self._window.player.seek(moment)

    def ask_resection(
        self, preview: Callable[[ResectionWish], str], then: Callable[[ResectionWish], None]
    ) -> None:
        """A small window beside the views, which stay alive."""
        dialog = ResectionDialog(preview, self._window)
        dialog.chosen.connect(lambda wish: self.attempt(lambda: then(wish)))
        dialog.show()

    def show_table(self, title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A window beside the views."""
        TableDialog(title, headings, rows, self._window).show()

    def reset_views(self) -> None:
        """Show everything again, in all views."""
        self._window.planning.reset()

    def show_library(self) -> None:
        """Bring the case library to the front, as it is now."""
        self._window.tabs.setCurrentWidget(self._window.library)
        self._window.library_desk.refresh()

    def show_planning(self) -> None:
        """Bring slices and 3-D view to the front."""
        self._window.tabs.setCurrentWidget(self._window.planning)

    def show_pacs(self) -> None:
        """Open the window on archives."""
        self._window.pacs_desk.show()

    def show_aid(self, aid: Aid) -> None:
        """Open a window that helps and changes nothing of the patient."""
        self._window.aids.show(aid)

    def show_about(self) -> None:
        """Say what this program is and what it is not for."""
        show_about(self._window, _version())

    def quit(self) -> None:
        """Close the window."""
        self._window.close()

    def _start_folder(self) -> str:
        recent = self.session.settings.recent_studies
        return str(Path(recent[0]).parent) if recent else str(Path.home())


def _version() -> str:
    try:
        return version("auricle")
    except PackageNotFoundError:
        return "from source"
