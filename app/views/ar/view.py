"""The AR tab: what to look through, the overlay, and how well it is held."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.ar_feed import ArFeed, setup_of, stages_text, state_text
from app.jobs import Job
from app.state import State
from app.views.ar.canvas import ArCanvas
from app.views.ar.fields import ArFields
from app.views.icons import icon
from app.views.labels import plain_label
from app.views.theme import GOOD, QUIET, STOP, WARNING
from core.anatomy import Anatomy
from core.errors import PlannerError
from core.progress import Progress

if TYPE_CHECKING:
    from ar.loop import ArFrame
    from render.scene import Scene

# Faster than any display: every tracked frame is shown as soon as it is there.
FRAME_INTERVAL_S = 0.005
COLOURS = {"TRACKED": GOOD, "STALE": WARNING, "LOST": STOP}


class ArView(QWidget):
    """Runs one AR feed in a job and shows it; the newest frame wins when drawing is slower than tracking."""

    refused = pyqtSignal(object)
    setup_used = pyqtSignal(str, str, str)
    frame_shown = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("ar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.canvas = ArCanvas()
        self.canvas.drawn.connect(self._drawn)
        self.canvas.failed.connect(self._fail)
        self.fields = ArFields()
        self.start_button = QPushButton(icon("play"), "Start")
        self.start_button.setProperty("primary", True)
        self.start_button.clicked.connect(self.toggle)
        self.state_label = plain_label("Not started", "quiet")
        self.stages_label = plain_label("", "quiet")
        self.stages_label.setAlignment(Qt.AlignmentFlag.AlignRight)
        for label in (self.state_label, self.stages_label):
            # Their text changes with every frame; the window's size must not.
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._lay_out()
        self._job: Job | None = None
        self._feed: ArFeed | None = None
        self._anatomy: Anatomy | None = None
        self._newest: ArFrame | PlannerError | None = None
        self._shown: ArFrame | None = None
        self._scene: Scene | None = None

    @property
    def is_running(self) -> bool:
        """True while frames are tracked."""
        return self._job is not None

    def show_state(self, state: State) -> None:
        """Hold this state's anatomy, planes and measures over the picture."""
        from render.compose import compose

        if state.anatomy is not self._anatomy and self._feed is not None:
            self._feed.place(state.anatomy)
        self._anatomy = state.anatomy
        # Over the patient there is no legend, and millimetres without one would mislead.
        view = replace(state.view, paint_uncertainty=False, paint_thickness=False)
        try:
            self._scene = compose(state.anatomy, state.plan, view) if state.anatomy else None
        except PlannerError as refusal:
            self._scene = None
            self.refused.emit(refusal)
        self._present()

    def toggle(self) -> None:
        """Start, or stop what runs."""
        if self._job is not None:
            self.stop()
            return
        try:
            setup = setup_of(*self.fields.texts)
        except PlannerError as refusal:
            self._refuse(refusal)
            return
        self.setup_used.emit(*self.fields.texts)
        anatomy = self._anatomy

        def work(progress: Progress) -> None:
            progress.report("Opening the camera", 0.0)
            feed = ArFeed(setup, anatomy)
            self._feed = feed
            feed.play(progress, self._take)

        self._run(work)

    def stop(self, timeout_s: float = 3.0) -> bool:
        """Stop tracking; True when its thread is gone."""
        job = self._job
        if job is None:
            return True
        job.cancel()
        return job.wait(timeout_s)

    def close_view(self) -> None:
        """Stop, and free what is held on the graphics card."""
        self.stop()
        self.canvas.release()

    def _run(self, work: object) -> None:
        job = Job("AR", work, self, FRAME_INTERVAL_S)  # type: ignore[arg-type]
        job.progressed.connect(self._refresh)
        job.failed.connect(self._refuse)
        job.ended.connect(self._end)
        self._job = job
        self._newest = self._shown = self._feed = None
        self.canvas.show_words("Opening the camera…")
        self.start_button.setText("Stop")
        self.start_button.setIcon(icon("stop"))
        self.state_label.setText("Opening…")
        job.start()

    def _take(self, turn: ArFrame | PlannerError) -> None:
        self._newest = turn

    def _refuse(self, refusal: PlannerError) -> None:
        """Say it as a notice, and where the picture would be: a view that stays empty explains nothing."""
        self.canvas.show_words(f"{refusal.what}\n{refusal.why}\n{refusal.fix}")
        self.refused.emit(refusal)

    def _refresh(self) -> None:
        turn, feed = self._newest, self._feed
        if isinstance(turn, PlannerError):
            self._show_lost(turn)
        elif turn is not None and feed is not None and turn is not self._shown:
            self._shown = turn
            self._present()
            self._say_state(state_text(turn), COLOURS[turn.pose.state.value])
            self.frame_shown.emit(turn)

    def _show_lost(self, silence: PlannerError) -> None:
        """No picture comes: nothing is drawn, so that an old one cannot be taken for now."""
        self._shown = None
        self.canvas.show_words(f"LOST\n{silence.what}: {silence.why}\n{silence.fix}")
        self._say_state(f"LOST  –  {silence.what}: {silence.why}", COLOURS["LOST"])
        self.stages_label.clear()

    def _say_state(self, words: str, colour: str) -> None:
        self.state_label.setText(words)
        self.state_label.setStyleSheet(f"color: {colour}; font-weight: 600;")

    def _present(self) -> None:
        turn, feed = self._shown, self._feed
        if turn is not None and feed is not None:
            scene = self._scene if self._anatomy is not None else feed.outline
            is_placed = turn.registration is feed.registration
            self.canvas.show_turn(turn, feed.camera, scene if is_placed else None)

    def _drawn(self, draw_ms: float) -> None:
        if self._shown is not None:
            self.stages_label.setText(stages_text({**self._shown.milliseconds, "draw": draw_ms}))

    def _fail(self, error: Exception) -> None:
        self.stop()
        self.refused.emit(
            PlannerError(
                "the overlay is not drawn", f"{type(error).__name__}: {error}", "check the graphics driver"
            )
        )

    def _end(self) -> None:
        self._refresh()
        if self._job is not None:
            self._job.deleteLater()
        self._job = None
        self.start_button.setText("Start")
        self.start_button.setIcon(icon("play"))
        self.state_label.setText("Stopped")
        self.state_label.setStyleSheet(f"color: {QUIET};")

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.fields, 1)
        row.addWidget(self.start_button)
        below = QHBoxLayout()
        below.addWidget(self.state_label)
        below.addWidget(self.stages_label)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.addLayout(row)
        layout.addWidget(self.canvas, 1)
        layout.addLayout(below)
