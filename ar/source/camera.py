"""A live camera or stream, read in a thread of its own: the newest picture wins, a pulled plug is noticed."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum
from threading import Condition, Event, Thread
from types import TracebackType
from urllib.parse import urlsplit

from ar.frame import CameraFrame
from ar.opencv import cv2
from ar.source.files import FALLBACK_FPS, as_rgb
from ar.source.settings import CameraFacts, CameraSettings, Capture, apply_settings, facts_of
from core.errors import PlannerError

CAMERA_TIMEOUT_S = 5.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 8.0
# A single failed grab is a hiccup of the bus; so many in a row are a pulled plug.
FAILED_GRABS = 3
HICCUP_S = 0.01
STREAM_TIMEOUT_MS = 5000.0
SCHEMES = ("rtsp", "rtsps", "http", "https")
Opener = Callable[[], Capture]


class Link(Enum):
    """LIVE: pictures come. REOPENING: they stopped, and the camera is looked for again. CLOSED: by the caller."""

    LIVE = "live"
    REOPENING = "reopening"
    CLOSED = "closed"


class LiveCamera:
    """A camera by index, or a stream by URL: always the newest picture, none twice, old ones dropped.

    When the pictures stop, `next_frame` says so after `patience_s`, and goes on when it is called again and the camera
    is back: it is reopened with growing pauses, with the same settings.
    """

    def __init__(
        self,
        place: int | str,
        size: tuple[int, int] | None = None,
        capture: Capture | None = None,
        settings: CameraSettings | None = None,
        opener: Opener | None = None,
        patience_s: float = CAMERA_TIMEOUT_S,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        """Open it.

        Args:
            place: index, or URL (rtsp, http).
            size: (width, height), short for `settings`.
            capture, opener: replace the device in tests; a `capture` is not opened again.
            patience_s: how long `next_frame` waits for a picture.

        Raises:
            PlannerError: there is no such camera, or another program holds it.
        """
        self._name = f"camera {place}" if isinstance(place, int) else f"stream of {_host(place)}"
        self._settings = settings or CameraSettings(size)
        self._opener = opener or (lambda: capture or _open(place))
        self._may_reopen = capture is None
        self._patience_s, self._first_pause_s = patience_s, first_pause_s
        self._news, self._closing = Condition(), Event()
        self._newest: CameraFrame | None = None
        self._link, self._n_reopened, self._n_dropped, self._index = Link.LIVE, 0, 0, 0
        self._capture: Capture | None = self._opened()
        if self._capture is None:
            raise PlannerError(
                f"cannot open {self._name}",
                "no such camera, or another program holds it",
                "plug it in or close the other",
            )
        self._started_s = time.monotonic()
        self._thread = Thread(target=self._run, name=f"auricle {self._name}", daemon=True)
        self._thread.start()

    @property
    def n_frames(self) -> int | None:
        """None: a live source has no end."""
        return None

    @property
    def frames_per_s(self) -> float:
        """As the driver says; 30 where it does not."""
        return self._facts.frames_per_s

    @property
    def facts(self) -> CameraFacts:
        """What the camera says of itself, and what it made of the settings, at its last opening."""
        return self._facts

    @property
    def link(self) -> Link:
        """Whether pictures come."""
        return self._link

    @property
    def n_reopened(self) -> int:
        """How often it was lost and found again."""
        return self._n_reopened

    @property
    def n_dropped(self) -> int:
        """How many pictures came and went without being asked for."""
        return self._n_dropped

    def next_frame(self) -> CameraFrame | None:
        """The newest picture that was not given yet; None once closed. Raises PlannerError when none comes."""
        with self._news:
            self._news.wait_for(
                lambda: self._newest is not None or self._link is Link.CLOSED or self._is_hopeless(),
                self._patience_s,
            )
            frame, self._newest = self._newest, None
            link = self._link
        if frame is None and link is not Link.CLOSED:
            raise PlannerError(
                f"{self._name} sends no picture", "it was unplugged or stopped", "plug it in and open it again"
            )
        return frame

    def close(self) -> None:
        """Stop reading and let the device go; may be called twice."""
        self._closing.set()
        with self._news:
            self._link, self._newest = Link.CLOSED, None
            self._news.notify_all()
        self._thread.join(timeout=CAMERA_TIMEOUT_S)

    def _is_hopeless(self) -> bool:
        return self._link is Link.REOPENING and not self._may_reopen

    def _run(self) -> None:
        """Read until closed; the device is opened and released in this thread alone."""
        pause_s = self._first_pause_s
        try:
            while not self._closing.is_set():
                if self._capture is not None:
                    if self._read(self._capture):
                        pause_s = self._first_pause_s
                    self._capture.release()
                    self._capture = None
                    if self._closing.is_set():
                        return
                self._say(Link.REOPENING)
                if not self._may_reopen or self._closing.wait(pause_s):
                    return
                pause_s = min(2.0 * pause_s, LONGEST_PAUSE_S)
                self._capture = self._opened()
        finally:
            if self._capture is not None:
                self._capture.release()

    def _read(self, capture: Capture) -> bool:
        """Take pictures until they stop; True when at least one came."""
        n_failed, has_read = 0, False
        while not self._closing.is_set():
            is_taken = capture.grab()
            taken_s = time.monotonic() - self._started_s
            is_whole, picture = capture.retrieve() if is_taken else (False, None)
            if not is_whole or picture is None:
                n_failed += 1
                if n_failed >= FAILED_GRABS:
                    return has_read
                self._closing.wait(HICCUP_S)
                continue
            n_failed = 0
            frame = CameraFrame(as_rgb(picture), self._index, taken_s)
            self._index += 1
            with self._news:
                if self._link is Link.CLOSED:
                    return True
                self._n_reopened += self._link is Link.REOPENING
                self._link = Link.LIVE
                self._n_dropped += self._newest is not None
                self._newest = frame
                self._news.notify_all()
            has_read = True
        return has_read

    def _opened(self) -> Capture | None:
        """The device, set as wanted; None when it is not there."""
        capture = self._opener()
        if not capture.isOpened():
            capture.release()
            return None
        applied = apply_settings(capture, self._settings)
        self._facts = facts_of(capture, self._name, applied, FALLBACK_FPS)
        return capture

    def _say(self, link: Link) -> None:
        with self._news:
            if self._link is not Link.CLOSED:
                self._link = link
            # What was taken before the plug was pulled is old.
            self._newest = None
            self._news.notify_all()

    def __enter__(self) -> LiveCamera:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def is_url(place: str) -> bool:
    """Whether a text is the address of a stream."""
    return urlsplit(place).scheme.lower() in SCHEMES and "://" in place


def _open(place: int | str) -> Capture:
    # OpenCV prints a page of warnings for a camera that is not there.
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        if isinstance(place, int):
            return cv2.VideoCapture(place)
        # Without limits a dead stream would hold the thread for ever.
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, int(STREAM_TIMEOUT_MS)]
        limits += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, int(STREAM_TIMEOUT_MS)]
        return cv2.VideoCapture(place, cv2.CAP_FFMPEG, limits)
    finally:
        cv2.utils.logging.setLogLevel(level)


def _host(url: str) -> str:
    # The whole address may hold a password.
    return urlsplit(url).hostname or "unknown"
