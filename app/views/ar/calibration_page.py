"""The guided calibration: the live picture, what it is worth, how to hold the board next, when it is enough."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.ar_feed import place_of
from app.jobs import Job
from app.views.ar.calibration_picture import CalibrationPicture
from app.views.labels import plain_label
from core.errors import PlannerError
from core.progress import Progress

if TYPE_CHECKING:
    from app.ar.calibrating import Calibrating, Judged
    from ar.calibration import CameraRecord
    from ar.calibration.guide import Advice

SIZES: tuple[tuple[str, tuple[int, int] | None], ...] = (
    ("1280 x 720", (1280, 720)),
    ("1920 x 1080", (1920, 1080)),
    ("640 x 480", (640, 480)),
    ("as the camera is set", None),
)
INTERVAL_S = 0.02


class CalibrationPage(QWidget):
    """Runs one calibration in a job; emits where it was saved."""

    refused = pyqtSignal(object)
    saved = pyqtSignal(str)
    left = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.folder = Path()
        self.picture = CalibrationPicture()
        self.size_box = QComboBox()
        self.size_box.addItems([title for title, _ in SIZES])
        self.size_box.setAccessibleName("Resolution of the camera")
        self.alone = QCheckBox("Take good pictures by itself")
        self.alone.setChecked(True)
        self.alone.toggled.connect(self._set_alone)
        self.start_button = QPushButton("Start")
        self.start_button.setProperty("primary", True)
        self.take_button, self.drop_button = QPushButton("Take picture"), QPushButton("Drop last")
        self.finish_button = QPushButton("Finish")
        self.back_button = QPushButton("Back to the overlay")
        self.verdict, self.wanted = plain_label("", "heading"), plain_label("", "notice")
        self.numbers, self.result = plain_label("", "quiet"), plain_label("")
        self.progress = QProgressBar()
        for label in (self.verdict, self.wanted, self.numbers, self.result):
            label.setWordWrap(True)
        self._job: Job | None = None
        self._work: Calibrating | None = None
        self._newest: Judged | None = None
        self._texts = ("", "")
        self._lay_out()
        self.start_button.clicked.connect(self.toggle)
        self.take_button.clicked.connect(lambda: self._wish("take"))
        self.drop_button.clicked.connect(lambda: self._wish("drop"))
        self.finish_button.clicked.connect(lambda: self._wish("finish"))
        self.back_button.clicked.connect(self._leave)
        self._show_running(False)

    @property
    def is_running(self) -> bool:
        """True while pictures are judged or the lens is calculated."""
        return self._job is not None

    def aim(self, source: str, board: str) -> None:
        """Use this camera or video, and this board.json, when it is started."""
        self._texts = (source, board)

    def toggle(self) -> None:
        """Start, or stop and forget what was taken."""
        if self._job is not None:
            self.stop()
            return
        try:
            place = place_of(self._texts[0])
        except PlannerError as refusal:
            self.refused.emit(refusal)
            return
        board_path, size = self._texts[1].strip(), SIZES[self.size_box.currentIndex()][1]
        takes_alone = self.alone.isChecked()

        def work(progress: Progress) -> CameraRecord:
            from app.ar.calibrating import Calibrating
            from ar.board import default_board, read_board

            board = read_board(Path(board_path)) if board_path else default_board()
            calibrating = Calibrating(place, board, size)
            calibrating.takes_alone = takes_alone
            self._work = calibrating
            return calibrating.run(progress, self._take)

        self._newest, self._work = None, None
        self.picture.show_judged(None)
        self.result.clear()
        job = Job("Calibration", work, self, INTERVAL_S)
        job.progressed.connect(self._refresh)
        job.succeeded.connect(self._keep)
        job.failed.connect(self._refuse)
        job.ended.connect(self._end)
        self._job = job
        self._show_running(True)
        job.start()

    def stop(self, timeout_s: float = 5.0) -> bool:
        """Stop and forget; True when its thread is gone."""
        job = self._job
        if job is None:
            return True
        job.cancel()
        return job.wait(timeout_s)

    def _wish(self, wish: str) -> None:
        work = self._work
        if work is not None:
            {"take": work.take, "drop": work.drop, "finish": work.finish}[wish]()

    def _leave(self) -> None:
        self.stop()
        self.left.emit()

    def _set_alone(self, is_on: bool) -> None:
        if self._work is not None:
            self._work.takes_alone = is_on

    def _take(self, judged: Judged) -> None:
        self._newest = judged

    def _refresh(self, stage: str = "", done: float = 0.0) -> None:
        judged = self._newest
        if stage != "Looking":
            self.verdict.setText(stage)
            self.progress.setValue(round(100 * done))
        if judged is None or judged is self.picture.judged:
            return
        self.picture.show_judged(judged)
        if judged.silence:
            self.verdict.setText("LOST")
        elif judged.advice is not None:
            self._say(judged.advice)

    def _say(self, advice: Advice) -> None:
        self.verdict.setText(advice.verdict.value.capitalize())
        words = "it is enough" if advice.wanted is None else advice.wanted.words
        self.wanted.setText(words[:1].upper() + words[1:])
        self.numbers.setText("\n".join(advice_lines(advice)))
        covered = float((advice.coverage > 0).mean())
        self.progress.setValue(round(100 * covered))

    def _keep(self, record: CameraRecord) -> None:
        from app.ar.calibrating import keep_calibration

        try:
            path = keep_calibration(record, self.folder)
        except PlannerError as refusal:
            self._refuse(refusal)
            return
        self.result.setText("\n".join(record_lines(record)))
        self.saved.emit(str(path))

    def _refuse(self, refusal: PlannerError) -> None:
        self.result.setText(f"{refusal.what}: {refusal.why}; {refusal.fix}")
        self.refused.emit(refusal)

    def _end(self) -> None:
        self._refresh("Looking")
        if self._job is not None:
            self._job.deleteLater()
        self._job = self._work = None
        self._show_running(False)

    def _show_running(self, is_on: bool) -> None:
        self.start_button.setText("Stop" if is_on else "Start")
        for button in (self.take_button, self.drop_button, self.finish_button):
            button.setEnabled(is_on)
        self.size_box.setEnabled(not is_on)

    def _lay_out(self) -> None:
        side = QVBoxLayout()
        above: tuple[QWidget, ...] = (self.size_box, self.alone, self.start_button)
        below: tuple[QWidget, ...] = (self.verdict, self.wanted, self.progress, self.numbers)
        side.addWidget(plain_label("Calibrate the camera", "heading"))
        for widget in above:
            side.addWidget(widget)
        side.addSpacing(10)
        for widget in below:
            side.addWidget(widget)
        buttons = QHBoxLayout()
        buttons.addWidget(self.take_button)
        buttons.addWidget(self.drop_button)
        side.addLayout(buttons)
        side.addWidget(self.finish_button)
        side.addWidget(self.result)
        side.addStretch(1)
        side.addWidget(self.back_button)
        panel = QWidget()
        panel.setFixedWidth(300)
        panel.setLayout(side)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.picture, 1)
        layout.addWidget(panel)


def advice_lines(advice: Advice) -> list[str]:
    """What the pictures so far are worth, in lines."""
    blur = "" if advice.blur_px is None else f"Edges blurred by {advice.blur_px:.1f} px"
    covered = float((advice.coverage > 0).mean())
    lines = [f"{advice.n_views} pictures taken, {covered:.0%} of the picture covered", blur]
    # A focal length nobody has measured yet is no figure to show.
    if advice.n_views:
        lines.append(
            f"Expected focal error {advice.focal_error_percent:.2f} %: "
            f"{advice.working_error_mm:.1f} mm of depth at 700 mm"
        )
    return [line for line in lines if line]


def record_lines(record: CameraRecord) -> list[str]:
    """What a finished calibration is worth, in lines."""
    camera, error_mm = record.camera, record.working_error_mm(700.0)
    sure = (
        "not known" if error_mm is None else f"{camera.focal_error_percent:.3f} %: {error_mm:.2f} mm at 700 mm"
    )
    lines = [f"Saved for {record.device or 'this camera'} at {camera.width} x {camera.height}"]
    if record.focus is not None:
        lines.append(f"Focus {record.focus:g}, {'locked' if record.is_focus_locked else 'NOT locked'}")
    return [*lines, f"Points miss by {camera.rms_px or 0.0:.2f} px", f"Expected focal error {sure}"]
