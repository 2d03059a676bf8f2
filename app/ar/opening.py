"""Opens a camera with its calibration: one that does not fit is refused, at the start and when it comes back."""

from __future__ import annotations

from pathlib import Path

from ar.calibration import CameraRecord
from ar.frame import CameraFrame
from ar.source import CameraSettings, LiveCamera, Source, open_source
from ar.source.camera import CAMERA_TIMEOUT_S
from core.errors import PlannerError

# How this program names live cameras; any other name in a calibration is the user's own and cannot be compared.
OWN_NAMES = ("camera ", "stream of ")


class NoPicture(PlannerError):
    """A live camera is silent; it is looked for, and the next call may bring a picture."""


class CalibratedSource:
    """A source whose pictures its calibration holds for."""

    def __init__(
        self, place: int | str | Path, record: CameraRecord, patience_s: float = CAMERA_TIMEOUT_S
    ) -> None:
        """Open it, a live camera at the resolution and focus that it was calibrated at.

        Raises:
            PlannerError: it cannot be opened, or the calibration does not hold for it.
        """
        size = (record.camera.width, record.camera.height)
        settings = CameraSettings(size, focus=record.focus, lock=bool(record.is_focus_locked))
        self._record = record
        self._source: Source = open_source(place, settings=settings, patience_s=patience_s)
        self._n_reopened = 0
        try:
            self._check()
        except PlannerError:
            self.close()
            raise

    @property
    def is_live(self) -> bool:
        """True for a camera or a stream."""
        return isinstance(self._source, LiveCamera)

    @property
    def n_frames(self) -> int | None:
        """As its source says."""
        return self._source.n_frames

    @property
    def frames_per_s(self) -> float:
        """As its source says."""
        return self._source.frames_per_s

    def next_frame(self) -> CameraFrame | None:
        """The next picture; None at the end.

        Raises:
            NoPicture: a live camera is silent.
            PlannerError: it came back as another camera or at another setting, or its pictures have another size.
        """
        source = self._source
        try:
            frame = source.next_frame()
        except PlannerError as silence:
            if not self.is_live:
                raise
            raise NoPicture(silence.what, silence.why, "it is looked for again and again") from silence
        if isinstance(source, LiveCamera) and source.n_reopened != self._n_reopened:
            self._n_reopened = source.n_reopened
            self._check()
        if frame is not None:
            height, width = frame.image.shape[:2]
            self._record.check_setting((width, height))
        return frame

    def close(self) -> None:
        """Let the device or file go; may be called twice."""
        self._source.close()

    def _check(self) -> None:
        if isinstance(self._source, LiveCamera):
            facts = self._source.facts
            name = facts.name if self._record.device.startswith(OWN_NAMES) else ""
            self._record.check_setting(facts.size, name, facts.focus, facts.is_focus_locked)
