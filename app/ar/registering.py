"""Registering before the camera: pivot, touches and gliding, taken from tracked frames as the user goes along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.anatomy import Anatomy
from core.errors import PlannerError
from plan.items import Landmark
from plan.plan import Plan

if TYPE_CHECKING:
    from ar.board import Board
    from ar.loop import ArFrame
    from ar.poses import Pose
    from ar.registration import Registration

FILE = "registration.json"
EARLIER = "Registered earlier: touch a landmark and check before use. "


class Doing(Enum):
    """What the pointer is used for now."""

    NOTHING = "nothing"
    PIVOT = "pivot"
    TOUCH = "touch"
    GLIDE = "glide"


class RegistrationWork:
    """Turns tracked frames into the steps of one registration.

    Attributes:
        steps: what was done so far, with undo.
        doing: what the next frames are taken for.
        words: what to tell the user now. done: 0 to 1 of the touch that runs.
    """

    def __init__(self, landmarks: Mapping[str, np.ndarray], board: Board, frame_of_reference_uid: str) -> None:
        """Begin with the landmarks (LPS mm) that may be touched, on the first body of the board."""
        # Not before: the window must be on the screen before OpenCV and SciPy are imported.
        from ar.registration.steps import Registering
        from ar.registration.touching import TouchCollector, TrailCollector

        self.steps = Registering(landmarks, board.bodies[0].name, frame_of_reference_uid)
        self.doing = Doing.NOTHING
        self.words, self.done = "", 0.0
        self._pointer = next((body.name for body in board.bodies if body.tip_mm is not None), None)
        self._landmark = ""
        self._poses: list[Pose] = []
        self._touch, self._trail = TouchCollector(), TrailCollector()

    def begin(self, doing: Doing, landmark: str = "") -> None:
        """Take the next frames for this.

        Raises:
            PlannerError: the board has no pointer, or its tip is not known yet.
        """
        if self._pointer is None:
            raise PlannerError(
                "nothing can be touched", "the board has no pointer", "print one and join it to board.json"
            )
        if doing in (Doing.TOUCH, Doing.GLIDE) and self.steps.draft.pointer is None:
            raise PlannerError(
                "nothing can be touched", "the pointer's tip is not calibrated", "turn it about its tip first"
            )
        from ar.registration.touching import TouchCollector, TrailCollector

        self.doing, self._landmark, self.done = doing, landmark, 0.0
        self._poses, self._touch, self._trail = [], TouchCollector(), TrailCollector()
        self.words = {
            Doing.PIVOT: "Hold the tip in a dimple; tilt the pointer to all sides.",
            Doing.TOUCH: f"Touch {landmark} and hold still.",
            Doing.GLIDE: "Glide over the surface.",
        }.get(doing, "")

    def end(self) -> None:
        """Use what was taken. Raises PlannerError when the pivot cannot tell the tip; nothing has changed then."""
        doing, self.doing = self.doing, Doing.NOTHING
        self.words = ""
        if doing is Doing.PIVOT:
            from ar.registration.pivot import pivot_calibration

            fit = pivot_calibration(self._poses)
            self.steps.set_pointer(fit)
            self.words = (
                f"Tip known to ±{fit.tip_sigma_mm:.2f} mm, it wandered by {fit.residual_mm:.2f} mm "
                f"(turned by {fit.turn_deg:.0f}°, {fit.n_used} poses)"
            )
        elif doing is Doing.GLIDE and len(self._trail.points_mm):
            self.steps.touch_surface(self._trail.points_mm)
            self.words = f"{len(self.steps.draft.surface_mm)} places on the surface"

    def follow(self, turn: ArFrame) -> None:
        """Take the next tracked frame."""
        if self.doing is Doing.NOTHING or self._pointer is None:
            return
        pointer, reference = turn.by_body[self._pointer], turn.by_body[self.steps.body]
        if self.doing is Doing.PIVOT:
            self._poses.append(pointer)
            self.words = f"{len(self._poses)} pictures; the pointer is {pointer.state.value.lower()}"
            return
        fit = self.steps.draft.pointer
        assert fit is not None
        from ar.registration.touching import read_tip

        reading = read_tip(pointer, reference, fit.tip_mm, fit.tip_sigma_mm)
        if self.doing is Doing.GLIDE:
            self._trail.add(reading)
            self.words = f"{len(self._trail.points_mm)} places. {reading.reason}"
            return
        state = self._touch.add(reading)
        self.done, self.words = state.done, f"{self._landmark}: {state.message}"
        if state.point is not None:
            self.steps.touch(self._landmark, state.point)
            self.doing = Doing.NOTHING
            self.words = f"{self._landmark}: touched, known to ±{state.point.sigma_mm:.2f} mm along each axis"

    def next_landmark(self) -> str:
        """The first one that was not touched; empty when all were."""
        return next((name for name in self.steps.landmarks if name not in self.steps.draft.touched), "")


def landmarks_of(anatomy: Anatomy | None, plan: Plan) -> dict[str, np.ndarray]:
    """All that may be touched, LPS mm: those the network found, and those of the plan, which go before."""
    found = dict(anatomy.landmarks) if anatomy is not None else {}
    return {**found, **{item.name: np.array(item.position_mm) for item in plan.of_type(Landmark)}}


def saved_registration(case: Path, frame_of_reference_uid: str) -> Registration | None:
    """The registration beside a case, marked as an earlier one; None when there is none.

    Raises:
        PlannerError: it is damaged, or of another patient space.
    """
    from ar.registration import read_registration

    if not (case / FILE).is_file():
        return None
    found = read_registration(case / FILE)
    found.check_space(frame_of_reference_uid)
    note = found.note if found.note.startswith(EARLIER) else EARLIER + found.note
    return replace(found, note=note) if found.is_registered else found
