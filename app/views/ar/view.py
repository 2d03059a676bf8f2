"""The AR tab: what to look through, the overlay, and how well it is held."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QGuiApplication, QKeyEvent
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.ar.error_paint import ErrorPaint
from app.ar_feed import ArFeed, setup_of, stages_text, state_text
from app.jobs import Job
from app.state import State
from app.views.ar.calibration_page import CalibrationPage
from app.views.ar.canvas import ArCanvas
from app.views.ar.fields import ArFields
from app.views.ar.hands_panel import HandsPanel
from app.views.ar.registration_panel import RegistrationPanel
from app.views.icons import icon
from app.views.labels import plain_label
from app.views.shades import GOOD, QUIET, STOP, WARNING
from core.anatomy import Anatomy
from core.errors import PlannerError
from core.progress import Progress

if TYPE_CHECKING:
    from ar.board import Board
    from ar.loop import ArFrame
    from ar.registration import Registration
    from render.scene import Scene

# Faster than any display: every tracked frame is shown as soon as it is there.
FRAME_INTERVAL_S = 0.005
MOST_TURNS = 300
STOPPED = "Stopped. Nothing is tracked."
PANEL_PX = 300
CONFIRMING = (Qt.Key.Key_Space, Qt.Key.Key_PageDown)
COLOURS = {"TRACKED": GOOD, "STALE": WARNING, "LOST": STOP}


class ArView(QWidget):
    """Runs one AR feed in a job and shows it; the newest frame wins when drawing is slower than tracking."""

    refused = pyqtSignal(object)
    setup_used = pyqtSignal(str, str, str)
    frame_shown = pyqtSignal(object)
    turns_came = pyqtSignal(list)
    went_silent = pyqtSignal()
    ended = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("ar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.canvas = ArCanvas()
        self.canvas.drawn.connect(self._drawn)
        self.canvas.failed.connect(self._fail)
        self.canvas.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.fields = ArFields()
        self.tools, self.registering = HandsPanel(), RegistrationPanel()
        self.calibrating = CalibrationPage()
        self.calibrating.refused.connect(self.refused)
        self.calibrating.saved.connect(self.fields.show_camera)
        self.calibrating.left.connect(lambda: self._stack.setCurrentIndex(0))
        self.calibrate_button = QPushButton("Calibrate the camera…")
        self.calibrate_button.clicked.connect(self.show_calibration)
        self.board_button, self.headset_button = (
            QPushButton("Boards to print…"),
            QPushButton("Headsets and tablets…"),
        )
        self.confirm: Callable[[], bool] = lambda: False
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
        self._registered: Registration | None = None
        self._paints_error, self._opacity = False, 1.0
        self._errors = ErrorPaint()
        # The newest frame is drawn; a touch needs all of them.
        self._turns: deque[ArFrame] = deque(maxlen=MOST_TURNS)
        self.tools.faded.connect(self._fade)
        self.tools.full_screen_requested.connect(self._show_second)
        self._second: ArCanvas | None = None

    @property
    def board(self) -> Board | None:
        """What is before the camera; None before it was opened."""
        return self._feed.board if self._feed is not None else None

    @property
    def is_frozen(self) -> bool:
        """True while the picture is held."""
        return self.tools.freeze_button.isChecked()

    @property
    def is_registering(self) -> bool:
        """True while the page of the registration is in front."""
        return self.is_running and self.pages.currentWidget() is self._registering_page

    @property
    def is_running(self) -> bool:
        """True while frames are tracked."""
        return self._job is not None

    def show_state(self, state: State) -> None:
        """Hold this state's anatomy, planes and measures over the picture."""
        from render.compose import compose

        if state.anatomy is not self._anatomy and self._feed is not None:
            self._feed.place(state.anatomy, self._registered)
        self._anatomy = state.anatomy
        # Over the patient there is no legend, and millimetres without one would mislead.
        view = replace(state.view, paint_uncertainty=False, paint_thickness=False)
        try:
            # What takes long is rough until the 3-D view's job has made it; then this is called again.
            anatomy = state.anatomy
            self._scene = compose(anatomy, state.shown_plan, view, may_be_rough=True) if anatomy else None
        except PlannerError as refusal:
            self._scene = None
            self.refused.emit(refusal)
        self._present()

    def register(self, registration: Registration | None) -> None:
        """Hold the heart where it is registered from the next frame on; on the table with None."""
        self._registered = registration
        if self._feed is not None:
            self._feed.place(self._anatomy, registration)

    def paint_error(self, is_on: bool) -> None:
        """Paint the heart by the expected error of the registration, or in its own colours."""
        self._paints_error = is_on
        self._present()

    def event(self, event: QEvent | None) -> bool:
        """The confirming key belongs to this page while there is something to confirm; elsewhere it plays."""
        is_asked = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride
        if is_asked and event.key() in CONFIRMING and self.is_running:  # type: ignore[union-attr]
            event.accept()  # type: ignore[union-attr]
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """A foot pedal is a keyboard with one key."""
        is_new = event is not None and event.key() in CONFIRMING and not event.isAutoRepeat()
        if not (is_new and self.confirm()):
            super().keyPressEvent(event)

    def toggle(self) -> None:
        """Start, or stop what runs."""
        if self._job is not None:
            self.stop()
            return
        self.calibrating.stop()
        self._stack.setCurrentIndex(0)
        try:
            setup = setup_of(*self.fields.texts)
        except PlannerError as refusal:
            self._refuse(refusal)
            return
        self.setup_used.emit(*self.fields.texts)
        anatomy, registered = self._anatomy, self._registered

        def work(progress: Progress) -> None:
            progress.report("Opening the camera", 0.0)
            feed = ArFeed(setup, anatomy, registered)
            self._feed = feed
            # What changed while it was opened.
            feed.place(self._anatomy, self._registered)
            feed.play(progress, self._take)

        self._run(work)

    def show_calibration(self) -> None:
        """Show the page of the calibration; the camera can serve one page only."""
        self.stop()
        source, board, _ = self.fields.texts
        self.calibrating.aim(source, board)
        self._stack.setCurrentWidget(self.calibrating)

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
        self.calibrating.stop()
        self._show_second(False)
        self.canvas.release()

    def _run(self, work: object) -> None:
        job = Job("AR", work, self, FRAME_INTERVAL_S)  # type: ignore[arg-type]
        job.progressed.connect(self._refresh)
        job.failed.connect(self._refuse)
        job.ended.connect(self._end)
        self._job = job
        self._newest = self._shown = self._feed = None
        self._turns.clear()
        self.tools.freeze_button.setChecked(False)
        self._show_words("Opening the camera…")
        self.start_button.setText("Stop")
        self.start_button.setIcon(icon("stop"))
        self.state_label.setText("Opening…")
        job.start()

    def _take(self, turn: ArFrame | PlannerError) -> None:
        self._newest = turn
        if not isinstance(turn, PlannerError):
            self._turns.append(turn)

    def _refuse(self, refusal: PlannerError) -> None:
        """Say it as a notice, and where the picture would be: a view that stays empty explains nothing."""
        self._show_words(f"{refusal.what}\n{refusal.why}\n{refusal.fix}")
        self.refused.emit(refusal)

    def _refresh(self) -> None:
        turn, feed = self._newest, self._feed
        turns = [self._turns.popleft() for _ in range(len(self._turns))]
        if isinstance(turn, PlannerError):
            self._show_lost(turn)
            return
        self.turns_came.emit(turns)
        if turn is None or feed is None or turn is self._shown:
            return
        if self.is_frozen and self._shown is not None:
            self._say_state("FROZEN  –  this is not what the camera sees now", COLOURS["STALE"])
        else:
            self._shown = turn
            self._present()
            self._say_state(state_text(turn), COLOURS[turn.pose.state.value])
            self.frame_shown.emit(turn)

    def _show_lost(self, silence: PlannerError) -> None:
        """No picture comes: nothing is drawn, so that an old one cannot be taken for now."""
        self._shown = None
        self.went_silent.emit()
        self._show_words(f"LOST\n{silence.what}: {silence.why}\n{silence.fix}")
        self._say_state(f"LOST  –  {silence.what}: {silence.why}", COLOURS["LOST"])
        self.stages_label.clear()

    def _say_state(self, words: str, colour: QColor) -> None:
        self.state_label.setText(words)
        self.state_label.setStyleSheet(f"color: {colour.name()}; font-weight: 600;")

    def _present(self) -> None:
        turn, feed = self._shown, self._feed
        if turn is not None and feed is not None:
            scene = self._scene if self._anatomy is not None else feed.outline
            is_placed = turn.registration is feed.registration
            looked = self._looked(scene) if is_placed else None
            for canvas in filter(None, (self.canvas, self._second)):
                canvas.show_turn(turn, feed.camera, looked)

    def _looked(self, scene: Scene | None) -> Scene | None:
        """The scene as faint as it is wanted, and painted by the registration's expected error where that is wished."""
        if scene is None:
            return None
        surfaces = tuple(replace(s, opacity=s.opacity * self._opacity) for s in scene.surfaces)
        if self._paints_error and self._registered is not None:
            surfaces = self._errors.painted(surfaces, self._registered)
        return replace(scene, surfaces=surfaces) if surfaces != scene.surfaces else scene

    def _show_second(self, is_on: bool) -> None:
        """The picture alone, full-screen where another screen is; never mirrored."""
        if not is_on and self._second is not None:
            self._second.release()
            self._second.close()
            self._second.deleteLater()
            self._second = None
        elif is_on and self._second is None:
            self._second = ArCanvas()
            self._second.setWindowTitle("Auricle – augmented reality")
            screens = QGuiApplication.screens()
            if len(screens) > 1:
                self._second.setGeometry(screens[1].geometry())
                self._second.showFullScreen()
            else:
                self._second.resize(960, 640)
                self._second.show()
            self._second.show_words(self.canvas.words)
            self._present()

    def _show_words(self, words: str) -> None:
        self.canvas.show_words(words)
        if self._second is not None:
            self._second.show_words(words)

    def _fade(self, opacity: float) -> None:
        self._opacity = opacity
        self._present()

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
        # The last picture must not look as if it were now.
        self._shown = None
        self._show_words(STOPPED)
        self.state_label.setText("Stopped")
        self.state_label.setStyleSheet(f"color: {QUIET};")
        self.ended.emit()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.fields, 1)
        row.addWidget(self.start_button)
        below = QHBoxLayout()
        below.addWidget(self.state_label)
        below.addWidget(self.stages_label)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        overlay = QWidget()
        page = QVBoxLayout(overlay)
        page.setContentsMargins(0, 0, 0, 0)
        page.addLayout(self._middle(), 1)
        page.addLayout(below)
        self._stack = QStackedWidget()
        self._stack.addWidget(overlay)
        self._stack.addWidget(self.calibrating)
        layout.addLayout(row)
        layout.addWidget(self._stack, 1)

    def _middle(self) -> QHBoxLayout:
        self.pages = QTabWidget()
        self.pages.setDocumentMode(True)
        self.pages.setFixedWidth(PANEL_PX)
        self._registering_page = QScrollArea()
        self._registering_page.setWidgetResizable(True)
        self._registering_page.setWidget(self.registering)
        self._registering_page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.tools.add_buttons((self.board_button, self.calibrate_button, self.headset_button))
        self.pages.addTab(self.tools, "Tools")
        self.pages.addTab(self._registering_page, "Registration")
        row = QHBoxLayout()
        row.addWidget(self.canvas, 1)
        row.addWidget(self.pages)
        return row
