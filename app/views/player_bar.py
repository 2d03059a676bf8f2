"""The bar below the images: play, step, loop and speed, a slider over phases or frames with ED and ES on it."""

from __future__ import annotations

from dataclasses import replace

from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPolygonF
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QSlider, QStyle, QStyleOptionSlider, QToolButton, QWidget

from app.describe import describe_moment
from app.playback import SPEEDS
from app.state import State
from app.views.icons import icon
from app.views.labels import plain_label
from app.views.shades import QUIET, WARNING

SUGGESTED = "ED and ES are suggestions from the image. Check them before you rely on them."


class PlayerBar(QWidget):
    """Shows which phase or frame is on the screen; emits where the user wants to go."""

    sought = pyqtSignal(int)
    play_requested = pyqtSignal()
    step_requested = pyqtSignal(int)
    playback_requested = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("player")
        self._state = State()
        self.previous = _button("previous", "Previous (,)")
        self.play = _button("play", "Play (Space)")
        self.next = _button("next", "Next (.)")
        self.loop = _button("loop", "Play in a loop")
        self.loop.setCheckable(True)
        self.slider = MomentSlider()
        self.speed = QComboBox()
        self.speed.setToolTip("Speed; 1× is the speed of life where the images give their times")
        for speed in SPEEDS:
            self.speed.addItem(f"{speed:g}×", speed)
        self.label = plain_label("", "quiet")
        self.label.setMinimumWidth(170)
        self.label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._lay_out()
        self.previous.clicked.connect(lambda: self.step_requested.emit(-1))
        self.next.clicked.connect(lambda: self.step_requested.emit(1))
        self.play.clicked.connect(self.play_requested)
        self.loop.clicked.connect(self._ask_loop)
        self.speed.activated.connect(self._ask_speed)
        self.slider.valueChanged.connect(self.sought)

    def show_state(self, state: State) -> None:
        """Show this state; hidden when there is nothing to play."""
        was_playing, self._state = self._state.playback.is_playing, state
        self.setVisible(state.n_moments > 1)
        self.slider.blockSignals(True)
        self.slider.setMaximum(max(state.n_moments - 1, 0))
        # Under the user's hand the handle stays where it is; what it asks for is still being loaded.
        if not self.slider.isSliderDown():
            self.slider.setValue(state.moment)
        self.slider.blockSignals(False)
        self.slider.show_suggestions(state.suggestions if state.clip is None else ())
        if state.playback.is_playing != was_playing:
            self.play.setIcon(icon("pause" if state.playback.is_playing else "play"))
            self.play.setToolTip("Pause (Space)" if state.playback.is_playing else "Play (Space)")
        self.loop.setChecked(state.playback.is_looping)
        self.speed.setCurrentIndex(SPEEDS.index(state.playback.speed) if state.playback.speed in SPEEDS else -1)
        self.label.setText(describe_moment(state))

    def _ask_loop(self) -> None:
        self.playback_requested.emit(replace(self._state.playback, is_looping=self.loop.isChecked()))

    def _ask_speed(self) -> None:
        self.playback_requested.emit(replace(self._state.playback, speed=self.speed.currentData()))

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 8, 0)
        layout.setSpacing(4)
        for widget in (self.previous, self.play, self.next, self.loop):
            layout.addWidget(widget)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.label)
        layout.addWidget(self.speed)
        for child in (self.slider, self.speed):
            child.setFocusPolicy(Qt.FocusPolicy.NoFocus)


class MomentSlider(QSlider):
    """A slider with ED and ES marked above it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setObjectName("moments")
        self.setMinimumWidth(160)
        self.setMinimumHeight(38)
        self.suggestions: tuple[tuple[int, str], ...] = ()

    def show_suggestions(self, suggestions: tuple[tuple[int, str], ...]) -> None:
        """Mark these phases, as (phase, "ED")."""
        if suggestions != self.suggestions:
            self.suggestions = suggestions
            self.setToolTip(SUGGESTED if suggestions else "")
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the slider, then the marks."""
        super().paintEvent(event)
        if not self.suggestions or self.maximum() < 1:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(painter.font())
        font.setPixelSize(10)
        painter.setFont(font)
        for phase, name in self.suggestions:
            x = self._x_of(phase)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(WARNING))
            painter.drawPolygon(QPolygonF([QPointF(x - 3, 12), QPointF(x + 3, 12), QPointF(x, 15)]))
            painter.setPen(QColor(QUIET))
            left = min(max(x - 12, 0.0), self.width() - 24.0)
            painter.drawText(QRectF(left, 0, 24, 12), Qt.AlignmentFlag.AlignCenter, name)
        painter.end()

    def _x_of(self, value: int) -> float:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        style = self.style()
        handle = (
            style.subControlRect(
                QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, self
            )
            if style
            else self.rect()
        )
        span = self.width() - handle.width()
        return handle.width() / 2.0 + span * value / self.maximum()


def _button(name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon(name))
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return button
