"""Where the AR tab acts: hands on the plan, registering, and what is kept beside the case."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QTimer

from app.ar.hands import Hand, Hands
from app.state import State
from app.views.ar.board_dialog import BoardDialog
from app.views.ar.hands_panel import HandsPanel
from app.views.ar.headset_dialog import HeadsetDialog
from app.views.ar.registration_panel import RegistrationPanel
from core.errors import PlannerError

if TYPE_CHECKING:
    from app.ar.registering import Doing, RegistrationWork
    from app.views.ar.view import ArView
    from app.views.main_window import MainWindow
    from ar.loop import ArFrame
    from ar.registration import Registration


SPECTATOR_S = 0.2


class ArDesk:
    """Connects the panels of the AR view with the session; knows the registration that holds."""

    def __init__(self, window: MainWindow) -> None:
        self._session, self._desk = window.session, window.desk
        self._view: ArView = window.ar
        self.hands = Hands(window.session)
        self.work: RegistrationWork | None = None
        self.registration: Registration | None = None
        self._tools: HandsPanel = window.ar.tools
        self._panel: RegistrationPanel = window.ar.registering
        self.boards = BoardDialog(window)
        self.headset = HeadsetDialog(window.session, window)
        self._sent_s = 0.0
        self._connect()

    def close(self) -> None:
        """Shut headsets out, and free what the dialogs hold."""
        self.headset.close_server()
        self.headset.close()
        self.boards.close()

    def show_change(self, before: State, after: State) -> None:
        """Follow the session: another patient's registration never stays."""
        uid = _uid(after)
        if uid != _uid(before):
            self.work = None
            self._hold(None)
        if after.case != before.case and after.case is not None:
            self._desk.attempt(lambda: self._meet_case(before, after))
        is_other_heart = (after.anatomy is None) != (before.anatomy is None) or uid != _uid(before)
        if is_other_heart or after.history.plan.items != before.history.plan.items:
            self._list_landmarks(after)

    def confirm(self) -> bool:
        """The key or pedal was pressed: place, or begin the next touch. False when there is nothing to confirm."""
        if self.hands.hand is not Hand.NONE:
            self._act(self.hands.confirm)
            return True
        if self.work is not None and self._view.is_registering:
            self._begin_touch()
            return True
        return False

    def stopped(self) -> None:
        """The camera has stopped: what was held is gone; touches stay."""
        self.hands.release()
        self.headset.end_picture()
        self._panel.show_work(self.work if self._view.is_running else None)

    def take_turns(self, turns: list[ArFrame]) -> None:
        """All frames that were tracked since the last call."""
        board = self._view.board
        if board is None or not turns:
            return
        if self.work is None:
            self._begin_work()
        if self.work is not None:
            for turn in turns:
                self.work.follow(turn)
            self._panel.show_work(self.work)
        if self._view.is_frozen:
            # What is seen is not where the tool is now.
            self.hands.release()
        else:
            pointer = self.work.steps.draft.pointer if self.work is not None else None
            self.hands.follow(turns[-1], board, pointer)
            self._tools.show_hand(self.hands.hand, self.hands.words)

    def lose(self) -> None:
        """No picture comes: what is held is not known any more."""
        self.hands.release()

    def _connect(self) -> None:
        self._tools.hand_chosen.connect(self._take_hand)
        self._tools.placed.connect(lambda: self._act(self.hands.confirm))
        self._panel.begun.connect(self._begin)
        self._panel.ended.connect(lambda: self._act(self._end))
        self._panel.wished.connect(self._wish)
        self._panel.pushed.connect(lambda shift, turn: self._act(lambda: self._push(shift, turn)))
        self._view.turns_came.connect(self.take_turns)
        self._view.went_silent.connect(self.lose)
        self._view.ended.connect(self.stopped)
        self._view.confirm = self.confirm
        self._view.board_button.clicked.connect(self._show_boards)
        self._view.headset_button.clicked.connect(self._show_headset)
        self.boards.made.connect(self._view.fields.show_board)
        self._view.canvas.drawn.connect(self._send_picture)
        self._panel.show_work(None)
        self._view.calibrating.folder = self._session.data_folder / "cameras"

    def _take_hand(self, hand: Hand) -> None:
        self.hands.take(hand)
        self._tools.show_hand(hand, self.hands.words)
        self._view.canvas.setFocus()

    def _show_boards(self) -> None:
        if not self.boards.kinds.count():
            self.boards.fill()
        self.boards.show()
        self.boards.raise_()

    def _show_headset(self) -> None:
        self.headset.refresh()
        self.headset.show()
        self.headset.raise_()

    def _send_picture(self) -> None:
        """Let viewers of the headset page see what is drawn, now and then: a spectator needs no 30 a second."""
        now_s = time.monotonic()
        if self.headset.headset.is_running and now_s - self._sent_s > SPECTATOR_S:
            self._sent_s = now_s
            # Not from within the drawing itself.
            QTimer.singleShot(0, lambda: self.headset.show_picture(self._view.canvas.grabFramebuffer()))

    def _begin_work(self) -> None:
        from app.ar.registering import RegistrationWork, landmarks_of

        state, board = self._session.state, self._view.board
        if state.anatomy is not None and board is not None:
            places = landmarks_of(state.anatomy, state.plan)
            self.work = RegistrationWork(places, board, state.anatomy.frame_of_reference_uid)
            self._list_landmarks(state)

    def _list_landmarks(self, state: State) -> None:
        from app.ar.registering import landmarks_of

        places = landmarks_of(state.anatomy, state.plan)
        if self.work is not None and self.work.steps.landmarks.keys() != places.keys():
            self.work.steps.landmarks.update(places)
        surfaces = list(state.anatomy.surfaces) if state.anatomy is not None else []
        self._panel.show_landmarks(list(places), surfaces)

    def _begin(self, doing: Doing, landmark: str) -> None:
        from app.ar.registering import Doing

        if doing is Doing.TOUCH:
            self._begin_touch(landmark)
        else:
            self._act(lambda: self._begin_other(doing))

    def _begin_other(self, doing: Doing) -> None:
        if self.work is not None:
            self.work.begin(doing)

    def _end(self) -> None:
        if self.work is not None:
            self.work.end()

    def _begin_touch(self, landmark: str = "") -> None:
        from app.ar.registering import Doing

        work = self.work
        if work is None:
            return
        untouched = [name for name in self._panel.chosen() if name not in work.steps.draft.touched]
        name = landmark or (untouched[0] if untouched else "")
        if not name:
            refusal = PlannerError("nothing is touched", "no landmark is chosen", "choose one in the list")
            self._session.refuse(refusal)
            return
        self._act(lambda: work.begin(Doing.TOUCH, name))

    def _wish(self, key: str) -> None:
        if key == "remove":
            self._hold(None, is_kept=True)
        elif key == "paint":
            self._view.paint_error(self._panel.buttons["paint"].isChecked())
        elif self.work is not None:
            self._act(lambda: self._step(key))

    def _step(self, key: str) -> None:
        assert self.work is not None
        steps = self.work.steps
        if key == "fit":
            for name in [name for name in steps.draft.touched if name not in self._panel.chosen()]:
                steps.forget(name)
            steps.fit()
        elif key == "refine":
            anatomy, chosen = self._session.state.anatomy, self._panel.surface.currentText()
            if anatomy is not None and chosen in anatomy.surfaces:
                steps.refine([anatomy.surfaces[chosen]])
        elif key == "forget":
            if self._panel.landmark in steps.draft.touched:
                steps.forget(self._panel.landmark)
        elif key == "undo":
            steps.undo()
        elif key == "redo":
            steps.redo()
        self._hold(steps.draft.registration, is_kept=True)

    def _push(self, shift_mm: np.ndarray, turn_deg: np.ndarray) -> None:
        anatomy = self._session.state.anatomy
        if self.work is None or self.work.steps.draft.registration is None or anatomy is None:
            raise PlannerError("nothing is pushed", "there is no registration", "touch landmarks and fit first")
        self.work.steps.nudge(shift_mm, turn_deg, anatomy.bounds_mm.mean(axis=0))
        self._hold(self.work.steps.draft.registration, is_kept=True)

    def _hold(self, registration: Registration | None, is_kept: bool = False) -> None:
        """Show the heart at this registration from now on; `is_kept` writes it beside the case."""
        from ar.registration import tre_summary

        self.registration = registration
        anatomy = self._session.state.anatomy
        summary = (
            tre_summary(anatomy, registration) if registration is not None and anatomy is not None else None
        )
        self._panel.show_result(registration, summary)
        self._view.register(registration)
        if is_kept:
            self._keep(self._session.state)

    def _keep(self, state: State) -> None:
        from app.ar.registering import FILE
        from ar.registration import write_registration

        if state.case is None or not state.case.is_dir():
            return
        if self.registration is None:
            (state.case / FILE).unlink(missing_ok=True)
        else:
            write_registration(self.registration, state.case / FILE)

    def _meet_case(self, before: State, after: State) -> None:
        """A case was opened: take its registration. It was saved: put ours beside it."""
        from app.ar.registering import saved_registration

        assert after.case is not None
        if self.registration is not None:
            self._keep(after)
            return
        found = saved_registration(after.case, _uid(after))
        if found is not None:
            self._hold(found)

    def _act(self, action: Callable[[], object]) -> None:
        self._desk.attempt(action)
        self._panel.show_work(self.work if self._view.is_running else None)
        self._tools.show_hand(self.hands.hand, self.hands.words)


def _uid(state: State) -> str:
    return state.anatomy.frame_of_reference_uid if state.anatomy is not None else ""
