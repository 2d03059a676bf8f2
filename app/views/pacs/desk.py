"""Turns the wishes of the PACS window into jobs and steps; nothing waits for a network in the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QFileDialog, QInputDialog, QLineEdit

from app.commands import pacs
from app.jobs import JobRunner
from app.settings import Settings
from app.views.pacs.dialog import PacsDialog
from app.views.pacs.node_dialog import NodeDialog
from core.errors import PlannerError
from core.progress import Progress
from imaging.network.node import WEB, Node
from imaging.network.query import Match, Query, Target

if TYPE_CHECKING:
    from app.views.main_window import MainWindow

ResultT = TypeVar("ResultT")


class PacsDesk(QObject):
    """The PACS window of one main window, made when it is first asked for."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._session = window, window.session
        self.jobs = JobRunner(self)
        # For as long as the program runs, in memory only.
        self._secrets: dict[Node, str] = {}
        self._dialog: PacsDialog | None = None

    @property
    def dialog(self) -> PacsDialog:
        """The window, not necessarily shown."""
        if self._dialog is None:
            self._dialog = PacsDialog(self._window)
            self._connect(self._dialog)
            self._dialog.show_nodes(self._session.settings.pacs_nodes)
        return self._dialog

    def show(self) -> None:
        """Bring the window to the front."""
        self.dialog.show()
        self.dialog.raise_()

    def close(self, timeout_s: float) -> bool:
        """End all work; False when a thread did not leave in time."""
        if self._dialog is not None:
            self._dialog.close()
        return self.jobs.close(timeout_s)

    def ask_secret(self, node: Node) -> str | None:
        """Let the user type a password; None when they changed their mind."""
        text, is_given = QInputDialog.getText(
            self.dialog, node.name, f"Password of {node.user}", QLineEdit.EchoMode.Password
        )
        return text if is_given else None

    def _connect(self, dialog: PacsDialog) -> None:
        dialog.add_requested.connect(self._add)
        dialog.edit_requested.connect(self._edit)
        dialog.remove_requested.connect(self._remove)
        dialog.test_requested.connect(self._test)
        dialog.search_requested.connect(self._search)
        dialog.results.series_wanted.connect(self._list_series)
        dialog.retrieve_requested.connect(self._retrieve)
        dialog.send_series_requested.connect(self._send_series)
        dialog.send_folder_requested.connect(self._send_folder)
        dialog.cancel_requested.connect(self.jobs.cancel)

    def _add(self) -> None:
        self._ask_node(Node(""), "")

    def _edit(self, node: Node) -> None:
        self._ask_node(node, node.name)

    def _remove(self, node: Node) -> None:
        self._remember(self._session.settings.without_node(node.name))

    def _ask_node(self, node: Node, old_name: str) -> None:
        found = NodeDialog.ask(self.dialog, node)
        if found is not None:
            self._remember(self._session.settings.with_node(found, old_name), found.name)

    def _remember(self, settings: Settings, chosen: str = "") -> None:
        self._session.remember(settings)
        self.dialog.show_nodes(settings.pacs_nodes, chosen)

    def _test(self, node: Node) -> None:
        self._run(node, "Calling", pacs.echo_work, lambda _: self.dialog.say(f"{node.place} answers."))

    def _search(self, node: Node) -> None:
        dialog = self.dialog

        def make(node: Node, secret: str) -> Callable[[Progress], tuple[Match, ...]]:
            dates = pacs.date_range(dialog.first.text(), dialog.last.text())
            name, patient_id = pacs.name_pattern(dialog.name.text()), dialog.patient_id.text().strip()
            query = Query(
                patient_id=patient_id, patient_name=name, dates=dates, modality=dialog.modality.currentData()
            )
            return pacs.find_work(node, query, secret)

        self._run(node, "Searching", make, self._show_found)

    def _show_found(self, studies: tuple[Match, ...]) -> None:
        self.dialog.results.show_studies(studies)
        self.dialog.say(f"{len(studies)} {'study' if len(studies) == 1 else 'studies'} found.")

    def _list_series(self, study: Match) -> None:
        node = self.dialog.node
        if node is None:
            return

        def show(series: tuple[Match, ...]) -> None:
            whole = tuple(replace(one, study_uid=study.study_uid) for one in series)
            self.dialog.results.show_series(study.study_uid, whole)

        self._run(node, "Listing series", lambda n, s: pacs.find_work(n, pacs.series_query(study), s), show)

    def _retrieve(self, node: Node, targets: tuple[Target, ...], method: str) -> None:
        desk = self._window.desk
        self._run(
            node,
            "Retrieving",
            lambda n, s: pacs.retrieve_work(self._session, n, targets, method, s),
            lambda received: desk.attempt(lambda: pacs.open_received(desk, received)),
        )

    def _send_series(self, node: Node) -> None:
        self._send(node, pacs.files_to_send(self._session))

    def _send_folder(self, node: Node) -> None:
        folder = QFileDialog.getExistingDirectory(self.dialog, f"Send to {node.name}")
        if folder:
            self._send(node, (Path(folder),))

    def _send(self, node: Node, paths: tuple[Path, ...]) -> None:
        desk = self._window.desk
        self._run(
            node,
            "Sending",
            lambda n, s: pacs.send_work(n, paths, s),
            lambda sent: pacs.note_sent(desk, node, sent),
        )

    def _run(
        self,
        node: Node,
        title: str,
        make: Callable[[Node, str], Callable[[Progress], ResultT]],
        then: Callable[[ResultT], None],
    ) -> None:
        """Start work on an archive; what it refuses is said in its window."""
        if self.jobs.is_busy:
            return
        secret = self._secret(node)
        if secret is None:
            return
        try:
            work = make(node, secret)
        except PlannerError as refusal:
            self.dialog.refuse(refusal)
            return

        def refused(refusal: PlannerError) -> None:
            # It may be the password that was wrong: ask again next time.
            self._secrets.pop(node, None)
            self.dialog.refuse(refusal)

        job = self.jobs.start(title, work, then, refused)
        job.cancelled.connect(lambda: self.dialog.say("Cancelled."))
        self.dialog.follow(job)

    def _secret(self, node: Node) -> str | None:
        if node.kind != WEB or not node.user or node.secret_env:
            return ""
        if node not in self._secrets:
            secret = self.ask_secret(node)
            if secret is None:
                return None
            self._secrets[node] = secret
        return self._secrets[node]
