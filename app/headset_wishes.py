"""What viewers wish, done in the session: each change of the plan one edit, and none on a plan they have not seen."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from app.session import Session
from ar.headset.limits import LARGEST_LOG_BYTES
from ar.headset.messages import (
    VERSION,
    AddDistance,
    AddPlane,
    Look,
    Message,
    MovePlane,
    PreviewPlane,
    QuizAnswer,
    RemoveItem,
    SwitchPlane,
    Undo,
)
from ar.headset.names import Names
from ar.headset.revisions import Revisions
from core.anatomy import LANDMARKS
from core.errors import PlannerError
from plan import edits
from plan.edits import Edit
from plan.items import CutPlane, Distance, Point

if TYPE_CHECKING:
    from ar.headset.hub import Answer
    from ar.headset.pairing import Viewer

MOST_ITEMS = 500
SHORTEST_MM = 0.1
QUIZ_LOG = "quiz.jsonl"


class _Stale(PlannerError):
    """The wish was made on a plan that is not the newest."""


class Wishes:
    """Fulfils or refuses. For the session's thread, except `wait_with`.

    Attributes:
        revisions: which revision of the plan changed which item.
        has_names: viewers may read names that somebody typed.
    """

    def __init__(self, session: Session) -> None:
        self.has_names = False
        self.revisions = Revisions(session.state.plan)
        self._session = session
        self._holder = ""
        self._held_id = ""
        self._waiting: dict[str, PreviewPlane] = {}
        self._lock = threading.Lock()

    def wait_with(self, viewer: Viewer, message: PreviewPlane) -> bool:
        """Keep the newest preview of a viewer for `preview`; True when none was waiting. From any thread."""
        with self._lock:
            is_first = viewer.viewer_id not in self._waiting
            self._waiting[viewer.viewer_id] = message
        return is_first

    def preview(self, viewer_id: str, answer: Answer) -> None:
        """Show the plane that a viewer drags where it is held; the plan stays."""
        with self._lock:
            message = self._waiting.pop(viewer_id, None)
        if message is None:
            return
        try:
            self._check_free(viewer_id, message.item_id)
            plane = self._plane(message.item_id, message.base)
            if plane.is_locked:
                raise PlannerError(f"cannot move “{plane.name}”", "it is locked", "unlock it first")
        except PlannerError as refusal:
            self.release(viewer_id)
            answer(self._refusal("", refusal))
            return
        self._holder, self._held_id = viewer_id, message.item_id
        self._session.drag(replace(plane, origin_mm=message.origin_mm, normal=message.normal))

    def release(self, viewer_id: str | None = None) -> None:
        """Drop what a viewer, or any, is dragging: the workstation shows the plan as it is."""
        held, holder = self._session.state.dragged, self._holder
        if not holder or viewer_id not in (None, holder):
            return
        self._holder = ""
        if held is not None and held.item_id == self._held_id:
            # Held where it always was, it is no step when it is let go.
            self._session.drag(self._session.state.plan.find(held.item_id))
            self._session.drop()

    def fulfil(self, viewer: Viewer, message: Message, answer: Answer) -> None:
        """Do what a message wishes, or answer why not."""
        ref = getattr(message, "ref", "")
        try:
            if isinstance(message, Look):
                self._look(message)
            elif isinstance(message, QuizAnswer):
                self._log(viewer, message)
            elif isinstance(message, Undo):
                self._undo(viewer, message)
            elif ref:
                self._change(viewer, message)
            else:
                self.release(viewer.viewer_id)
        except PlannerError as refusal:
            self.release(viewer.viewer_id)
            answer(self._refusal(ref, refusal))
            return
        if ref:
            content = {"v": VERSION, "type": "accepted", "ref": ref, "revision": self.revisions.current}
            answer(content)

    def _change(self, viewer: Viewer, message: Message) -> None:
        held_id = getattr(message, "item_id", "")
        if held_id:
            self._check_free(viewer.viewer_id, held_id)
        edit = self._edit(message)
        # The edit stands in the place of what was dragged.
        self.release(viewer.viewer_id)
        if edit.plan != self._session.state.plan:
            self._session.apply(edit)
            self.revisions.follow(self._session.state.plan)

    def _edit(self, message: Message) -> Edit:
        plan = self._session.state.plan
        if isinstance(message, MovePlane):
            plane = self._plane(message.item_id, message.base)
            return edits.change(plan, replace(plane, origin_mm=message.origin_mm, normal=message.normal))
        if isinstance(message, SwitchPlane):
            plane = self._plane(message.item_id, message.base)
            verb = "Show" if message.is_active else "Hide"
            return edits.change(plan, replace(plane, is_active=message.is_active), verb)
        if isinstance(message, RemoveItem):
            self._check_fresh(message.item_id, message.base)
            return edits.remove(plan, message.item_id)
        if len(plan.items) >= MOST_ITEMS:
            raise PlannerError("nothing is added", f"the plan has {MOST_ITEMS} items", "remove some first")
        if isinstance(message, AddPlane):
            name = edits.next_name(plan, CutPlane)
            return edits.add(plan, CutPlane(name, message.origin_mm, message.normal))
        assert isinstance(message, AddDistance)
        _check_apart(message.start_mm, message.end_mm)
        return edits.add(plan, Distance(edits.next_name(plan, Distance), message.start_mm, message.end_mm))

    def _plane(self, item_id: str, base: int) -> CutPlane:
        self._check_fresh(item_id, base)
        item = self._session.state.plan.find(item_id)
        if not isinstance(item, CutPlane):
            raise PlannerError("it is not moved", "it is no cut plane", "choose a cut plane")
        return item

    def _check_fresh(self, item_id: str, base: int) -> None:
        self.revisions.follow(self._session.state.plan)
        if all(item.item_id != item_id for item in self._session.state.plan.items):
            raise _Stale("it is not changed", "it is no longer in the plan", "look at the plan as it is now")
        if self.revisions.is_stale(item_id, base):
            raise _Stale("it is not changed", "somebody changed it in the meantime", "do it again")

    def _check_free(self, viewer_id: str, item_id: str) -> None:
        """Raise PlannerError when somebody else holds something right now."""
        held = self._session.state.dragged
        is_own = self._holder == viewer_id and held is not None and held.item_id == self._held_id == item_id
        if held is not None and not is_own:
            raise PlannerError("it is not moved", "somebody else is moving something", "wait for a moment")

    def _undo(self, viewer: Viewer, message: Undo) -> None:
        self.revisions.follow(self._session.state.plan)
        if message.base != self.revisions.current:
            raise _Stale("nothing is taken back", "the plan changed in the meantime", "look at it first")
        history = self._session.state.history
        if not history.n_done or history.edits[history.n_done - 1].labels is not None:
            why = "the last step is none of the plan's" if history.n_done else "there is no step before"
            raise PlannerError("nothing is taken back", why, "take it back on the workstation")
        self.release(viewer.viewer_id)
        self._session.undo()

    def _look(self, message: Look) -> None:
        state = self._session.state
        key = self._names.key_of(message.key)
        if key is None:
            raise PlannerError("it is not shown", "there is no such structure", "load the page again")
        shown = state.view.with_structure(key, is_visible=message.is_visible, opacity=message.opacity)
        self._session.look(shown)

    @property
    def _names(self) -> Names:
        return Names(self._session.state.anatomy, self._session.state.plan, self.has_names)

    def _log(self, viewer: Viewer, message: QuizAnswer) -> None:
        """Add one line to the log of quizzes on this machine; it names viewers by their number only."""
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S"),
            "viewer": viewer.name,
            "asked": message.asked,
            "is_right": message.is_right,
            "distance_mm": round(message.distance_mm, 1),
            "seconds": round(message.seconds, 1),
        }
        if self._names.key_of(message.asked) is None and all(kind.key != message.asked for kind in LANDMARKS):
            raise PlannerError("the answer is not logged", "there is no such question", "load the page again")
        path = self._session.data_folder / QUIZ_LOG
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as log:
                if log.tell() > LARGEST_LOG_BYTES:
                    raise PlannerError("the answer is not logged", "the log is full", f"move {QUIZ_LOG} away")
                log.write(json.dumps(line) + "\n")
        except OSError as error:
            reason = str(error.strerror or error)
            raise PlannerError("the answer is not logged", reason, "free some space") from error

    def _refusal(self, ref: str, refusal: PlannerError) -> dict[str, object]:
        return {
            "v": VERSION,
            "type": "refused",
            "ref": ref,
            "code": "stale" if isinstance(refusal, _Stale) else "refused",
            **{part: self._names.cleaned(getattr(refusal, part)) for part in ("what", "why", "fix")},
            "revision": self.revisions.current,
        }


def _check_apart(start_mm: Point, end_mm: Point) -> None:
    if sum((a - b) ** 2 for a, b in zip(start_mm, end_mm, strict=True)) < SHORTEST_MM**2:
        raise PlannerError("no distance is added", "its two points lie in one place", "place them apart")
