"""Poses in: what another tracker sends by OpenIGTLink, as poses that know how old they are."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event, Lock, Thread
from types import TracebackType

import numpy as np

from ar.igtl.message import HEADER, STATUS_OK, Head, check_body, read_head, read_status, read_transform
from ar.poses import Pose, PoseState
from core.frames import CAMERA, Transform

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 4.0
CONNECT_TIMEOUT_S = 2.0
WAIT_S = 0.2
FRESH_S, STALE_S = 0.1, 0.3
MAX_BODY = 64 * 2**20
CHUNK = 2**16
NOT_RIGID = 1e-3


@dataclass(frozen=True, eq=False)
class Received:
    """The newest word on one device: its matrix (4, 4) in mm or None, why there is none, and when it came."""

    matrix: np.ndarray | None
    reason: str
    received_s: float


class PoseClient:
    """Listens to an OpenIGTLink server and reconnects by itself.

    Its matrices must be in millimetres, right-handed, and lead from a body to the tracker's own frame, which takes the
    camera's place. What is not rigid is not used.
    """

    def __init__(self, host: str, port: int, devices: Mapping[str, str]) -> None:
        """Begin to connect.

        Args:
            devices: body -> the sender's name for it, such as {"pointer": "StylusToTracker"}.
        """
        self._address, self._devices = (host, port), dict(devices)
        self._lock, self._closing = Lock(), Event()
        self._newest: dict[str, Received] = {}
        self._is_connected, self._trouble, self._n_frames = False, "not connected yet", 0
        self._started_s = time.monotonic()
        self._thread = Thread(target=self._run, name="auricle OpenIGTLink client", daemon=True)
        self._thread.start()

    @property
    def is_connected(self) -> bool:
        """Whether the other end is there."""
        return self._is_connected

    @property
    def trouble(self) -> str:
        """Why it is not connected; empty when it is."""
        return "" if self._is_connected else self._trouble

    @property
    def seen_devices(self) -> tuple[str, ...]:
        """The names of all devices that have sent a matrix or a status."""
        with self._lock:
            return tuple(sorted(self._newest))

    def poses(self) -> tuple[Pose, ...]:
        """The pose of each body now: TRACKED when fresh, STALE when shortly late, LOST with the reason otherwise."""
        now_s = time.monotonic()
        with self._lock:
            newest = dict(self._newest)
        self._n_frames += 1
        return tuple(self._pose(body, newest.get(name), now_s) for body, name in self._devices.items())

    def close(self) -> None:
        """Leave; may be called twice."""
        self._closing.set()
        self._thread.join()

    def _pose(self, body: str, received: Received | None, now_s: float) -> Pose:
        frame, time_s = self._n_frames - 1, now_s - self._started_s
        if received is None or not self._is_connected:
            reason = "nothing was received" if self._is_connected else self._trouble
            return Pose(frame, time_s, body, PoseState.LOST, reason=reason)
        age_s = now_s - received.received_s
        measured_s = received.received_s - self._started_s
        if received.matrix is None or age_s > STALE_S:
            reason = received.reason or f"last received {age_s:.1f} s ago"
            return Pose(frame, time_s, body, PoseState.LOST, measured_s=measured_s, reason=reason)
        state = PoseState.TRACKED if age_s <= FRESH_S else PoseState.STALE
        reason = "" if state is PoseState.TRACKED else f"last received {age_s * 1e3:.0f} ms ago"
        place = Transform(CAMERA, body, received.matrix)
        return Pose(frame, time_s, body, state, place, measured_s=measured_s, reason=reason)

    def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while not self._closing.is_set():
            try:
                with socket.create_connection(self._address, CONNECT_TIMEOUT_S) as link:
                    self._is_connected, pause_s = True, FIRST_PAUSE_S
                    self._listen(link)
            except (OSError, ValueError) as error:
                self._trouble = str(getattr(error, "strerror", None) or error)
            self._is_connected = False
            with self._lock:
                self._newest.clear()
            self._closing.wait(pause_s)
            pause_s = min(2.0 * pause_s, LONGEST_PAUSE_S)

    def _listen(self, link: socket.socket) -> None:
        """Take messages until closed. Raises OSError when the other end leaves, ValueError when it talks nonsense."""
        link.settimeout(WAIT_S)
        while not self._closing.is_set():
            data = self._read(link, HEADER.size)
            if data is None:
                return
            head = read_head(data)
            if head.body_length > MAX_BODY:
                raise ValueError(f"a message of {head.body_length} bytes is too long")
            if head.kind not in ("TRANSFORM", "STATUS"):
                self._skip(link, head.body_length)
                continue
            body = self._read(link, head.body_length)
            if body is not None:
                self._take(head, body)

    def _take(self, head: Head, body: bytes) -> None:
        check_body(head, body)
        now_s = time.monotonic()
        if head.kind == "STATUS":
            status = read_status(head, body)
            if status.code == STATUS_OK:
                return
            received = Received(None, status.text or status.name or f"status {status.code}", now_s)
        else:
            matrix = read_transform(head, body)
            reason = "" if _is_rigid(matrix) else "its matrix is not a rotation and a shift in millimetres"
            received = Received(None if reason else _made_rigid(matrix), reason, now_s)
        with self._lock:
            self._newest[head.device] = received

    def _read(self, link: socket.socket, n_bytes: int) -> bytes | None:
        """So many bytes; None when closed meanwhile. Raises ConnectionError when the other end leaves."""
        data = bytearray()
        while len(data) < n_bytes:
            if self._closing.is_set():
                return None
            try:
                part = link.recv(min(n_bytes - len(data), CHUNK))
            except TimeoutError:
                continue
            if not part:
                raise ConnectionError("the other end has left")
            data += part
        return bytes(data)

    def _skip(self, link: socket.socket, n_bytes: int) -> None:
        """Read a message away that is of no use here, such as an image, without keeping it."""
        while n_bytes > 0:
            part = self._read(link, min(n_bytes, CHUNK))
            if part is None:
                return
            n_bytes -= len(part)

    def __enter__(self) -> PoseClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _is_rigid(matrix: np.ndarray) -> bool:
    rotation = matrix[:3, :3]
    is_finite = bool(np.isfinite(matrix).all())
    return (
        is_finite
        and np.abs(rotation @ rotation.T - np.eye(3)).max() < NOT_RIGID
        and np.linalg.det(rotation) > 0
    )


def _made_rigid(matrix: np.ndarray) -> np.ndarray:
    """The nearest true rotation: 32-bit numbers leave it a little off."""
    u, _, vt = np.linalg.svd(matrix[:3, :3])
    result = matrix.copy()
    result[:3, :3] = u @ vt
    return result
