"""A guided calibration: pictures are judged in the working thread, the good ones kept, the lens saved."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import numpy as np

from ar.board import Board
from ar.calibration import CameraRecord, camera_path, write_camera
from ar.calibration.guide import Advice, Guide, Verdict
from ar.source import CameraSettings, LiveCamera, Source, open_source
from core.errors import PlannerError
from core.progress import Progress

PATIENCE_S = 0.7


@dataclass(frozen=True, eq=False)
class Judged:
    """One picture, uint8 (height, width, 3) rgb, what it is worth, and whether it was kept.

    `silence` says why there is no picture; `image` and `advice` are those before then.
    """

    image: np.ndarray | None
    advice: Advice | None
    is_kept: bool = False
    silence: str = ""


class Calibrating:
    """One calibration. `run` belongs to the working thread; the three wishes may come from any.

    Attributes:
        takes_alone: keep each good picture without being asked.
    """

    def __init__(self, place: int | str | Path, board: Board, size: tuple[int, int] | None) -> None:
        """Prepare; nothing is opened yet.

        Args:
            size: (width, height) wanted of a live camera; None takes it as it is.
        """
        self.takes_alone = True
        self._place, self._board, self._size = place, board, size
        self._take, self._drop, self._finish = Event(), Event(), Event()

    def take(self) -> None:
        """Keep the next good picture."""
        self._take.set()

    def drop(self) -> None:
        """Put the picture kept last away."""
        self._drop.set()

    def finish(self) -> None:
        """Calculate the lens from what was kept."""
        self._finish.set()

    def run(self, progress: Progress, deliver: Callable[[Judged], None]) -> CameraRecord:
        """Judge pictures until it is enough, `finish` is wished, or the source ends; then calculate the lens.

        Raises:
            PlannerError: camera or board cannot be used, or the pictures kept are too few.
        """
        source = open_source(self._place, settings=CameraSettings(self._size, lock=True), patience_s=PATIENCE_S)
        try:
            guide = self._gather(source, progress, deliver)
            facts = source.facts if isinstance(source, LiveCamera) else None
        finally:
            source.close()
        if guide is None:
            raise PlannerError("cannot calibrate", "no picture came", "choose another camera or file")
        found = guide.finish(progress)
        name = "" if facts is None else facts.name
        return CameraRecord(
            found.camera,
            name,
            None if facts is None else facts.focus,
            None if facts is None else facts.is_focus_locked,
            found.covariance,
            len(found.used),
        )

    def _gather(self, source: Source, progress: Progress, deliver: Callable[[Judged], None]) -> Guide | None:
        guide: Guide | None = None
        last = Judged(None, None)
        while not self._finish.is_set():
            progress.report("Looking", 0.0)
            try:
                frame = source.next_frame()
            except PlannerError as silence:
                if not isinstance(source, LiveCamera):
                    raise
                deliver(Judged(last.image, last.advice, silence=f"{silence.what}: {silence.why}"))
                continue
            if frame is None:
                break
            if guide is None:
                height, width = frame.image.shape[:2]
                guide = Guide(self._board, (width, height))
            last = self._judge(guide, frame.image)
            deliver(last)
            if guide.is_enough:
                break
            if not isinstance(source, LiveCamera):
                # The user watches a file, too.
                time.sleep(0.001)
        return guide

    def _judge(self, guide: Guide, image: np.ndarray) -> Judged:
        if self._drop.is_set():
            self._drop.clear()
            guide.drop_last()
        advice = guide.consider(image)
        is_wanted = self.takes_alone or self._take.is_set()
        if advice.verdict is not Verdict.GOOD or not is_wanted:
            return Judged(image, advice)
        self._take.clear()
        return Judged(image, guide.take(), True)


def keep_calibration(record: CameraRecord, folder: Path) -> Path:
    """Write it where this camera, size and focus have their place; returns where. Raises PlannerError."""
    size = (record.camera.width, record.camera.height)
    path = camera_path(folder, record.device, size, record.focus)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = str(error.strerror or error)
        raise PlannerError(f"cannot write to {folder.name}", reason, "choose another folder") from error
    write_camera(record, path)
    return path
