"""The live loop for a window: opens camera, board and calibration, hands over tracked frames."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.anatomy import Anatomy
from core.errors import PlannerError
from core.progress import Progress
from core.projection import CameraModel

if TYPE_CHECKING:
    from ar.board import Board
    from ar.loop import ArFrame, ArLoop
    from ar.registration import Registration


# A picture that stands still must not be taken for a live one: a camera that is silent for longer is LOST.
PATIENCE_S = 0.7


@dataclass(frozen=True)
class ArSetup:
    """What the AR view is started with.

    Attributes:
        source: camera index, the address of a stream (rtsp, http), or a video file or folder of pictures.
        board: board.json; None for the sheet that `auricle board` prints.
        camera: camera.json of that very camera.
    """

    source: int | str | Path
    board: Path | None
    camera: Path


def place_of(source: str) -> int | str | Path:
    """Camera index, address or path that a text names. Raises PlannerError when it names none."""
    text = source.strip()
    if not text:
        raise PlannerError("no picture source", "the field is empty", "enter a camera index or choose a video")
    return int(text) if text.isdigit() else text if "://" in text else Path(text)


def setup_of(source: str, board: str, camera: str) -> ArSetup:
    """The set-up that the fields of the AR view describe. Raises PlannerError when one is missing."""
    place = place_of(source)
    if not camera.strip():
        raise PlannerError(
            "no camera calibration",
            "without it no millimetre is right",
            "choose camera.json (auricle calibrate)",
        )
    return ArSetup(place, Path(board) if board.strip() else None, Path(camera))


class ArFeed:
    """Source, tracker and placement of one AR view. Opened and stepped in the thread that works.

    Attributes:
        camera: the calibrated camera.
        board: what is before it.
        outline: the board's own outline as a scene, shown while there is no anatomy.
        registration: where the anatomy, or the outline, lies on the board now. A frame that was tracked with
            another one must not be drawn with today's scene.
    """

    def __init__(self, setup: ArSetup, anatomy: Anatomy | None, registered: Registration | None = None) -> None:
        """Open everything. Raises PlannerError when camera, video, board or calibration cannot be used."""
        from app.ar.opening import CalibratedSource
        from ar.board import default_board, read_board
        from ar.calibration import read_camera_record
        from ar.loop import ArLoop
        from ar.placement import board_outline
        from ar.tracking import Tracker

        record = read_camera_record(setup.camera)
        self.camera: CameraModel = record.camera
        board = read_board(setup.board) if setup.board else default_board()
        self.board: Board = board
        self.outline, self._on_board = board_outline(board)
        self.registration: Registration = self._placement(anatomy, registered)
        source = CalibratedSource(setup.source, record, PATIENCE_S)
        self._is_live = source.is_live
        self._interval_s = 1.0 / source.frames_per_s
        self._loop: ArLoop = ArLoop(source, Tracker(board, self.camera), self.registration)

    def place(self, anatomy: Anatomy | None, registered: Registration | None = None) -> None:
        """Put another anatomy over the board, where it is registered or on the table; from the next frame on."""
        self.registration = self._loop.registration = self._placement(anatomy, registered)

    def play(self, progress: Progress, deliver: Callable[[ArFrame | PlannerError], None]) -> None:
        """Track frame after frame until the source ends or the user stops it; a video keeps its own pace.

        A live camera that sends nothing does not end it: why is delivered in place of a frame, again and again until
        pictures come. Raises PlannerError when it came back as a camera that the calibration does not hold for.
        """
        from app.ar.opening import NoPicture

        due_s = time.monotonic()
        try:
            while True:
                progress.report("Tracking", 0.0)
                try:
                    turn = self._loop.step()
                except NoPicture as lost:
                    deliver(lost)
                    continue
                if turn is None:
                    return
                deliver(turn)
                due_s = self._wait(due_s + self._interval_s)
        finally:
            self._loop.close()

    def _wait(self, due_s: float) -> float:
        now_s = time.monotonic()
        if self._is_live or due_s <= now_s:
            return now_s
        time.sleep(due_s - now_s)
        return due_s

    def _placement(self, anatomy: Anatomy | None, registered: Registration | None) -> Registration:
        from ar.placement import place_over

        if anatomy is None or not anatomy.surfaces:
            return self._on_board
        bodies = [body.name for body in self.board.bodies]
        is_own = registered is not None and registered.frame_of_reference_uid in (
            "",
            anatomy.frame_of_reference_uid,
        )
        if registered is not None and is_own and registered.body_from_patient.to_frame in bodies:
            return registered
        return place_over(anatomy, self.board.bodies[0])


def state_text(turn: ArFrame) -> str:
    """The tracking state in words: TRACKED, STALE or LOST, and why."""
    pose = turn.pose
    sigma = f"  {pose.sigma_words}" if pose.sigma_words else ""
    return f"{pose.state.value}{sigma}" + (f"  –  {pose.reason}" if pose.reason else "")


def stages_text(milliseconds: dict[str, float]) -> str:
    """Milliseconds per stage, in the order they ran."""
    return "   ".join(f"{stage} {spent:.1f}" for stage, spent in milliseconds.items()) + "  ms"
