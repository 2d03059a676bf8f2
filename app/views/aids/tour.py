"""The tour as a card over the window: it asks for one thing after another and takes nothing away."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.state import State
from app.tour import STOPS, first_open_stop
from app.views.labels import plain_label
from app.views.words import told

WIDTH_PX, EDGE_PX, STATUS_PX = 380, 16, 44


class TourCard(QFrame):
    """Goes on by itself when what it asked for was done."""

    demo_requested = pyqtSignal()
    ended = pyqtSignal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("tour")
        self.setFixedWidth(WIDTH_PX)
        self.at = 0
        self._state = State()
        self.title, self.words = plain_label("", "heading"), plain_label("")
        self.words.setWordWrap(True)
        self.count = plain_label("", "quiet")
        self.demo = _button("Open the demo patient", self.demo_requested.emit)
        self.demo.setProperty("primary", True)
        self.back = _button("Back", lambda: self._go(self.at - 1))
        self.next = _button("Next", self._next)
        self.end = _button("End the tour", self._end)
        buttons = QHBoxLayout()
        for widget in (self.count, self.end, self.back, self.next):
            buttons.addWidget(widget)
        layout = QVBoxLayout(self)
        for widget in (self.title, self.words, self.demo):
            layout.addWidget(widget)
        layout.addLayout(buttons)
        parent.installEventFilter(self)
        self.hide()

    def start(self, state: State) -> None:
        """Begin at the first stop that is not done yet."""
        self._state = state
        self._go(first_open_stop(state, 0))
        self.show()
        self.raise_()

    def show_state(self, state: State) -> None:
        """Go on when what the stop asked for has just been done."""
        before, self._state = self._state, state
        stop = STOPS[self.at]
        if self.isVisible() and stop.is_done(state) and not stop.is_done(before):
            self._go(first_open_stop(state, self.at))

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Stay in the lower left corner."""
        if event is not None and event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _go(self, at: int) -> None:
        self.at = at
        self.title.setText(told(STOPS[at].title))
        self.words.setText(told(STOPS[at].words))
        self.count.setText(f"{at + 1} / {len(STOPS)}")
        self.demo.setVisible(at == 0)
        self.back.setEnabled(at > 0)
        self.next.setText(told("Done") if at == len(STOPS) - 1 else told("Next"))
        self.adjustSize()
        self._place()

    def _next(self) -> None:
        if self.at == len(STOPS) - 1:
            self._end()
        else:
            self._go(self.at + 1)

    def _end(self) -> None:
        self.hide()
        self.ended.emit()

    def _place(self) -> None:
        parent = self.parentWidget()
        if parent is not None:
            self.move(EDGE_PX, max(parent.height() - self.height() - STATUS_PX, 0))


def _button(text: str, act: object) -> QPushButton:
    button = QPushButton(told(text))
    button.clicked.connect(lambda: act())  # type: ignore[operator]
    return button
