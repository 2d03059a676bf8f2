"""Hands on the plan: a tracked wand is a cutting plane, a tracked pointer is the ruler; each placement is one edit."""

from __future__ import annotations

import time
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from app.session import Session
from core.errors import PlannerError
from plan import edits
from plan.edits import Edit
from plan.items import CutPlane, Distance, Item, Landmark, as_point

if TYPE_CHECKING:
    from ar.board import Board, MarkerBody
    from ar.loop import ArFrame
    from ar.poses import Pose
    from ar.registration.pivot import PivotFit

# Cutting every surface anew takes a moment; a plane that moved less than this looks the same.
STILL_MM, STILL_DEG, INTERVAL_S = 0.2, 0.2, 0.06
SHORTEST_MM = 0.1
ON_MODEL = " (on the model)"


class Hand(Enum):
    """What is held before the camera."""

    NONE = "nothing"
    WAND = "wand"
    POINTER = "pointer"


class Hands:
    """Follows the tool that is held, shows what it would place in all views, and places it. For the session's thread.

    Attributes:
        hand: the tool in use.
        words: what to tell the user about it now.
    """

    def __init__(self, session: Session) -> None:
        self.hand = Hand.NONE
        self.words = ""
        self._session = session
        self._held: Item | None = None
        self._start_mm: np.ndarray | None = None
        self._is_on_model = False
        self._shown_s = 0.0

    def take(self, hand: Hand) -> None:
        """Use another tool, or none; what was begun is dropped."""
        self.release()
        self.hand, self._start_mm = hand, None
        self.words = "" if hand is Hand.NONE else f"Show the {hand.value} to the camera."

    def release(self) -> None:
        """Show nothing of the tool, as long as it is not seen."""
        held, self._held = self._held, None
        dragged = self._session.state.dragged
        if held is not None and dragged is not None and dragged.item_id == held.item_id:
            self._session.drag(None)

    def follow(self, turn: ArFrame, board: Board, pointer: PivotFit | None) -> None:
        """Take the next frame: what the tool would place is shown, or why there is nothing to show."""
        if self.hand is Hand.NONE:
            return
        try:
            item, error_mm = self._seen(turn, board, pointer)
        except PlannerError as refusal:
            self.release()
            self.words = f"{refusal.what}: {refusal.why}"
            return
        self._is_on_model = not _is_registered(turn)
        self._show(item)
        self.words = self._hint(item, error_mm)

    def confirm(self) -> None:
        """Place what is shown: one edit; for the ruler the first time its start.

        Raises:
            PlannerError: the tool is not seen, or nothing is placed that it could be held against.
        """
        held = self._held
        if held is None:
            raise PlannerError(
                "nothing is placed", self.words or "no tool is in use", "show tool and reference to the camera"
            )
        if isinstance(held, Landmark):
            self._start_mm = np.array(held.position_mm)
            self._held = None
            self._session.drag(None)
            return
        if isinstance(held, Distance) and np.linalg.norm(np.subtract(held.end_mm, held.start_mm)) < SHORTEST_MM:
            raise PlannerError("nothing is placed", "both ends are one place", "move the tip to the other end")
        self._held, self._start_mm = None, None
        item = replace(held, is_locked=False) if isinstance(held, CutPlane) else held
        added = edits.add(self._session.state.plan, item)
        name = (
            f"Place {edits.kind_title(item)} with the {self.hand.value}{ON_MODEL if self._is_on_model else ''}"
        )
        self._session.apply(Edit(name, added.plan))
        self._session.select(item.item_id)

    def _seen(self, turn: ArFrame, board: Board, pointer: PivotFit | None) -> tuple[Item, float]:
        """What the tool would place, and its expected error in mm. Raises PlannerError when that is not known."""
        if self._session.state.anatomy is None or turn.registration is None:
            raise PlannerError("nothing can be placed", "no anatomy is held over the board", "open a case")
        if not self._session.state.can_plan:
            raise PlannerError("nothing can be placed", "no patient space is shown", "open slices")
        if self.hand is Hand.WAND:
            return self._plane_of_wand(turn, board)
        return self._tip_of_pointer(turn, pointer)

    def _plane_of_wand(self, turn: ArFrame, board: Board) -> tuple[Item, float]:
        body = next((body for body in board.bodies if body.plane_mm is not None), None)
        if body is None or body.plane_mm is None:
            raise PlannerError("no wand", "board.json has none", "make a board with a wand")
        wand = _tracked(turn, body)
        _check_seen(turn.pose)
        assert turn.registration is not None
        assert turn.pose.camera_from_body is not None
        assert wand.camera_from_body is not None
        patient_from_camera = (turn.pose.camera_from_body @ turn.registration.body_from_patient).inverse()
        patient_from_wand = patient_from_camera @ wand.camera_from_body
        origin_mm, normal = (np.array(part) for part in body.plane_mm)
        plane = CutPlane(
            self._name(CutPlane, turn),
            as_point(patient_from_wand.apply(origin_mm[None])[0]),
            as_point(patient_from_wand.matrix[:3, :3] @ normal),
            # Not for the mouse while the hand holds it.
            is_locked=True,
        )
        return plane, float(np.hypot(wand.sigma_mm or 0.0, turn.pose.sigma_mm or 0.0))

    def _tip_of_pointer(self, turn: ArFrame, pointer: PivotFit | None) -> tuple[Item, float]:
        from ar.registration.touching import read_tip

        if pointer is None:
            raise PlannerError(
                "no ruler", "the pointer's tip is not calibrated", "turn it about its tip: Registration, Pivot"
            )
        pose = turn.by_body.get(pointer.body)
        if pose is None:
            raise PlannerError("no ruler", "the board has no such pointer", "give its board.json")
        reading = read_tip(pose, turn.pose, pointer.tip_mm, pointer.tip_sigma_mm)
        if reading.tip_mm is None:
            raise PlannerError("nothing can be placed", reading.reason, "hold it still before the camera")
        assert turn.registration is not None
        tip_mm = turn.registration.body_from_patient.inverse().apply(reading.tip_mm[None])[0]
        if self._start_mm is None:
            return Landmark("Tip", as_point(tip_mm)), reading.sigma_mm
        distance = Distance(self._name(Distance, turn), as_point(self._start_mm), as_point(tip_mm))
        return distance, reading.sigma_mm

    def _name(self, kind: type, turn: ArFrame) -> str:
        return edits.next_name(self._session.state.plan, kind) + ("" if _is_registered(turn) else ON_MODEL)

    def _show(self, item: Item) -> None:
        held, dragged, now_s = self._held, self._session.state.dragged, time.monotonic()
        if dragged is not None and (held is None or dragged.item_id != held.item_id):
            # Somebody holds something with the mouse or in a headset: theirs first.
            self._held = None
            return
        if held is not None and type(held) is type(item):
            item = replace(item, item_id=held.item_id)
            if now_s - self._shown_s < INTERVAL_S or _is_same_place(held, item):
                return
        self._held, self._shown_s = item, now_s
        self._session.drag(item)

    def _hint(self, item: Item, error_mm: float) -> str:
        where = "On the model only: not registered to a patient. " if self._is_on_model else ""
        if isinstance(item, Distance):
            length = float(np.linalg.norm(np.subtract(item.end_mm, item.start_mm)))
            return f"{where}{length:.1f} mm. Space ends the ruler here. Tool ±{max(error_mm, 0.1):.1f} mm"
        what = "cuts here" if isinstance(item, CutPlane) else "begins the ruler here"
        return f"{where}Space {what}. Tool ±{max(error_mm, 0.1):.1f} mm"


def _is_registered(turn: ArFrame) -> bool:
    return turn.registration is not None and turn.registration.is_registered


def _tracked(turn: ArFrame, body: MarkerBody) -> Pose:
    pose = turn.by_body[body.name]
    _check_seen(pose)
    return pose


def _check_seen(pose: Pose) -> None:
    """Raise PlannerError unless this very frame says where the body is."""
    from ar.poses import PoseState

    if pose.state is not PoseState.TRACKED:
        raise PlannerError("nothing can be placed", f"{pose.body} is not seen", "show it to the camera")
    if pose.is_ambiguous:
        raise PlannerError("nothing can be placed", f"{pose.body} is ambiguous", "tilt it, or show more of it")


def _is_same_place(held: Item, item: Item) -> bool:
    if isinstance(held, CutPlane) and isinstance(item, CutPlane):
        turn = float(np.degrees(np.arccos(np.clip(np.dot(held.normal, item.normal), -1.0, 1.0))))
        return _gap_mm(held.origin_mm, item.origin_mm) < STILL_MM and turn < STILL_DEG
    if isinstance(held, Distance) and isinstance(item, Distance):
        return _gap_mm(held.end_mm, item.end_mm) < STILL_MM
    if isinstance(held, Landmark) and isinstance(item, Landmark):
        return _gap_mm(held.position_mm, item.position_mm) < STILL_MM
    return False


def _gap_mm(a: tuple[float, float, float], b: tuple[float, float, float]) -> float:
    return float(np.linalg.norm(np.subtract(a, b)))
